using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Replay;

/// <summary>What is replayed, from which side, and what of it has to cross the gateway.</summary>
internal sealed class ReplayPlan
{
    private static readonly TimeSpan ShortestPass = TimeSpan.FromSeconds(1);

    private readonly List<PlannedPacket> _packets;
    private readonly InsideNetwork _inside;
    private readonly Dictionary<HostAddress, bool> _isInside = [];

    private ReplayPlan(Trace trace, InsideNetwork inside, (HostAddress, HostAddress)? control, double speed)
    {
        Trace = trace;
        Control = control;
        Speed = speed;
        _inside = inside;
        _packets = [.. trace.Packets.Select(Plan).OfType<PlannedPacket>()];
        var stretched = trace.Duration / speed;
        PassDuration = stretched > ShortestPass ? stretched : ShortestPass;
    }

    public Trace Trace { get; }

    /// <summary>The control visitor and whom he visits; null where no address was free.</summary>
    public (HostAddress Visitor, HostAddress Host)? Control { get; }

    /// <summary>Times the capture's own pace.</summary>
    public double Speed { get; }

    /// <summary>How long one pass takes.</summary>
    public TimeSpan PassDuration { get; }

    /// <summary>Packets of the capture that cross the gateway in each pass.</summary>
    public int Crossing => _packets.Count;

    /// <summary>Packets of the capture with both ends on one side; they are not replayed.</summary>
    public int OneSided => Trace.Packets.Count - _packets.Count;

    /// <summary>The prefixes inside.</summary>
    public InsideNetwork Inside => _inside;

    /// <summary>Makes a plan; false with one line of why where nothing crosses.</summary>
    /// <param name="trace">What is replayed.</param>
    /// <param name="inside">The protected network.</param>
    /// <param name="speed">Times the trace's own pace.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="error">Why there is none.</param>
    /// <param name="withControl">Whether a control visitor is added; a trace that holds ordinary traffic needs none.</param>
    public static bool TryMake(Trace trace, InsideNetwork inside, double speed, out ReplayPlan? plan, out string? error, bool withControl = true)
    {
        plan = new ReplayPlan(trace, inside, withControl ? ControlFlow.Choose(trace, inside) : null, speed);
        error = plan.Crossing > 0 ? null : $"{trace.Name}: no packet runs between the inside ({string.Join(", ", inside.Prefixes.Take(3))}) and the outside; name the inside with --inside PREFIX";
        return error is null;
    }

    /// <summary>Whether an address lies inside.</summary>
    public bool IsInside(HostAddress address)
    {
        if (!_isInside.TryGetValue(address, out var inside))
        {
            inside = _inside.Contains(address);
            _isInside[address] = inside;
        }

        return inside;
    }

    /// <summary>One pass's packets in order, the control visitor's among them.</summary>
    public IEnumerable<PlannedPacket> Pass(int number)
    {
        if (Control is null)
        {
            return _packets;
        }

        var visit = ControlFlow.ForPass(Control.Value, number, PassDuration).Select(p => Plan(p with { OffsetNs = (long)(p.OffsetNs * Speed) })).OfType<PlannedPacket>();
        return _packets.Concat(visit).OrderBy(p => p.Packet.OffsetNs);
    }

    private PlannedPacket? Plan(TracePacket packet)
    {
        var (from, to) = (IsInside(packet.Source), IsInside(packet.Destination));
        return from == to ? null : new PlannedPacket(packet, FromOutside: to);
    }
}

/// <summary>A packet and the side on which it enters.</summary>
internal sealed record PlannedPacket(TracePacket Packet, bool FromOutside)
{
    /// <summary>The end that is outside.</summary>
    public HostAddress OutsideEnd => FromOutside ? Packet.Source : Packet.Destination;
}
