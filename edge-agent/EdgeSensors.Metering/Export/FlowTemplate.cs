using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Export;

/// <summary>
/// The template of a <see cref="FlowShape"/>: information elements of the IANA IPFIX registry, their reverse of RFC 5103 §6.1, and CERT's for the flags of the first packet. Counters have their full length; tcpControlBits
/// is sent in one octet (RFC 7011 §6.2), since collectors read the first octet of two.
/// </summary>
internal sealed class FlowTemplate
{
    /// <summary>How many shapes there are.</summary>
    public const int Count = 1 << 8;

    /// <summary>CERT's registry of elements (YAF, SiLK): 14 is initialTCPFlags, and 0x4000 in a number says that it is the reverse.</summary>
    private const uint CertEnterprise = 6871;

    private const ushort InitialTcpFlags = 14;
    private const ushort CertReverse = 0x4000;
    private const int FirstId = 256;

    private FlowTemplate(FlowShape shape)
    {
        Shape = shape;
        Id = (ushort)(FirstId + (int)shape);
        Fields = [.. FieldsOf(shape)];
        RecordLength = Fields.Sum(field => field.Length);
    }

    /// <summary>Every template, by the number of its shape.</summary>
    public static IReadOnlyList<FlowTemplate> All { get; } = [.. Enumerable.Range(0, Count).Select(shape => new FlowTemplate((FlowShape)shape))];

    public FlowShape Shape { get; }

    public ushort Id { get; }

    public IReadOnlyList<FieldSpecifier> Fields { get; }

    /// <summary>Octets of one record.</summary>
    public int RecordLength { get; }

    private static IEnumerable<FieldSpecifier> FieldsOf(FlowShape shape)
    {
        var ipv6 = shape.HasFlag(FlowShape.IPv6);
        yield return ipv6 ? new(0, 27, 16) : new(0, 8, 4); // sourceIPv6Address, sourceIPv4Address
        yield return ipv6 ? new(0, 28, 16) : new(0, 12, 4); // destinationIPv6Address, destinationIPv4Address
        if (shape.HasFlag(FlowShape.Ports))
        {
            yield return new(0, 7, 2); // sourceTransportPort
            yield return new(0, 11, 2); // destinationTransportPort
        }

        yield return new(0, 4, 1); // protocolIdentifier
        yield return new(0, 152, 8); // flowStartMilliseconds
        yield return new(0, 153, 8); // flowEndMilliseconds
        yield return new(0, 2, 8); // packetDeltaCount
        yield return new(0, 1, 8); // octetDeltaCount
        if (shape.HasFlag(FlowShape.TcpFlags))
        {
            yield return new(0, 6, 1); // tcpControlBits
            yield return new(CertEnterprise, InitialTcpFlags, 1);
        }

        if (shape.HasFlag(FlowShape.Icmp))
            yield return new(0, IcmpTypeCode(ipv6), 2);
        if (shape.HasFlag(FlowShape.Vlan))
        {
            yield return new(0, 58, 2); // vlanId
            yield return new(0, 245, 2); // dot1qCustomerVlanId
        }

        if (shape.HasFlag(FlowShape.Segment))
            yield return new(0, 351, 8); // layer2SegmentId
        if (shape.HasFlag(FlowShape.GtpTunnel))
            yield return new(0, 507, 4); // gtpuTEid

        yield return new(0, 136, 1); // flowEndReason
        yield return new(0, 239, 1); // biflowDirection
        if (!shape.HasFlag(FlowShape.Reverse))
            yield break;
        const uint reverse = FieldSpecifier.ReverseEnterprise;
        yield return new(reverse, 152, 8);
        yield return new(reverse, 153, 8);
        yield return new(reverse, 2, 8);
        yield return new(reverse, 1, 8);
        if (shape.HasFlag(FlowShape.TcpFlags))
        {
            yield return new(reverse, 6, 1);
            yield return new(CertEnterprise, InitialTcpFlags | CertReverse, 1);
        }

        if (shape.HasFlag(FlowShape.Icmp))
            yield return new(reverse, IcmpTypeCode(ipv6), 2);
    }

    /// <summary>icmpTypeCodeIPv6, icmpTypeCodeIPv4.</summary>
    private static ushort IcmpTypeCode(bool ipv6) => (ushort)(ipv6 ? 139 : 32);
}
