using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Collect;

/// <summary>
/// One flow (or biflow) record of an exporter, as the exporter counted it: nothing is scaled by the sampling rate. The fields are named after
/// the IPFIX information elements (IANA, RFC 7012) whatever the format was; <see cref="Fields"/> says which of them were given.
/// </summary>
public struct ExportedFlow
{
    /// <summary>Which fields were given.</summary>
    public FlowFields Fields { readonly get; internal set; }

    /// <summary>The protocol it came in.</summary>
    public ExportFormat Format { readonly get; internal set; }

    /// <summary>4 or 6; 0 when the record names no addresses.</summary>
    public byte IpVersion { readonly get; internal set; }

    /// <summary>protocolIdentifier (element 4).</summary>
    public IpProtocol Protocol { readonly get; internal set; }

    /// <summary>tcpControlBits (element 6), the low eight bits.</summary>
    public TcpControlBits TcpFlags { readonly get; internal set; }

    /// <summary>The reverse direction's tcpControlBits.</summary>
    public TcpControlBits ReverseTcpFlags { readonly get; internal set; }

    /// <summary>ipClassOfService (element 5).</summary>
    public byte TrafficClass { readonly get; internal set; }

    /// <summary>sourceIPv4PrefixLength or sourceIPv6PrefixLength (elements 9 and 29), bits.</summary>
    public byte SourcePrefixLength { readonly get; internal set; }

    /// <summary>destinationIPv4PrefixLength or destinationIPv6PrefixLength (elements 13 and 30), bits.</summary>
    public byte DestinationPrefixLength { readonly get; internal set; }

    /// <summary>forwardingStatus (element 89): status in the two high bits (1 forwarded, 2 dropped, 3 consumed), reason below.</summary>
    public byte ForwardingStatus { readonly get; internal set; }

    /// <summary>flowDirection (element 61): 0 ingress, 1 egress.</summary>
    public byte Direction { readonly get; internal set; }

    /// <summary>biflowDirection (element 239, RFC 5103 §6.3): 1 the source initiated, 2 the destination did, 3 the source is outside a perimeter.</summary>
    public byte BiflowDirection { readonly get; internal set; }

    /// <summary>firewallEvent (element 233): 1 created, 2 deleted, 3 denied, 5 update.</summary>
    public byte FirewallEvent { readonly get; internal set; }

    /// <summary>flowEndReason (element 136).</summary>
    public FlowEndReason EndReason { readonly get; internal set; }

    /// <summary>sourceTransportPort (element 7).</summary>
    public ushort SourcePort { readonly get; internal set; }

    /// <summary>destinationTransportPort (element 11).</summary>
    public ushort DestinationPort { readonly get; internal set; }

    /// <summary>ICMP type × 256 + code (elements 32 and 139).</summary>
    public ushort IcmpTypeCode { readonly get; internal set; }

    /// <summary>The reverse direction's ICMP type × 256 + code.</summary>
    public ushort ReverseIcmpTypeCode { readonly get; internal set; }

    /// <summary>vlanId or dot1qVlanId (elements 58 and 243).</summary>
    public ushort VlanId { readonly get; internal set; }

    /// <summary>dot1qCustomerVlanId (element 245); 0 where there is none.</summary>
    public ushort CustomerVlanId { readonly get; internal set; }

    /// <summary>The template that described the record; 0 of formats without templates.</summary>
    public ushort TemplateId { readonly get; internal set; }

    /// <summary>sourceIPv4Address or sourceIPv6Address (elements 8 and 27).</summary>
    public HostAddress Source { readonly get; internal set; }

    /// <summary>destinationIPv4Address or destinationIPv6Address (elements 12 and 28).</summary>
    public HostAddress Destination { readonly get; internal set; }

    /// <summary>ipNextHopIPv4Address or ipNextHopIPv6Address (elements 15 and 62).</summary>
    public HostAddress NextHop { readonly get; internal set; }

    /// <summary>Packets from source to destination, not scaled.</summary>
    public long PacketCount { readonly get; internal set; }

    /// <summary>Octets from source to destination, not scaled.</summary>
    public long OctetCount { readonly get; internal set; }

    /// <summary>Packets from destination to source, not scaled (RFC 5103).</summary>
    public long ReversePacketCount { readonly get; internal set; }

    /// <summary>Octets from destination to source, not scaled (RFC 5103).</summary>
    public long ReverseOctetCount { readonly get; internal set; }

    /// <summary>First packet, nanoseconds since the Unix epoch, by the exporter's clock.</summary>
    public long StartNs { readonly get; internal set; }

    /// <summary>Last packet, nanoseconds since the Unix epoch, by the exporter's clock.</summary>
    public long EndNs { readonly get; internal set; }

    /// <summary>When the exporter sent the record, nanoseconds since the Unix epoch, by its clock.</summary>
    public long ExportNs { readonly get; internal set; }

    /// <summary>When the record arrived here, nanoseconds since the Unix epoch.</summary>
    public long ReceivedNs { readonly get; internal set; }

    /// <summary>How the packets were sampled.</summary>
    public SamplingRate Sampling { readonly get; internal set; }

    /// <summary>samplerId or selectorId (elements 48 and 302).</summary>
    public ulong SamplerId { readonly get; internal set; }

    /// <summary>ingressInterface (element 10).</summary>
    public uint IngressInterface { readonly get; internal set; }

    /// <summary>egressInterface (element 14).</summary>
    public uint EgressInterface { readonly get; internal set; }

    /// <summary>bgpSourceAsNumber (element 16).</summary>
    public uint SourceAs { readonly get; internal set; }

    /// <summary>bgpDestinationAsNumber (element 17).</summary>
    public uint DestinationAs { readonly get; internal set; }

    /// <summary>ingressVRFID (element 234).</summary>
    public uint IngressVrf { readonly get; internal set; }

    /// <summary>egressVRFID (element 235).</summary>
    public uint EgressVrf { readonly get; internal set; }

    /// <summary>observationDomainId (IPFIX), source id (NetFlow v9), engine type × 256 + id (v5) or sub-agent id (sFlow).</summary>
    public uint ObservationDomainId { readonly get; internal set; }

    /// <summary>Who sent it.</summary>
    public ExporterEndpoint Exporter { readonly get; internal set; }

    /// <summary>Whether all of these fields were given.</summary>
    public readonly bool Has(FlowFields fields) => (Fields & fields) == fields;

    /// <summary>Whether the record speaks of both directions (RFC 5103).</summary>
    public readonly bool IsBiflow => (Fields & (FlowFields.ReversePackets | FlowFields.ReverseOctets)) != 0;
}
