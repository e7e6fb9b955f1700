using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Join;

/// <summary>
/// Puts exporters' records of the two directions of a conversation together: each waits a fixed time for the other, then leaves. Time is that of arrival, so that no exporter's clock
/// moves it. Bounded: when it is full the oldest leaves early. Not thread-safe.
/// </summary>
/// <remarks>All wait equally long, so they leave in the order in which they came: a ring, and an index from key to place.</remarks>
public sealed class FlowJoin
{
    /// <summary>A record that says it is of longer ago is taken for this old.</summary>
    private const long MostAgeNs = 3_600_000_000_000;

    private readonly IJoinedFlowConsumer _consumer;
    private readonly int _maxFlows;
    private readonly long _waitNs;
    private readonly Dictionary<JoinKey, long> _places = [];
    private readonly RunningTotals _running = new();
    private JoinedFlow[] _ring = new JoinedFlow[4096];
    private long _first;
    private long _next;

    /// <summary>Makes an empty join.</summary>
    /// <param name="wait">How long a record waits for its other direction.</param>
    /// <param name="maxFlows">Most conversations that wait at a time.</param>
    /// <param name="consumer">Takes what leaves.</param>
    public FlowJoin(TimeSpan wait, int maxFlows, IJoinedFlowConsumer consumer)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFlows, 1);
        (_consumer, _maxFlows, _waitNs) = (consumer, maxFlows, wait.Ticks * 100);
    }

    /// <summary>Conversations that wait.</summary>
    public int Count => (int)(_next - _first);

    /// <summary>Conversations that left before their time for want of room.</summary>
    public long EvictedCount { get; private set; }

    /// <summary>Takes a record in.</summary>
    /// <param name="flow">A record with addresses.</param>
    /// <param name="nowNs">The time, nanoseconds since the Unix epoch. Not the record's own: one that had to wait for its template arrived long ago.</param>
    /// <param name="arrival">What it added.</param>
    /// <returns>Its conversation, the record included; valid until the next call.</returns>
    public ref readonly JoinedFlow Add(ref readonly ExportedFlow flow, long nowNs, out FlowArrival arrival)
    {
        AdvanceTo(nowNs);
        var fromA = JoinKey.Make(in flow, out var key);
        // One look at the index whether it is there or not. Leaving takes an entry out and moves none, so the reference stays good.
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, key, out var known);
        var opens = !known;
        if (opens)
            place = Begin(in key, nowNs);
        ref var joined = ref At(place);
        arrival = Accumulate(ref joined, in flow, fromA, opens);
        return ref joined;
    }

    /// <summary>Lets those leave that have waited long enough.</summary>
    /// <param name="nowNs">Nanoseconds since the Unix epoch. A step back by more than the wait is believed: the clock was set.</param>
    public void AdvanceTo(long nowNs)
    {
        while (_first < _next && At(_first).ArrivedNs is var arrived && (nowNs - arrived >= _waitNs || arrived - nowNs > _waitNs))
            Leave();
    }

    /// <summary>Lets all leave.</summary>
    public void Flush()
    {
        while (_first < _next)
            Leave();
    }

    /// <summary>Marks a conversation, so that what was found out about its ends need not be found out again.</summary>
    /// <param name="flow">What <see cref="Add"/> returned; no other call may lie between.</param>
    /// <param name="label">Any value; see <see cref="JoinedFlow.Label"/>.</param>
    public static void Label(ref readonly JoinedFlow flow, byte label) => Unsafe.AsRef(in flow).Label = label;

    /// <summary>Takes the marks off all.</summary>
    public void ClearLabels()
    {
        foreach (ref var flow in _ring.AsSpan())
            flow.Label = 0;
    }

    private ref JoinedFlow At(long place) => ref _ring[place & (_ring.Length - 1)];

    private long Begin(ref readonly JoinKey key, long nowNs)
    {
        if (Count >= _maxFlows)
        {
            EvictedCount++;
            Leave();
        }

        if (Count == _ring.Length)
            Grow();
        ref var joined = ref At(_next);
        joined = default;
        joined.Key = key;
        joined.ArrivedNs = nowNs;
        return _next++;
    }

    private void Leave()
    {
        ref var joined = ref At(_first++);
        _places.Remove(joined.Key);
        _consumer.OnJoined(in joined);
    }

    private void Grow()
    {
        var old = _ring;
        _ring = new JoinedFlow[old.Length * 2];
        for (var place = _first; place < _next; place++)
            _ring[place & (_ring.Length - 1)] = old[place & (old.Length - 1)];
    }

    private FlowArrival Accumulate(ref JoinedFlow joined, ref readonly ExportedFlow flow, bool fromA, bool opens)
    {
        var (packets, octets) = (flow.PacketCount, flow.OctetCount);
        var (reversePackets, reverseOctets) = (flow.ReversePacketCount, flow.ReverseOctetCount);
        if (flow.Has(FlowFields.CountersAreTotals))
        {
            (packets, octets) = _running.Added(flow.Exporter.Address, joined.Key, fromA, packets, octets);
            (reversePackets, reverseOctets) = _running.Added(flow.Exporter.Address, joined.Key, !fromA, reversePackets, reverseOctets);
        }

        // Not on the exporter's clock: how long before it sent the record is all that is taken from it.
        var firstNs = flow.ReceivedNs - Math.Clamp(flow.ExportNs - flow.StartNs, 0, MostAgeNs);
        var lastNs = Math.Max(firstNs, flow.ReceivedNs - Math.Clamp(flow.ExportNs - flow.EndNs, 0, MostAgeNs));
        ref var forward = ref fromA ? ref joined.FromA : ref joined.FromB;
        ref var reverse = ref fromA ? ref joined.FromB : ref joined.FromA;
        Orient(ref joined, in flow, fromA, opens, firstNs, in reverse);
        AddTo(ref forward, packets, octets, flow.TcpFlags, firstNs, lastNs, flow.Has(FlowFields.Icmp), flow.IcmpTypeCode);
        if (reversePackets > 0 || reverseOctets > 0)
            AddTo(ref reverse, reversePackets, reverseOctets, flow.ReverseTcpFlags, firstNs, lastNs, flow.Has(FlowFields.ReverseIcmp), flow.ReverseIcmpTypeCode);
        joined.OneIn = Math.Max(joined.OneIn, flow.Sampling.OneIn);
        joined.HasUnknownRate |= !flow.Sampling.IsKnown;
        joined.EndReason = flow.EndReason;
        return new FlowArrival
        {
            SourceIsInitiator = fromA == joined.InitiatorIsA,
            Opens = opens,
            PacketCount = packets,
            OctetCount = octets,
            ReversePacketCount = reversePackets,
            ReverseOctetCount = reverseOctets,
        };
    }

    /// <summary>Finds the initiator: who the exporter says it is, who sent a SYN and nothing else, who began earlier, who has the port of a client.</summary>
    private static void Orient(ref JoinedFlow joined, ref readonly ExportedFlow flow, bool fromA, bool opens, long firstNs, ref readonly JoinedDirection other)
    {
        if (joined.InitiatorIsSure)
            return;
        var before = joined.InitiatorIsA;
        var told = flow.Has(FlowFields.BiflowDirection) && flow.BiflowDirection is 1 or 2;
        var onlySyn = flow.Protocol == IpProtocol.Tcp && (flow.TcpFlags & (TcpControlBits.Syn | TcpControlBits.Ack)) == TcpControlBits.Syn;
        joined.InitiatorIsSure = told || onlySyn || flow.IsBiflow;
        if (told || onlySyn || flow.IsBiflow)
            joined.InitiatorIsA = fromA == (!told || flow.BiflowDirection == 1);
        else if (opens)
            joined.InitiatorIsA = fromA == !HasServerPort(in flow);
        else if (other.PacketCount > 0 && firstNs != other.FirstNs && !HasServerPort(in flow))
            joined.InitiatorIsA = fromA == firstNs < other.FirstNs;
        // What was found out of a conversation the other way round holds no longer.
        if (joined.InitiatorIsA != before)
            joined.Label = 0;
    }

    private static bool HasServerPort(ref readonly ExportedFlow flow) => flow.SourcePort is > 0 and < 1024 && flow.DestinationPort >= 1024;

    private static void AddTo(
        ref JoinedDirection direction, long packets, long octets, TcpControlBits flags, long firstNs, long lastNs, bool hasIcmp, ushort icmpTypeCode)
    {
        direction.FirstNs = direction.PacketCount == 0 ? firstNs : Math.Min(direction.FirstNs, firstNs);
        direction.LastNs = Math.Max(direction.LastNs, lastNs);
        // A flow has at least one packet, also where the exporter counts octets only.
        direction.PacketCount += Math.Max(1, packets);
        direction.OctetCount += octets;
        direction.TcpFlags |= flags;
        if (hasIcmp)
            (direction.HasIcmp, direction.IcmpTypeCode) = (true, icmpTypeCode);
    }
}
