namespace EdgeSensors.Trust.Documents;

/// <summary>What a collection authorisation rests on.</summary>
public enum CollectionBasis
{
    /// <summary>An authorisation under law, <c>authorization</c>.</summary>
    Authorization,

    /// <summary>The network owner's recorded consent for its own network, <c>consent</c>.</summary>
    Consent,
}

/// <summary>Whose network a sensor stands in (wall 3).</summary>
public enum NetworkKind
{
    /// <summary>A carrier's: domestic-to-domestic flows are counted in the total only, <c>carrier</c>.</summary>
    Carrier,

    /// <summary>The owner's own: its consent also covers peers at home, <c>owner</c>.</summary>
    Owner,
}

/// <summary>The direction of a flow seen from the own prefixes; a set of them may be selected.</summary>
[Flags]
public enum FlowDirections
{
    /// <summary>No direction.</summary>
    None = 0,

    /// <summary>From another network to the own, <c>inbound</c>.</summary>
    Inbound = 1,

    /// <summary>From the own network to another, <c>outbound</c>.</summary>
    Outbound = 2,

    /// <summary>Neither end is own, <c>transit</c>.</summary>
    Transit = 4,

    /// <summary>Both ends are own, <c>internal</c>.</summary>
    Internal = 8,
}

/// <summary>Which end of a flow a selector speaks of.</summary>
public enum SelectorEnd
{
    /// <summary>The end inside the own prefixes, <c>own</c>.</summary>
    Own,

    /// <summary>The end outside them, <c>other</c>.</summary>
    Other,

    /// <summary>Either end, <c>either</c>.</summary>
    Either,
}

/// <summary>The ladder of mitigation, each step harder than the one before.</summary>
public enum MitigationStep
{
    /// <summary>Count what would be hit, <c>observe</c>.</summary>
    Observe,

    /// <summary>Let a bounded rate pass, <c>rate-limit</c>.</summary>
    RateLimit,

    /// <summary>Drop, <c>drop</c>.</summary>
    Drop,
}

/// <summary>OpenC2 SLPF 1.0 §2.1.4, <c>direction</c>: which traffic of the filter's network a rule acts on.</summary>
public enum SlpfDirection
{
    /// <summary>Into and out of the network, <c>both</c>.</summary>
    Both,

    /// <summary>Into the network, <c>ingress</c>.</summary>
    Ingress,

    /// <summary>Out of the network, <c>egress</c>.</summary>
    Egress,
}

/// <summary>OpenC2 SLPF 1.0 §2.1.4, <c>drop_process</c>: what the sender of a denied packet learns.</summary>
public enum SlpfDropProcess
{
    /// <summary>Nothing, <c>none</c>.</summary>
    None,

    /// <summary>An ICMP unreachable or equivalent, <c>reject</c>.</summary>
    Reject,

    /// <summary>That it arrived, <c>false_ack</c>.</summary>
    FalseAck,
}

/// <summary>OpenC2 language 1.0 §3.4.2.10, <c>L4-Protocol</c>; the values are the IANA protocol numbers of IPv4.</summary>
public enum L4Protocol
{
    /// <summary>ICMP, in an <c>ipv6_connection</c> ICMPv6 (58): the language has no other word for it, <c>icmp</c>.</summary>
    Icmp = 1,

    /// <summary>TCP, <c>tcp</c>.</summary>
    Tcp = 6,

    /// <summary>UDP, <c>udp</c>.</summary>
    Udp = 17,

    /// <summary>SCTP, <c>sctp</c>.</summary>
    Sctp = 132,
}
