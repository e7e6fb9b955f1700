using System.Buffers;
using System.Text.Json;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>
/// One JSON object a record, named by the IANA IPFIX registry whatever the protocol was, with RFC 5103's prefix for the way back. What the exporter did not give is left out. A
/// sampling rate is samplingSize 1 of a samplingPopulation; while it is unknown both are left out.
/// </summary>
internal sealed class JsonLinesRecordWriter : IRecordWriter
{
    private const int FlushAt = 1 << 16;

    private readonly Stream _output;
    private readonly ArrayBufferWriter<byte> _buffer = new(FlushAt + 4096);
    private readonly Utf8JsonWriter _json;

    public JsonLinesRecordWriter(Stream output)
    {
        _output = output;
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { SkipValidation = true });
    }

    public void OnFlow(ref readonly ExportedFlow flow)
    {
        var json = _json;
        json.Reset();
        json.WriteStartObject();
        Address(flow.Exporter.Address, "exporterIPv4Address"u8, "exporterIPv6Address"u8);
        json.WriteNumber("observationDomainId"u8, flow.ObservationDomainId);
        json.WriteNumber("flowStartMilliseconds"u8, flow.StartNs / 1_000_000);
        json.WriteNumber("flowEndMilliseconds"u8, flow.EndNs / 1_000_000);
        if (flow.Has(FlowFields.Addresses))
        {
            Address(flow.Source, "sourceIPv4Address"u8, "sourceIPv6Address"u8);
            Address(flow.Destination, "destinationIPv4Address"u8, "destinationIPv6Address"u8);
        }

        if (flow.Has(FlowFields.Ports))
        {
            json.WriteNumber("sourceTransportPort"u8, flow.SourcePort);
            json.WriteNumber("destinationTransportPort"u8, flow.DestinationPort);
        }

        Number(in flow, FlowFields.Protocol, "protocolIdentifier"u8, (long)flow.Protocol);
        var totals = flow.Has(FlowFields.CountersAreTotals);
        Number(in flow, FlowFields.Packets, totals ? "packetTotalCount"u8 : "packetDeltaCount"u8, flow.PacketCount);
        Number(in flow, FlowFields.Octets, totals ? "octetTotalCount"u8 : "octetDeltaCount"u8, flow.OctetCount);
        Number(in flow, FlowFields.ReversePackets, totals ? "reversePacketTotalCount"u8 : "reversePacketDeltaCount"u8, flow.ReversePacketCount);
        Number(in flow, FlowFields.ReverseOctets, totals ? "reverseOctetTotalCount"u8 : "reverseOctetDeltaCount"u8, flow.ReverseOctetCount);
        if (flow.Protocol == IpProtocol.Tcp)
        {
            Number(in flow, FlowFields.TcpFlags, "tcpControlBits"u8, (long)flow.TcpFlags);
            Number(in flow, FlowFields.ReverseTcpFlags, "reverseTcpControlBits"u8, (long)flow.ReverseTcpFlags);
        }

        Number(in flow, FlowFields.Icmp, flow.IpVersion == 6 ? "icmpTypeCodeIPv6"u8 : "icmpTypeCodeIPv4"u8, flow.IcmpTypeCode);
        Number(in flow, FlowFields.ReverseIcmp, flow.IpVersion == 6 ? "reverseIcmpTypeCodeIPv6"u8 : "reverseIcmpTypeCodeIPv4"u8, flow.ReverseIcmpTypeCode);
        Number(in flow, FlowFields.TrafficClass, "ipClassOfService"u8, flow.TrafficClass);
        Number(in flow, FlowFields.Vlan, "vlanId"u8, flow.VlanId);
        Number(in flow, FlowFields.IngressInterface, "ingressInterface"u8, flow.IngressInterface);
        Number(in flow, FlowFields.EgressInterface, "egressInterface"u8, flow.EgressInterface);
        Number(in flow, FlowFields.SourceAs, "bgpSourceAsNumber"u8, flow.SourceAs);
        Number(in flow, FlowFields.DestinationAs, "bgpDestinationAsNumber"u8, flow.DestinationAs);
        Number(in flow, FlowFields.SourcePrefixLength, flow.IpVersion == 6 ? "sourceIPv6PrefixLength"u8 : "sourceIPv4PrefixLength"u8, flow.SourcePrefixLength);
        Number(in flow, FlowFields.DestinationPrefixLength, flow.IpVersion == 6 ? "destinationIPv6PrefixLength"u8 : "destinationIPv4PrefixLength"u8, flow.DestinationPrefixLength);
        if (flow.Has(FlowFields.NextHop))
            Address(flow.NextHop, "ipNextHopIPv4Address"u8, "ipNextHopIPv6Address"u8);
        Number(in flow, FlowFields.IngressVrf, "ingressVRFID"u8, flow.IngressVrf);
        Number(in flow, FlowFields.EgressVrf, "egressVRFID"u8, flow.EgressVrf);
        Number(in flow, FlowFields.ForwardingStatus, "forwardingStatus"u8, flow.ForwardingStatus);
        Number(in flow, FlowFields.Direction, "flowDirection"u8, flow.Direction);
        Number(in flow, FlowFields.BiflowDirection, "biflowDirection"u8, flow.BiflowDirection);
        Number(in flow, FlowFields.EndReason, "flowEndReason"u8, (long)flow.EndReason);
        Number(in flow, FlowFields.FirewallEvent, "firewallEvent"u8, flow.FirewallEvent);
        Number(in flow, FlowFields.Sampler, "selectorId"u8, (long)flow.SamplerId);
        if (flow.Sampling.IsKnown)
        {
            json.WriteNumber("samplingSize"u8, 1);
            json.WriteNumber("samplingPopulation"u8, flow.Sampling.OneIn);
        }

        json.WriteEndObject();
        json.Flush();
        _buffer.Write("\n"u8);
        if (_buffer.WrittenCount >= FlushAt)
            Flush();
    }

    public void Flush()
    {
        _output.Write(_buffer.WrittenSpan);
        _output.Flush();
        _buffer.ResetWrittenCount();
    }

    public void Dispose() => _json.Dispose();

    private void Number(ref readonly ExportedFlow flow, FlowFields field, ReadOnlySpan<byte> name, long value)
    {
        if (flow.Has(field))
            _json.WriteNumber(name, value);
    }

    private void Address(HostAddress address, ReadOnlySpan<byte> nameOfIPv4, ReadOnlySpan<byte> nameOfIPv6)
    {
        Span<byte> text = stackalloc byte[HostAddress.MaxTextLength];
        address.TryFormat(text, out var length);
        _json.WriteString(address.IsIPv4 ? nameOfIPv4 : nameOfIPv6, text[..length]);
    }
}
