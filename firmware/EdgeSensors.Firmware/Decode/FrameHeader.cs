namespace EdgeSensors.Firmware.Decode;

/// <summary>What is kept of one frame: one object for all frames, overwritten by each.</summary>
internal sealed class FrameHeader
{
    /// <summary>The source address as a 128-bit number, IPv4 as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2).</summary>
    public ulong SourceHigh, SourceLow;

    /// <summary>The destination address, likewise.</summary>
    public ulong DestinationHigh, DestinationLow;

    /// <summary>4 or 6; 0 when there is no packet to meter.</summary>
    public int IpVersion;

    /// <summary>Octets of the IP packet by its own length.</summary>
    public int IpLength;

    /// <summary>protocolIdentifier (IANA), behind extension headers.</summary>
    public int Protocol;

    /// <summary>Whether the ports could be read.</summary>
    public bool HasPorts;

    /// <summary>TCP, UDP or SCTP ports, 0 without.</summary>
    public int SourcePort, DestinationPort;

    /// <summary>tcpControlBits, 0 without.</summary>
    public int TcpFlags;
}
