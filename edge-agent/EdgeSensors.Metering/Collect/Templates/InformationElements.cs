namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>
/// Which information elements (IANA "IPFIX Information Elements"; the numbers below 128 are NetFlow v9's as well) the collector reads, and in which length.
/// Several elements can say the same thing; the rank says which is believed when a template has more than one.
/// </summary>
internal static class InformationElements
{
    /// <summary>What to do with a field, and its rank among those that say the same (lower is better).</summary>
    public static (FlowElement Element, byte Rank) Of(FieldSpecifier field)
    {
        var (element, rank) = field.Enterprise switch
        {
            0 => Forward(field.Id),
            FieldSpecifier.ReverseEnterprise => Reverse(field.Id),
            FieldSpecifier.NetFlow9Scope => (Scope(field.Id), (byte)0),
            _ => (FlowElement.Skip, (byte)0),
        };
        return LengthFits(element, field.Length) ? (element, rank) : (FlowElement.Skip, (byte)0);
    }

    /// <summary>What two elements may not both say; <see cref="FlowElement.Skip"/> for an element that stands alone.</summary>
    public static FlowElement Group(FlowElement element) => element switch
    {
        FlowElement.StartSeconds or FlowElement.StartMilliseconds or FlowElement.StartNtp or FlowElement.StartDeltaMicroseconds or FlowElement.StartUptime => FlowElement.StartSeconds,
        FlowElement.EndSeconds or FlowElement.EndMilliseconds or FlowElement.EndNtp or FlowElement.EndDeltaMicroseconds or FlowElement.EndUptime => FlowElement.EndSeconds,
        FlowElement.ObservationSeconds or FlowElement.ObservationMilliseconds or FlowElement.ObservationNtp => FlowElement.ObservationSeconds,
        _ => element,
    };

    private static (FlowElement Element, byte Rank) Forward(ushort id) => id switch
    {
        1 => (FlowElement.Octets, 0),
        2 => (FlowElement.Packets, 0),
        4 => (FlowElement.Protocol, 0),
        5 => (FlowElement.TrafficClass, 0),
        6 => (FlowElement.TcpFlags, 0),
        7 => (FlowElement.SourcePort, 0),
        8 => (FlowElement.SourceIPv4, 0),
        9 => (FlowElement.SourcePrefixLength, 0),
        10 => (FlowElement.IngressInterface, 0),
        11 => (FlowElement.DestinationPort, 0),
        12 => (FlowElement.DestinationIPv4, 0),
        13 => (FlowElement.DestinationPrefixLength, 0),
        14 => (FlowElement.EgressInterface, 0),
        15 => (FlowElement.NextHopIPv4, 0),
        16 => (FlowElement.SourceAs, 0),
        17 => (FlowElement.DestinationAs, 0),
        18 => (FlowElement.NextHopIPv4, 1), // bgpNextHopIPv4Address
        21 => (FlowElement.EndUptime, 4),
        22 => (FlowElement.StartUptime, 4),
        23 => (FlowElement.Octets, 3), // postOctetDeltaCount
        24 => (FlowElement.Packets, 3), // postPacketDeltaCount
        27 => (FlowElement.SourceIPv6, 0),
        28 => (FlowElement.DestinationIPv6, 0),
        29 => (FlowElement.SourcePrefixLength, 1),
        30 => (FlowElement.DestinationPrefixLength, 1),
        32 => (FlowElement.IcmpTypeCode, 0),
        34 => (FlowElement.SamplingInterval, 0),
        48 => (FlowElement.Sampler, 1),
        50 => (FlowElement.SamplingInterval, 1), // samplerRandomInterval
        58 => (FlowElement.VlanId, 0),
        60 => (FlowElement.IpVersion, 0),
        61 => (FlowElement.Direction, 0),
        62 => (FlowElement.NextHopIPv6, 0),
        63 => (FlowElement.NextHopIPv6, 1), // bgpNextHopIPv6Address
        85 => (FlowElement.Octets, 2), // octetTotalCount
        86 => (FlowElement.Packets, 2), // packetTotalCount
        89 => (FlowElement.ForwardingStatus, 0),
        104 => (FlowElement.PayloadSection, 0), // layer2packetSectionData
        136 => (FlowElement.EndReason, 0),
        139 => (FlowElement.IcmpTypeCode, 1),
        145 => (FlowElement.TemplateScope, 0),
        150 => (FlowElement.StartSeconds, 2),
        151 => (FlowElement.EndSeconds, 2),
        152 => (FlowElement.StartMilliseconds, 1),
        153 => (FlowElement.EndMilliseconds, 1),
        154 or 156 => (FlowElement.StartNtp, 0),
        155 or 157 => (FlowElement.EndNtp, 0),
        158 => (FlowElement.StartDeltaMicroseconds, 3),
        159 => (FlowElement.EndDeltaMicroseconds, 3),
        160 => (FlowElement.SystemInitMilliseconds, 0),
        161 => (FlowElement.DurationMilliseconds, 0),
        162 => (FlowElement.DurationMicroseconds, 0),
        176 or 178 => (FlowElement.IcmpType, 0),
        177 or 179 => (FlowElement.IcmpCode, 0),
        231 => (FlowElement.Octets, 1), // initiatorOctets
        232 => (FlowElement.ReverseOctets, 1), // responderOctets
        233 => (FlowElement.FirewallEvent, 0),
        234 => (FlowElement.IngressVrf, 0),
        235 => (FlowElement.EgressVrf, 0),
        239 => (FlowElement.BiflowDirection, 0),
        243 => (FlowElement.VlanId, 1),
        245 => (FlowElement.CustomerVlanId, 0),
        298 => (FlowElement.Packets, 1), // initiatorPackets
        299 => (FlowElement.ReversePackets, 1), // responderPackets
        302 => (FlowElement.Sampler, 0),
        305 => (FlowElement.SamplingPacketInterval, 0),
        306 => (FlowElement.SamplingPacketSpace, 0),
        309 => (FlowElement.SamplingSize, 0),
        310 => (FlowElement.SamplingPopulation, 0),
        311 => (FlowElement.SamplingProbability, 0),
        312 => (FlowElement.FrameSize, 0),
        313 => (FlowElement.IpHeaderSection, 0),
        314 or 316 or 317 => (FlowElement.PayloadSection, 0), // ipPayloadPacketSection, the MPLS label stack and payload sections
        315 => (FlowElement.FrameSection, 0),
        322 => (FlowElement.ObservationSeconds, 2),
        323 => (FlowElement.ObservationMilliseconds, 1),
        324 or 325 => (FlowElement.ObservationNtp, 0),
        352 => (FlowElement.Octets, 4), // layer2OctetDeltaCount
        40005 => (FlowElement.FirewallEvent, 1), // NetFlow v9 of Cisco ASA before it had 233
        _ => (FlowElement.Skip, 0),
    };

    private static (FlowElement Element, byte Rank) Reverse(ushort id) => id switch
    {
        1 => (FlowElement.ReverseOctets, 0),
        2 => (FlowElement.ReversePackets, 0),
        6 => (FlowElement.ReverseTcpFlags, 0),
        32 => (FlowElement.ReverseIcmpTypeCode, 0),
        139 => (FlowElement.ReverseIcmpTypeCode, 1),
        85 => (FlowElement.ReverseOctets, 2),
        86 => (FlowElement.ReversePackets, 2),
        _ => (FlowElement.Skip, 0),
    };

    /// <summary>RFC 3954 §6.1: 1 system, 2 interface, 3 line card, 4 cache, 5 template.</summary>
    private static FlowElement Scope(ushort type) => type switch
    {
        2 => FlowElement.IngressInterface,
        5 => FlowElement.TemplateScope,
        _ => FlowElement.Skip,
    };

    /// <summary>Whether a field of this length can be read as what it says (RFC 7011 §6.2 allows integers to be sent shorter).</summary>
    private static bool LengthFits(FlowElement element, ushort length) => element switch
    {
        FlowElement.SourceIPv4 or FlowElement.DestinationIPv4 or FlowElement.NextHopIPv4 => length == 4,
        FlowElement.SourceIPv6 or FlowElement.DestinationIPv6 or FlowElement.NextHopIPv6 => length == 16,
        FlowElement.StartNtp or FlowElement.EndNtp or FlowElement.ObservationNtp => length == 8,
        FlowElement.SamplingProbability => length is 4 or 8,
        FlowElement.FrameSection or FlowElement.IpHeaderSection or FlowElement.PayloadSection => length > 0,
        _ => length is >= 1 and <= 8,
    };
}
