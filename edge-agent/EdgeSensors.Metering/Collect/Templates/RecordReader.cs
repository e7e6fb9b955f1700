using System.Buffers.Binary;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>
/// Reads one record by its template's plan. Total: any octets give a record or the news that they are none. Packet sections (elements 313 to 315) are read
/// as far as their headers and blanked beyond, right here, so that no payload stays in the buffer.
/// </summary>
internal static class RecordReader
{
    /// <summary>Reads a record.</summary>
    /// <param name="template">Its template.</param>
    /// <param name="data">Begins at the record.</param>
    /// <param name="flow">Fields are added to it.</param>
    /// <param name="values">Reset before.</param>
    /// <param name="length">How long the record is.</param>
    public static bool TryRead(RecordTemplate template, Span<byte> data, ref ExportedFlow flow, ref RecordValues values, out int length)
    {
        length = template.Length;
        if (data.Length < length)
            return false;
        if (template.IsVariable)
            return TryReadVariable(template, data, ref flow, ref values, out length);
        foreach (ref readonly var field in template.Plan.AsSpan())
            Take(field.Element, data.Slice(field.Offset, field.Length), ref flow, ref values);
        return true;
    }

    private static bool TryReadVariable(RecordTemplate template, Span<byte> data, ref ExportedFlow flow, ref RecordValues values, out int length)
    {
        var offset = 0;
        length = 0;
        foreach (ref readonly var field in template.Plan.AsSpan())
        {
            int octets = field.Length;
            if (octets == FieldSpecifier.VariableLength)
            {
                // RFC 7011 §7: one octet of length, or 255 and two octets.
                if (offset >= data.Length)
                    return false;
                octets = data[offset++];
                if (octets == 255)
                {
                    if (offset + 2 > data.Length)
                        return false;
                    octets = BinaryPrimitives.ReadUInt16BigEndian(data[offset..]);
                    offset += 2;
                }
            }

            if (offset + octets > data.Length)
                return false;
            var isSection = field.Element is FlowElement.FrameSection or FlowElement.IpHeaderSection or FlowElement.PayloadSection;
            if (field.Length != FieldSpecifier.VariableLength || isSection)
                Take(field.Element, data.Slice(offset, octets), ref flow, ref values);
            offset += octets;
        }

        length = offset;
        return true;
    }

    private static void Take(FlowElement element, Span<byte> octets, ref ExportedFlow flow, ref RecordValues values)
    {
        switch (element)
        {
            case FlowElement.Skip:
                break;
            case FlowElement.SourceIPv4:
                values.Source4 = HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(octets));
                values.HasSource4 = true;
                break;
            case FlowElement.DestinationIPv4:
                values.Destination4 = HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(octets));
                values.HasDestination4 = true;
                break;
            case FlowElement.SourceIPv6:
                values.Source6 = HostAddress.FromIPv6(octets);
                values.HasSource6 = true;
                break;
            case FlowElement.DestinationIPv6:
                values.Destination6 = HostAddress.FromIPv6(octets);
                values.HasDestination6 = true;
                break;
            case FlowElement.NextHopIPv4:
                values.NextHop4 = HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(octets));
                values.HasNextHop4 = true;
                break;
            case FlowElement.NextHopIPv6:
                values.NextHop6 = HostAddress.FromIPv6(octets);
                values.HasNextHop6 = true;
                break;
            case FlowElement.StartNtp:
                values.StartNs = RecordValues.Ntp(octets);
                break;
            case FlowElement.EndNtp:
                values.EndNs = RecordValues.Ntp(octets);
                break;
            case FlowElement.ObservationNtp:
                values.ObservationNs = RecordValues.Ntp(octets);
                break;
            case FlowElement.SamplingProbability:
                values.Probability = octets.Length == 4 ? BinaryPrimitives.ReadSingleBigEndian(octets) : BinaryPrimitives.ReadDoubleBigEndian(octets);
                values.HasSampling = true;
                break;
            case FlowElement.FrameSection:
                PacketSection.TakeAndBlank(LinkType.Ethernet, octets, (int)Math.Min(values.FrameSize, ushort.MaxValue), ref flow);
                break;
            case FlowElement.IpHeaderSection:
                PacketSection.TakeAndBlank(LinkType.Raw, octets, 0, ref flow);
                break;
            case FlowElement.PayloadSection:
                octets.Clear();
                break;
            default:
                TakeNumber(element, RecordValues.Unsigned(octets), ref flow, ref values);
                break;
        }
    }

    private static void TakeNumber(FlowElement element, ulong number, ref ExportedFlow flow, ref RecordValues values)
    {
        switch (element)
        {
            case FlowElement.IpVersion:
                values.IpVersion = (byte)number;
                break;
            case FlowElement.Protocol:
                flow.Protocol = (IpProtocol)number;
                flow.Fields |= FlowFields.Protocol;
                break;
            case FlowElement.SourcePort:
                flow.SourcePort = (ushort)number;
                flow.Fields |= FlowFields.Ports;
                break;
            case FlowElement.DestinationPort:
                flow.DestinationPort = (ushort)number;
                flow.Fields |= FlowFields.Ports;
                break;
            case FlowElement.TcpFlags:
                flow.TcpFlags = (TcpControlBits)number;
                flow.Fields |= FlowFields.TcpFlags;
                break;
            case FlowElement.ReverseTcpFlags:
                flow.ReverseTcpFlags = (TcpControlBits)number;
                flow.Fields |= FlowFields.ReverseTcpFlags;
                break;
            case FlowElement.IcmpTypeCode:
                flow.IcmpTypeCode = (ushort)number;
                flow.Fields |= FlowFields.Icmp;
                break;
            case FlowElement.ReverseIcmpTypeCode:
                flow.ReverseIcmpTypeCode = (ushort)number;
                flow.Fields |= FlowFields.ReverseIcmp;
                break;
            case FlowElement.TrafficClass:
                flow.TrafficClass = (byte)number;
                flow.Fields |= FlowFields.TrafficClass;
                break;
            case FlowElement.VlanId:
                flow.VlanId = (ushort)(number & 0x0FFF);
                flow.Fields |= FlowFields.Vlan;
                break;
            case FlowElement.CustomerVlanId:
                flow.CustomerVlanId = (ushort)(number & 0x0FFF);
                break;
            case FlowElement.IngressInterface:
                flow.IngressInterface = (uint)number;
                flow.Fields |= FlowFields.IngressInterface;
                break;
            case FlowElement.EgressInterface:
                flow.EgressInterface = (uint)number;
                flow.Fields |= FlowFields.EgressInterface;
                break;
            case FlowElement.SourceAs:
                flow.SourceAs = (uint)number;
                flow.Fields |= FlowFields.SourceAs;
                break;
            case FlowElement.DestinationAs:
                flow.DestinationAs = (uint)number;
                flow.Fields |= FlowFields.DestinationAs;
                break;
            case FlowElement.SourcePrefixLength:
                flow.SourcePrefixLength = (byte)number;
                flow.Fields |= FlowFields.SourcePrefixLength;
                break;
            case FlowElement.DestinationPrefixLength:
                flow.DestinationPrefixLength = (byte)number;
                flow.Fields |= FlowFields.DestinationPrefixLength;
                break;
            case FlowElement.IngressVrf:
                flow.IngressVrf = (uint)number;
                flow.Fields |= FlowFields.IngressVrf;
                break;
            case FlowElement.EgressVrf:
                flow.EgressVrf = (uint)number;
                flow.Fields |= FlowFields.EgressVrf;
                break;
            case FlowElement.ForwardingStatus:
                flow.ForwardingStatus = (byte)number;
                flow.Fields |= FlowFields.ForwardingStatus;
                break;
            case FlowElement.Direction:
                flow.Direction = (byte)number;
                flow.Fields |= FlowFields.Direction;
                break;
            case FlowElement.BiflowDirection:
                flow.BiflowDirection = (byte)number;
                flow.Fields |= FlowFields.BiflowDirection;
                break;
            case FlowElement.FirewallEvent:
                flow.FirewallEvent = (byte)number;
                flow.Fields |= FlowFields.FirewallEvent;
                break;
            case FlowElement.EndReason:
                flow.EndReason = (FlowEndReason)number;
                flow.Fields |= FlowFields.EndReason;
                break;
            case FlowElement.Packets:
                flow.PacketCount = Counter(number);
                flow.Fields |= FlowFields.Packets;
                break;
            case FlowElement.Octets:
                flow.OctetCount = Counter(number);
                flow.Fields |= FlowFields.Octets;
                break;
            case FlowElement.ReversePackets:
                flow.ReversePacketCount = Counter(number);
                flow.Fields |= FlowFields.ReversePackets;
                break;
            case FlowElement.ReverseOctets:
                flow.ReverseOctetCount = Counter(number);
                flow.Fields |= FlowFields.ReverseOctets;
                break;
            case FlowElement.Sampler:
                flow.SamplerId = number;
                flow.Fields |= FlowFields.Sampler;
                break;
            default:
                TakeRare(element, number, ref values);
                break;
        }
    }

    private static void TakeRare(FlowElement element, ulong number, ref RecordValues values)
    {
        switch (element)
        {
            case FlowElement.StartSeconds:
                values.StartNs = RecordValues.Scale(number, 1_000_000_000);
                break;
            case FlowElement.EndSeconds:
                values.EndNs = RecordValues.Scale(number, 1_000_000_000);
                break;
            case FlowElement.StartMilliseconds:
                values.StartNs = RecordValues.Scale(number, 1_000_000);
                break;
            case FlowElement.EndMilliseconds:
                values.EndNs = RecordValues.Scale(number, 1_000_000);
                break;
            case FlowElement.StartUptime:
                values.StartUptimeMs = (uint)number;
                break;
            case FlowElement.EndUptime:
                values.EndUptimeMs = (uint)number;
                break;
            case FlowElement.StartDeltaMicroseconds:
                values.StartDeltaNs = RecordValues.Scale(number, 1_000);
                break;
            case FlowElement.EndDeltaMicroseconds:
                values.EndDeltaNs = RecordValues.Scale(number, 1_000);
                break;
            case FlowElement.ObservationSeconds:
                values.ObservationNs = RecordValues.Scale(number, 1_000_000_000);
                break;
            case FlowElement.ObservationMilliseconds:
                values.ObservationNs = RecordValues.Scale(number, 1_000_000);
                break;
            case FlowElement.DurationMilliseconds:
                values.DurationNs = RecordValues.Scale(number, 1_000_000);
                break;
            case FlowElement.DurationMicroseconds:
                values.DurationNs = RecordValues.Scale(number, 1_000);
                break;
            case FlowElement.SystemInitMilliseconds:
                values.SystemInitNs = RecordValues.Scale(number, 1_000_000);
                break;
            case FlowElement.SamplingInterval:
                (values.Interval, values.HasSampling) = (number, true);
                break;
            case FlowElement.SamplingPacketInterval:
                (values.PacketInterval, values.HasSampling) = (number, true);
                break;
            case FlowElement.SamplingPacketSpace:
                (values.PacketSpace, values.HasSampling) = (number, true);
                break;
            case FlowElement.SamplingSize:
                (values.Size, values.HasSampling) = (number, true);
                break;
            case FlowElement.SamplingPopulation:
                (values.Population, values.HasSampling) = (number, true);
                break;
            case FlowElement.IcmpType:
                (values.IcmpType, values.HasIcmpType) = ((byte)number, true);
                break;
            case FlowElement.IcmpCode:
                (values.IcmpCode, values.HasIcmpType) = ((byte)number, true);
                break;
            case FlowElement.TemplateScope:
                (values.TemplateScope, values.HasTemplateScope) = ((ushort)number, true);
                break;
            case FlowElement.FrameSize:
                values.FrameSize = (uint)Math.Min(number, uint.MaxValue);
                break;
        }
    }

    /// <summary>No counter reaches 2⁶³; one that says so is noise, and must not turn a sum negative.</summary>
    private static long Counter(ulong number) => (long)Math.Min(number, long.MaxValue >> 8);
}
