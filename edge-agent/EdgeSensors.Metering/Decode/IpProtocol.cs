namespace EdgeSensors.Metering.Decode;

/// <summary>IP protocol numbers that the meter treats by name (IANA "Assigned Internet Protocol Numbers"); any other value is carried as its number.</summary>
public enum IpProtocol : byte
{
    /// <summary>IPv6 hop-by-hop options (RFC 8200 §4.3).</summary>
    HopByHop = 0,

    /// <summary>ICMP for IPv4 (RFC 792).</summary>
    Icmp = 1,

    /// <summary>IPv4 in another IP packet (RFC 2003, RFC 2473).</summary>
    IPv4 = 4,

    /// <summary>TCP (RFC 9293).</summary>
    Tcp = 6,

    /// <summary>UDP (RFC 768).</summary>
    Udp = 17,

    /// <summary>IPv6 in another IP packet (RFC 4213, RFC 2473).</summary>
    IPv6 = 41,

    /// <summary>IPv6 routing header (RFC 8200 §4.4).</summary>
    Routing = 43,

    /// <summary>IPv6 fragment header (RFC 8200 §4.5).</summary>
    Fragment = 44,

    /// <summary>Generic routing encapsulation (RFC 2784).</summary>
    Gre = 47,

    /// <summary>Encapsulating security payload (RFC 4303); what follows is not readable.</summary>
    Esp = 50,

    /// <summary>Authentication header (RFC 4302).</summary>
    AuthenticationHeader = 51,

    /// <summary>ICMP for IPv6 (RFC 4443).</summary>
    IcmpV6 = 58,

    /// <summary>IPv6 "no next header" (RFC 8200 §4.7).</summary>
    NoNextHeader = 59,

    /// <summary>IPv6 destination options (RFC 8200 §4.6).</summary>
    DestinationOptions = 60,

    /// <summary>Ethernet in IP (RFC 3378).</summary>
    EtherIp = 97,

    /// <summary>SCTP (RFC 9260).</summary>
    Sctp = 132,

    /// <summary>IPv6 mobility header (RFC 6275 §6.1).</summary>
    Mobility = 135,

    /// <summary>MPLS in IP (RFC 4023).</summary>
    Mpls = 137,

    /// <summary>Host identity protocol (RFC 7401).</summary>
    Hip = 139,

    /// <summary>Shim6 (RFC 5533).</summary>
    Shim6 = 140,
}
