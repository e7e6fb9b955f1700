using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Detect;

/// <summary>Whom detectors have spoken of: only flows that match are ever picked. As many as there may be subjects; the one silent for longest makes room.</summary>
internal sealed class ConcernTable(int capacity, long spanNs)
{
    private readonly Dictionary<(HostAddress Address, IpProtocol Protocol, int Port), Entry> _entries = [];

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _entries.Count == 0;

    /// <summary>Opens or prolongs the concern about a subject.</summary>
    public void Open(Subject subject)
    {
        var key = subject.Kind is DetectionKind.AddressFanOut or DetectionKind.PortFanOut ? Scanner(subject.Address) : Struck(subject);
        if (!_entries.ContainsKey(key) && _entries.Count >= capacity)
        {
            _entries.Remove(_entries.MinBy(pair => pair.Value.LastNs).Key);
        }

        var firstNs = _entries.TryGetValue(key, out var known) && subject.FirstNs - known.LastNs <= spanNs ? Math.Min(known.FirstNs, subject.FirstNs) : subject.FirstNs;
        _entries[key] = new Entry(subject.Kind, firstNs, subject.LastNs);
    }

    /// <summary>Whether a flow is one that a detector picked.</summary>
    public bool TryPick(in FlowSummary record, out DetectionKind kind)
    {
        kind = default;
        if (_entries.Count == 0)
        {
            return false;
        }

        var picked = _entries.TryGetValue(Scanner(record.Source), out var entry)
            || _entries.TryGetValue((record.Destination, record.Protocol, record.DestinationPort), out entry)
            || _entries.TryGetValue((record.Destination, record.Protocol, -2 - record.SourcePort), out entry)
            || (IsBackscatter(in record) && _entries.TryGetValue((record.Destination, record.Protocol, -2), out entry));
        if (!picked)
        {
            return false;
        }

        kind = entry.Kind;
        return record.LastNs >= entry.FirstNs && record.FirstNs <= entry.LastNs + spanNs;
    }

    private static bool IsBackscatter(in FlowSummary record) =>
        record.Protocol == IpProtocol.Tcp && (record.Forward.TcpFlags & (TcpControlBits.Syn | TcpControlBits.Rst)) != 0;

    private static (HostAddress, IpProtocol, int) Scanner(HostAddress address) => (address, IpProtocol.HopByHop, -1);

    // A reflected flood is known by the port it comes from; that of TCP by none.
    private static (HostAddress, IpProtocol, int) Struck(Subject subject) =>
        (subject.Address, subject.Protocol, subject.Kind == DetectionKind.ReflectedFlood ? -2 - subject.Port : subject.Port);

    private readonly record struct Entry(DetectionKind Kind, long FirstNs, long LastNs);
}
