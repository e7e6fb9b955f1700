namespace EdgeSensors.Metering.Decode;

/// <summary>What became of one frame. Every frame gets exactly one; none is an exception.</summary>
public enum DecodeStatus
{
    /// <summary>An IP packet, read to the end of its transport header (or of its IP header where the transport is not one we read).</summary>
    Ok,

    /// <summary>Well formed and not IP (ARP, LLC, LLDP, PPP negotiation, …).</summary>
    NotIp,

    /// <summary>The capture's link type is not one we decode.</summary>
    UnsupportedLinkType,

    /// <summary>The frame ends inside its link header (VLAN tags, MPLS labels, PPPoE and the like included).</summary>
    LinkHeaderTruncated,

    /// <summary>More VLAN tags than <see cref="FrameDecoder.MaxVlanTags"/>.</summary>
    TooManyVlanTags,

    /// <summary>The frame ends inside its IP header.</summary>
    IpHeaderTruncated,

    /// <summary>The IP version does not fit what the link header announced, or is neither 4 nor 6.</summary>
    IpVersionInvalid,

    /// <summary>The IPv4 header length is under 20 octets, or the total length is under the header length (RFC 791 §3.1).</summary>
    IpLengthInvalid,

    /// <summary>The IP header is good, but a chain of IPv6 extension headers leaves the packet or is cut; metered without ports.</summary>
    ExtensionHeaderTruncated,

    /// <summary>The IP header is good, but more IPv6 extension headers follow than <see cref="FrameDecoder.MaxExtensionHeaders"/>; metered without ports.</summary>
    ExtensionHeadersTooMany,

    /// <summary>The IP header is good, but the transport header is cut by the packet's or the capture's end; metered with what could be read.</summary>
    TransportHeaderTruncated,

    /// <summary>The IP header is good, but the TCP header length is under 20 octets or the UDP length under 8; metered with what could be read.</summary>
    TransportHeaderInvalid,

    /// <summary>
    /// The packet is a tunnel's by its protocol number (IP in IP, GRE, EtherIP, MPLS in IP), but what it carries is not IP, is cut, or contradicts itself; the tunnel's own
    /// packet is metered.
    /// </summary>
    TunnelNotRead,

    /// <summary>More tunnels lie in one another than <see cref="FrameDecoder.MaxTunnelDepth"/>; the packet at that depth is metered.</summary>
    TunnelsTooDeep,
}
