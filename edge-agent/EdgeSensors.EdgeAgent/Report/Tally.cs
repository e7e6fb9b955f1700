using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Report;

/// <summary>Packets, octets and flows that are still being counted.</summary>
internal struct Tally
{
    /// <summary>Packets so far.</summary>
    public ulong Packets;

    private ulong _octets;
    private ulong _flows;

    /// <summary>Counts packets.</summary>
    public void Add(long packets, long octets, bool opens)
    {
        Packets += (ulong)packets;
        _octets += (ulong)octets;
        _flows += opens ? 1UL : 0;
    }

    /// <summary>As a message carries it.</summary>
    public readonly Counters ToCounters() => new(Packets, _octets, _flows);
}
