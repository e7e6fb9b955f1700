namespace EdgeSensors.Metering.Decode;

/// <summary>The framing a packet was captured with, numbered as in a capture file (the tcpdump.org link-layer header type registry).</summary>
public enum LinkType
{
    /// <summary>BSD loopback: four bytes of address family in the byte order of the capturing host.</summary>
    Null = 0,

    /// <summary>Ethernet II, IEEE 802.3 with LLC/SNAP, with any VLAN tags inline.</summary>
    Ethernet = 1,

    /// <summary>PPP, with or without its HDLC address; or Cisco HDLC, as some writers call it so.</summary>
    Ppp = 9,

    /// <summary>Raw IP as OpenBSD's old captures number it.</summary>
    RawOpenBsd = 12,

    /// <summary>Raw IP as other old captures number it.</summary>
    RawOld = 14,

    /// <summary>PPP in HDLC-like framing (RFC 1662), or Cisco HDLC.</summary>
    PppSerial = 50,

    /// <summary>A PPPoE session header (RFC 2516), then PPP.</summary>
    PppEther = 51,

    /// <summary>Raw IP: the packet begins with an IPv4 or IPv6 header.</summary>
    Raw = 101,

    /// <summary>Cisco HDLC (RFC 1547 §4.3.1).</summary>
    CiscoHdlc = 104,

    /// <summary>IEEE 802.11.</summary>
    Wireless = 105,

    /// <summary>Frame relay (RFC 2427, or Cisco's).</summary>
    FrameRelay = 107,

    /// <summary>OpenBSD loopback: four bytes of address family in network byte order.</summary>
    Loop = 108,

    /// <summary>Linux "cooked" capture, version 1 (16 bytes).</summary>
    LinuxCooked = 113,

    /// <summary>IEEE 802.11 behind a radiotap header.</summary>
    WirelessRadiotap = 127,

    /// <summary>Per-packet information: a header that names the framing of what follows.</summary>
    PerPacketInformation = 192,

    /// <summary>MPLS (RFC 3032) without a link header.</summary>
    Mpls = 219,

    /// <summary>Raw IPv4.</summary>
    IPv4 = 228,

    /// <summary>Raw IPv6.</summary>
    IPv6 = 229,

    /// <summary>Linux netfilter's log (NFLOG).</summary>
    NetlinkLog = 239,

    /// <summary>Linux "cooked" capture, version 2 (20 bytes).</summary>
    LinuxCooked2 = 276,
}
