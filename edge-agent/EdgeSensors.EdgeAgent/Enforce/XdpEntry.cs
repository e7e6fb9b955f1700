using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>A prefix to drop at the interface.</summary>
/// <param name="Prefix">Whose packets.</param>
/// <param name="ExpiresAt">When it lapses, in nanoseconds of CLOCK_BOOTTIME.</param>
internal readonly record struct XdpEntry(Prefix Prefix, ulong ExpiresAt);

/// <summary>What an entry has dropped.</summary>
/// <param name="Packets">Packets.</param>
/// <param name="Octets">Their octets, by the IP header.</param>
internal readonly record struct XdpHits(ulong Packets, ulong Octets)
{
    /// <summary>What came since.</summary>
    public XdpHits Since(XdpHits before) => new(Packets - before.Packets, Octets - before.Octets);
}
