namespace EdgeSensors.Metering.Collect;

/// <summary>Which fields an exporter gave. A field it did not give holds 0 and is not to be believed.</summary>
[Flags]
public enum FlowFields : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Source and destination address.</summary>
    Addresses = 1 << 0,

    /// <summary>Source and destination port.</summary>
    Ports = 1 << 1,

    /// <summary>protocolIdentifier.</summary>
    Protocol = 1 << 2,

    /// <summary>packetDeltaCount or one of its kin.</summary>
    Packets = 1 << 3,

    /// <summary>octetDeltaCount or one of its kin.</summary>
    Octets = 1 << 4,

    /// <summary>The reverse direction's packets: the record is a biflow.</summary>
    ReversePackets = 1 << 5,

    /// <summary>The reverse direction's octets: the record is a biflow.</summary>
    ReverseOctets = 1 << 6,

    /// <summary>tcpControlBits.</summary>
    TcpFlags = 1 << 7,

    /// <summary>The reverse direction's tcpControlBits.</summary>
    ReverseTcpFlags = 1 << 8,

    /// <summary>ICMP type and code.</summary>
    Icmp = 1 << 9,

    /// <summary>The reverse direction's ICMP type and code.</summary>
    ReverseIcmp = 1 << 10,

    /// <summary>ipClassOfService.</summary>
    TrafficClass = 1 << 11,

    /// <summary>vlanId or dot1qVlanId.</summary>
    Vlan = 1 << 12,

    /// <summary>ingressInterface.</summary>
    IngressInterface = 1 << 13,

    /// <summary>egressInterface.</summary>
    EgressInterface = 1 << 14,

    /// <summary>bgpSourceAsNumber.</summary>
    SourceAs = 1 << 15,

    /// <summary>bgpDestinationAsNumber.</summary>
    DestinationAs = 1 << 16,

    /// <summary>sourceIPv4PrefixLength or its IPv6 sibling.</summary>
    SourcePrefixLength = 1 << 17,

    /// <summary>destinationIPv4PrefixLength or its IPv6 sibling.</summary>
    DestinationPrefixLength = 1 << 18,

    /// <summary>The next hop.</summary>
    NextHop = 1 << 19,

    /// <summary>ingressVRFID.</summary>
    IngressVrf = 1 << 20,

    /// <summary>egressVRFID.</summary>
    EgressVrf = 1 << 21,

    /// <summary>forwardingStatus.</summary>
    ForwardingStatus = 1 << 22,

    /// <summary>flowDirection.</summary>
    Direction = 1 << 23,

    /// <summary>biflowDirection.</summary>
    BiflowDirection = 1 << 24,

    /// <summary>flowEndReason.</summary>
    EndReason = 1 << 25,

    /// <summary>samplerId or selectorId.</summary>
    Sampler = 1 << 26,

    /// <summary>The flow's own times; without it both times are the export time.</summary>
    Times = 1 << 27,

    /// <summary>firewallEvent.</summary>
    FirewallEvent = 1 << 28,

    /// <summary>The counters run from the flow's start (octetTotalCount), so records of one flow do not add up.</summary>
    CountersAreTotals = 1 << 29,
}
