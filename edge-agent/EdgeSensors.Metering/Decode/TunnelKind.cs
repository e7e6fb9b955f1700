namespace EdgeSensors.Metering.Decode;

/// <summary>What carried a metered packet inside another packet or frame; docs/metering.md says how each is recognised.</summary>
public enum TunnelKind : byte
{
    /// <summary>Nothing: the packet stood in the frame itself (behind VLAN tags, if any).</summary>
    None,

    /// <summary>An MPLS label stack (RFC 3032) with IP or an Ethernet pseudowire (RFC 4448) behind it, in a frame, IP or UDP. Id: the bottom label, not counting an entropy label (RFC 6790).</summary>
    Mpls,

    /// <summary>PPP over Ethernet (RFC 2516). Id: the session.</summary>
    Pppoe,

    /// <summary>GRE (RFC 2784, RFC 2890) in IP or UDP (RFC 8086), or PPTP's version 1 (RFC 2637). Id: the key (of version 1 the call); 0 without one.</summary>
    Gre,

    /// <summary>NVGRE (RFC 7637): Ethernet in GRE with a key. Id: the virtual subnet.</summary>
    Nvgre,

    /// <summary>ERSPAN (draft-foschiano-erspan): a mirror port's frames in GRE. Id: the session.</summary>
    Erspan,

    /// <summary>VXLAN (RFC 7348), also with the generic protocol extension. Id: the network (VNI).</summary>
    Vxlan,

    /// <summary>Geneve (RFC 8926). Id: the network (VNI).</summary>
    Geneve,

    /// <summary>GTP user plane version 1 (3GPP TS 29.281). Id: the tunnel endpoint (TEID) of the receiver, so each direction has its own.</summary>
    GtpU,

    /// <summary>IPv4 or IPv6 directly in IPv4 or IPv6 (RFC 2003, RFC 2473, RFC 4213). No id.</summary>
    IpInIp,

    /// <summary>Teredo (RFC 4380): IPv6 in UDP. No id.</summary>
    Teredo,

    /// <summary>AYIYA (draft-massar-v6ops-ayiya): IPv6 in UDP. No id.</summary>
    Ayiya,

    /// <summary>CAPWAP's data channel (RFC 5415, RFC 5416): a station's frames between access point and controller. Id: the radio.</summary>
    Capwap,

    /// <summary>L2TP version 2 data (RFC 2661): PPP in UDP. Id: tunnel × 65,536 + session.</summary>
    L2tp,

    /// <summary>EtherIP (RFC 3378): Ethernet in IP. No id.</summary>
    EtherIp,

    /// <summary>Provider backbone bridging (IEEE 802.1ah): Ethernet in Ethernet. Id: the service instance (I-SID).</summary>
    Pbb,

    /// <summary>Cisco FabricPath. Id: the forwarding tag.</summary>
    FabricPath,

    /// <summary>A network service header (RFC 8300). Id: path × 256 + index.</summary>
    Nsh,
}
