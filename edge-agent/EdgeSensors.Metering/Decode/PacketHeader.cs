namespace EdgeSensors.Metering.Decode;

/// <summary>
/// What the meter keeps of one packet: header fields only, no payload. A mutable struct that a caller keeps and reuses, so that decoding allocates nothing.
/// </summary>
public struct PacketHeader
{
    /// <summary>When the packet was captured, in nanoseconds since the Unix epoch (UTC).</summary>
    public long TimestampNs { get; set; }

    /// <summary>The sender.</summary>
    public HostAddress Source { get; set; }

    /// <summary>The receiver.</summary>
    public HostAddress Destination { get; set; }

    /// <summary>What the fragments of one datagram have in common: a hash of its addresses, identification and protocol; 0 of a whole packet. Of a packet taken out of a first fragment, that of the datagram around it.</summary>
    public ulong FragmentKey { get; set; }

    /// <summary>The packet's length by its IP header, in octets: IPv4 total length, or IPv6 payload length + 40. Where an IPv4 header says 0 (segmentation offload), or a jumbogram's (RFC 2675) does, what was on the wire. Of a packet taken out of a first fragment, what of it that fragment holds.</summary>
    public int IpLength { get; set; }

    /// <summary>Where the IP header begins in the captured bytes.</summary>
    public int IpOffset { get; set; }

    /// <summary>Octets of transport payload (after the TCP, UDP, ICMP or SCTP header; after the IP header elsewhere).</summary>
    public int PayloadLength { get; set; }

    /// <summary>Where the headers end in the captured bytes, counted from the frame's first byte. All beyond is payload (or padding) and may be zeroed.</summary>
    public int HeaderLength { get; set; }

    /// <summary>Where, in the captured bytes, an IP header quoted by an ICMP error begins; 0 when there is none. See <see cref="FrameDecoder.TryDecodeQuoted"/>.</summary>
    public int QuotedOffset { get; set; }

    /// <summary>TCP sequence number; 0 where there is none.</summary>
    public uint TcpSequence { get; set; }

    /// <summary>TCP acknowledgement number; 0 where there is none.</summary>
    public uint TcpAcknowledgement { get; set; }

    /// <summary>The id of the innermost tunnel, by its <see cref="Tunnel"/>; 0 where there is none. Many kinds number each direction apart, so it is no part of a biflow's key.</summary>
    public uint TunnelId { get; set; }

    /// <summary>
    /// The virtual network (24 bits) of the innermost VXLAN, Geneve, NVGRE or backbone bridge; 0 where there is none. It is the same both ways and address plans overlap between
    /// networks, so it is a part of a biflow's key wherever the VLAN is.
    /// </summary>
    public uint SegmentId { get; set; }

    /// <summary>Source port of TCP, UDP or SCTP; 0 where there is none.</summary>
    public ushort SourcePort { get; set; }

    /// <summary>Destination port of TCP, UDP or SCTP; 0 where there is none.</summary>
    public ushort DestinationPort { get; set; }

    /// <summary>TCP window as in the header, not scaled (RFC 9293 §3.1); 0 where there is none.</summary>
    public ushort TcpWindow { get; set; }

    /// <summary>The outer (or only) VLAN id; 0 where there is no tag. In a tunnel that carries Ethernet, the inner frame's.</summary>
    public ushort VlanId { get; set; }

    /// <summary>The second VLAN id of a QinQ frame (IEEE 802.1ad, the customer's); 0 where there is none.</summary>
    public ushort CustomerVlanId { get; set; }

    /// <summary>Identifier of an ICMP query (echo, timestamp, …); 0 of others.</summary>
    public ushort IcmpIdentifier { get; set; }

    /// <summary>ICMP or ICMPv6 type.</summary>
    public byte IcmpType { get; set; }

    /// <summary>ICMP or ICMPv6 code.</summary>
    public byte IcmpCode { get; set; }

    /// <summary>4 or 6; 0 when the frame held no IP packet that can be metered.</summary>
    public byte IpVersion { get; set; }

    /// <summary>The protocol after the IP header and any IPv6 extension headers.</summary>
    public IpProtocol Protocol { get; set; }

    /// <summary>TCP control bits.</summary>
    public TcpControlBits TcpFlags { get; set; }

    /// <summary>Whether the packet is a fragment, and which part.</summary>
    public FragmentKind Fragment { get; set; }

    /// <summary>Hop limit (IPv6) or time to live (IPv4).</summary>
    public byte HopLimit { get; set; }

    /// <summary>Differentiated services field (RFC 2474) with its ECN bits.</summary>
    public byte TrafficClass { get; set; }

    /// <summary>The innermost tunnel that the packet was taken out of; its headers are those of the packet inside.</summary>
    public TunnelKind Tunnel { get; set; }

    /// <summary>Tunnels that the packet was taken out of, one in another.</summary>
    public byte TunnelDepth { get; set; }

    /// <summary>Whether the ports were read (a TCP, UDP or SCTP packet that is not a later fragment).</summary>
    public bool HasPorts { get; set; }

    /// <summary>Whether the ICMP type and code were read.</summary>
    public bool HasIcmp { get; set; }
}
