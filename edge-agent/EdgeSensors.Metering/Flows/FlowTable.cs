using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// The biflows that are going on. Time is the packets' own. One packet costs one hash, one probe of a flat index and one or two cache lines of its record; nothing is
/// allocated per packet, and memory grows in steps up to <see cref="FlowTableOptions.MaxFlows"/>. Not thread-safe: one table a thread.
/// </summary>
/// <remarks>
/// How traffic is divided does not depend on when expiry runs: a record's deadline follows from its own packets, a packet behind the deadline begins a new record, and the
/// wheel (FlowTable.Expiry.cs) only sees to it that silent flows leave in time.
/// </remarks>
public sealed partial class FlowTable
{
    private readonly IBiflowConsumer _consumer;
    private readonly FragmentPorts _fragments;
    private readonly KeyRule _rule;
    private readonly int _maxFlows;
    private readonly RecordPool _pool;
    private readonly DetailPool? _details;
    private readonly FlowIndex _index = new();

    /// <summary>Makes an empty table.</summary>
    /// <param name="options">How to divide.</param>
    /// <param name="consumer">Takes what leaves.</param>
    public FlowTable(FlowTableOptions options, IBiflowConsumer consumer)
        : this(options, consumer, new RecordArena())
    {
    }

    /// <summary>Makes an empty table, one of several that share an arena.</summary>
    internal FlowTable(FlowTableOptions options, IBiflowConsumer consumer, RecordArena arena)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(consumer);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxFlows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxFlows, 1 << 28);
        _consumer = consumer;
        _pool = new RecordPool(arena);
        _rule = new KeyRule(options.HashSeed, options.SeparateVlans);
        _maxFlows = options.MaxFlows;
        _details = options.Detail ? new DetailPool() : null;
        _fragments = new FragmentPorts(options.HashSeed);
        _idleNs = Nanoseconds(options.IdleTimeout);
        _activeNs = Nanoseconds(options.ActiveTimeout);
        _closedNs = Math.Min(Nanoseconds(options.ClosedTimeout), _idleNs);
        _granularityNs = Granularity(_idleNs);
    }

    /// <summary>Flows in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Octets of memory that the index and the records in use, now or before, take; what a chunk of records keeps untouched is not counted.</summary>
    public long MemoryOctets => _index.MemoryOctets + (_pool.Length * (long)Unsafe.SizeOf<BiflowRecord>());

    /// <summary>Records handed to the consumer so far.</summary>
    public long ExportedCount { get; private set; }

    /// <summary>Records that left before their end because the table was full; part of <see cref="ExportedCount"/>.</summary>
    public long EvictedCount { get; private set; }

    /// <summary>Meters one packet.</summary>
    /// <param name="header">A decoded packet; one whose <see cref="PacketHeader.IpVersion"/> is 0 is a mistake of the caller.</param>
    /// <returns>The packet's record with the packet counted, valid until the next call. Its packet count is 1 exactly if the packet began it.</returns>
    public ref readonly BiflowRecord Add(scoped in PacketHeader header)
    {
        if (header.Fragment != FragmentKind.Whole)
            return ref AddFragment(header);
        return ref AddPacket(in header);
    }

    /// <summary>Gives a later fragment the ports of its first one (and, in a tunnel, the addresses inside), for who counts by them beside the table.</summary>
    /// <param name="header">Any decoded packet; changed only where it is a later fragment whose first is known.</param>
    public void Complete(ref PacketHeader header)
    {
        if (header.Fragment == FragmentKind.Later)
            _fragments.TryComplete(ref header);
    }

    /// <summary>Notes that an ICMP error refused a packet of a flow's initiator.</summary>
    /// <param name="quoted">The packet that the error quotes (<see cref="FrameDecoder.TryDecodeQuoted"/>).</param>
    /// <returns>Whether the flow is in the table.</returns>
    public bool MarkRefused(in PacketHeader quoted)
    {
        KeyedPacket packet = default;
        KeyedPacket.Make(in quoted, in _rule, ref packet);
        return MarkRefused(in packet);
    }

    internal bool MarkRefused(in KeyedPacket quoted)
    {
        var index = Find(in quoted.Key, quoted.Key.Tail.Hash);
        if (index < 0)
            return false;
        ref var record = ref _pool[index];
        if (quoted.FromA == record.InitiatorIsA)
            record.Key.Tail.Marks |= RecordMarks.RefusedByIcmp;
        return true;
    }

    /// <summary>Marks a flow, so that what was found out about its ends once need not be found out for each packet.</summary>
    /// <param name="record">What <see cref="Add"/> returned; no other call may lie between.</param>
    /// <param name="label">Any value; see <see cref="BiflowRecord.Label"/>.</param>
    public static void Label(ref readonly BiflowRecord record, byte label) => Unsafe.AsRef(in record).Label = label;

    /// <summary>Takes the marks off all flows.</summary>
    public void ClearLabels()
    {
        for (var index = 0; index < _pool.Length; index++)
            _pool[index].Label = 0;
    }

    /// <summary>The flow of a key, to look at it later than its packets; null reference when it is in the table no more.</summary>
    internal ref readonly BiflowRecord Peek(ref readonly FlowKey key)
    {
        var index = Find(in key, _rule.Hash(in key));
        if (index < 0)
            return ref Unsafe.NullRef<BiflowRecord>();
        return ref _pool[index];
    }

    /// <summary>Exports every flow and empties the table.</summary>
    /// <param name="reason">The reason for those that had not ended by themselves.</param>
    public void Flush(FlowEndReason reason = FlowEndReason.ForcedEnd)
    {
        for (var index = 0; index < _pool.Length; index++)
        {
            if (_pool[index].Is(RecordMarks.InUse))
                End(index, reason);
        }

        Clear();
    }

    /// <summary>Numbers below this may be flows that are in the table (<see cref="InUse"/>).</summary>
    internal int Extent => _pool.Length;

    /// <summary>Whether a number is a flow that is in the table.</summary>
    internal bool InUse(int index) => _pool[index].Is(RecordMarks.InUse);

    internal ref readonly BiflowRecord this[int index] => ref _pool[index];

    /// <summary>Exports a flow and leaves it for <see cref="Clear"/>.</summary>
    internal void End(int index, FlowEndReason reason)
    {
        ref var record = ref _pool[index];
        Export(index, ref record, record.Closed || _nowNs > Deadline(in record) ? EndReasonAt(in record) : reason);
        record.Key.Tail.Marks = RecordMarks.None;
    }

    /// <summary>Empties the table of flows that have all ended.</summary>
    internal void Clear()
    {
        Count = 0;
        _pool.Clear();
        _index.Clear();
        Array.Clear(_buckets);
    }

    /// <summary>Shows every flow in the table to a consumer without exporting it.</summary>
    /// <param name="consumer">Called once a flow; must not call the table.</param>
    public void Visit(IBiflowConsumer consumer)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        for (var index = 0; index < _pool.Length; index++)
        {
            ref var record = ref _pool[index];
            if ((record.Key.Tail.Marks & (RecordMarks.InUse | RecordMarks.Empty)) == RecordMarks.InUse)
                consumer.OnBiflow(in record);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ref readonly BiflowRecord AddFragment(PacketHeader header)
    {
        if (header.Fragment == FragmentKind.First)
            _fragments.Remember(in header);
        else
            _fragments.TryComplete(ref header);
        return ref AddPacket(in header);
    }

    private ref BiflowRecord AddPacket(scoped in PacketHeader header)
    {
        Unsafe.SkipInit(out KeyedPacket packet);
        KeyedPacket.Make(in header, in _rule, ref packet);
        return ref AddKeyed(in packet);
    }

    /// <summary>Meters a packet that needs no help of a first fragment any more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref BiflowRecord AddKeyed(scoped in KeyedPacket packet)
    {
        AdvanceTo(packet.TimestampNs);
        var index = Find(in packet.Key, packet.Key.Tail.Hash);
        if (index < 0)
            return ref BeginFlow(in packet);
        ref var record = ref _pool[index];
        DivideAt(index, ref record, in packet);
        Accumulate(ref record, in packet);
        _details?[index].Add(in packet, packet.FromA == record.InitiatorIsA);
        return ref record;
    }

    private ref BiflowRecord BeginFlow(scoped in KeyedPacket packet)
    {
        if (Count == _maxFlows)
            Evict();
        var index = _pool.Rent();
        ref var record = ref _pool[index];
        record = default;
        record.Key = packet.Key;
        record.Key.Tail = new KeyTail { Marks = RecordMarks.InUse };
        Begin(ref record, in packet);
        Accumulate(ref record, in packet);
        if (_details is not null)
        {
            _details.Reach(index);
            _details[index] = default;
            _details[index].Add(in packet, forward: true);
        }

        _index.Add(packet.Key.Tail.Hash, index);
        Count++;
        Schedule(index, ref record);
        return ref record;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find(ref readonly FlowKey key, uint hash)
    {
        var slots = _index.Of(hash);
        var mask = slots.Length - 1;
        for (var slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            var entry = slots[slot];
            if (entry == 0)
                return -1;
            if ((uint)(entry >> 32) != hash)
                continue;
            var index = FlowIndex.Number(entry);
            if (_rule.Equal(in key, in _pool[index].Key))
                return index;
        }
    }

    /// <summary>Takes a record out of the index, and gives it back to the pool.</summary>
    private void Remove(int index, ref BiflowRecord record)
    {
        _index.Remove(_rule.Hash(in record.Key), index);
        record.Key.Tail.Marks = RecordMarks.None;
        _pool.Return(index);
        Count--;
    }
}
