namespace EdgeSensors.Metering.Decode;

/// <summary>The framing a packet was captured with, numbered as in a capture file (the tcpdump.org link-layer header type registry).</summary>
public enum LinkType
{
    /// <summary>BSD loopback: four bytes of address family in the byte order of the capturing host.</summary>
    Null = 0,

    /// <summary>Ethernet II, IEEE 802.3 with LLC/SNAP, with any VLAN tags inline.</summary>
    Ethernet = 1,

    /// <summary>Raw IP as OpenBSD's old captures number it.</summary>
    RawOpenBsd = 12,

    /// <summary>Raw IP as other old captures number it.</summary>
    RawOld = 14,

    /// <summary>Raw IP: the packet begins with an IPv4 or IPv6 header.</summary>
    Raw = 101,

    /// <summary>OpenBSD loopback: four bytes of address family in network byte order.</summary>
    Loop = 108,

    /// <summary>Linux "cooked" capture, version 1 (16 bytes).</summary>
    LinuxCooked = 113,

    /// <summary>Raw IPv4.</summary>
    IPv4 = 228,

    /// <summary>Raw IPv6.</summary>
    IPv6 = 229,

    /// <summary>Linux "cooked" capture, version 2 (20 bytes).</summary>
    LinuxCooked2 = 276,
}
