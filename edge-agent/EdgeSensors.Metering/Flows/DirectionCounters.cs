using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>What one direction of a biflow has carried.</summary>
public struct DirectionCounters
{
    /// <summary>Packets (IPFIX packetDeltaCount).</summary>
    public long PacketCount { get; internal set; }

    /// <summary>Octets by the IP headers' lengths (IPFIX octetDeltaCount).</summary>
    public long OctetCount { get; internal set; }

    /// <summary>First packet, nanoseconds since the Unix epoch; 0 when there was none.</summary>
    public long FirstNs { get; internal set; }

    /// <summary>Last packet, nanoseconds since the Unix epoch; 0 when there was none.</summary>
    public long LastNs { get; internal set; }

    /// <summary>Packets that carried at least one octet of transport payload.</summary>
    public long PayloadPacketCount { get; internal set; }

    /// <summary>Union of the TCP control bits seen.</summary>
    public TcpControlBits TcpFlags { get; internal set; }

    /// <summary>Whether an ICMP type was seen in this direction.</summary>
    public bool HasIcmp { get; internal set; }

    /// <summary>ICMP type × 256 + code of the direction's first packet (IPFIX icmpTypeCodeIPv4, icmpTypeCodeIPv6).</summary>
    public ushort IcmpTypeCode { get; internal set; }
}
