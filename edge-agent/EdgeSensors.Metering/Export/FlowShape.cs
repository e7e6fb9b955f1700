namespace EdgeSensors.Metering.Export;

/// <summary>What a flow record holds beside what all hold. Each combination has a template of its own, so that no record carries fields that do not apply to it.</summary>
[Flags]
internal enum FlowShape
{
    /// <summary>IPv4, neither ports nor flags nor ICMP, no tag, no tunnel, one direction.</summary>
    None = 0,

    /// <summary>Addresses are IPv6.</summary>
    IPv6 = 1 << 0,

    /// <summary>TCP, UDP, SCTP.</summary>
    Ports = 1 << 1,

    /// <summary>TCP.</summary>
    TcpFlags = 1 << 2,

    /// <summary>ICMP type and code.</summary>
    Icmp = 1 << 3,

    /// <summary>VLAN tags.</summary>
    Vlan = 1 << 4,

    /// <summary>The way back as well (RFC 5103).</summary>
    Reverse = 1 << 5,

    /// <summary>A virtual network of VXLAN or NVGRE.</summary>
    Segment = 1 << 6,

    /// <summary>A tunnel of GTP-U.</summary>
    GtpTunnel = 1 << 7,
}
