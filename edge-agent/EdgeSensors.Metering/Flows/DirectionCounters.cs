using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>What one direction of a biflow has carried.</summary>
public readonly struct DirectionCounters
{
    private readonly ulong _octets;
    private readonly ulong _squaredOctets;
    private readonly double _squaredGaps;
    private readonly long _firstNs;
    private readonly long _lastNs;
    private readonly DirectionFlags _flags;

    internal DirectionCounters(in DirectionSums sums, long firstNs, long lastNs, DirectionFlags flags, bool hasIcmp)
    {
        PacketCount = sums.PacketCount;
        PayloadPacketCount = sums.PayloadPacketCount;
        (_octets, _squaredOctets, _squaredGaps) = (sums.OctetCount, sums.SquaredOctets, sums.SquaredGaps);
        (_firstNs, _lastNs, _flags, HasIcmp) = (firstNs, lastNs, flags, hasIcmp);
    }

    /// <summary>Packets (IPFIX packetDeltaCount).</summary>
    public long PacketCount { get; }

    /// <summary>Octets by the IP headers' lengths (IPFIX octetDeltaCount).</summary>
    public long OctetCount => (long)_octets;

    /// <summary>First packet, nanoseconds since the Unix epoch; 0 when there was none.</summary>
    public long FirstNs => PacketCount == 0 ? 0 : _firstNs;

    /// <summary>Last packet, nanoseconds since the Unix epoch; 0 when there was none.</summary>
    public long LastNs => PacketCount == 0 ? 0 : _lastNs;

    /// <summary>Packets that carried at least one octet of transport payload.</summary>
    public long PayloadPacketCount { get; }

    /// <summary>Union of the TCP control bits seen.</summary>
    public TcpControlBits TcpFlags => HasIcmp ? TcpControlBits.None : _flags.Union;

    /// <summary>The TCP control bits of the direction's first packet.</summary>
    public TcpControlBits FirstTcpFlags => HasIcmp ? TcpControlBits.None : _flags.First;

    /// <summary>Whether an ICMP type was seen in this direction.</summary>
    public bool HasIcmp { get; }

    /// <summary>ICMP type × 256 + code of the direction's first packet (IPFIX icmpTypeCodeIPv4, icmpTypeCodeIPv6).</summary>
    public ushort IcmpTypeCode => HasIcmp ? _flags.IcmpTypeCode : (ushort)0;

    /// <summary>Mean IP length in octets; 0 when there was no packet.</summary>
    public double SizeMean => PacketCount == 0 ? 0 : (double)_octets / PacketCount;

    /// <summary>Variance (of the population) of the IP length in octets²; from exact integer sums, so without cancellation.</summary>
    public double SizeVariance => PacketCount == 0
        ? 0
        : (double)(((UInt128)(ulong)PacketCount * _squaredOctets) - ((UInt128)_octets * _octets)) / PacketCount / PacketCount;

    /// <summary>Mean gap between the direction's packets in nanoseconds; 0 of fewer than two. Exact: the gaps of packets in order add up to the time from the first to the last.</summary>
    public double GapMeanNs => PacketCount < 2 ? 0 : (double)(_lastNs - _firstNs) / (PacketCount - 1);

    /// <summary>
    /// Variance (of the population) of the gaps in nanoseconds²; 0 of fewer than two packets. A packet older than one before it makes a gap of 0. Absolute error below
    /// n × 2⁻⁵² of the mean squared gap for n packets.
    /// </summary>
    public double GapVariance => PacketCount < 2 ? 0 : Math.Max(0, (_squaredGaps / (PacketCount - 1)) - (GapMeanNs * GapMeanNs));
}
