using System.Buffers;
using System.Text.Json;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>
/// One JSON object a line; names are those of IANA IPFIX information elements where there is one, with the prefix "reverse" of RFC 5103 §6.1 for the way back.
/// Elements that do not apply (ports of ICMP, reverse flags of UDP, …) are left out.
/// </summary>
internal sealed class JsonLinesFlowWriter : IFlowWriter
{
    private const int FlushAt = 1 << 16;

    private readonly Stream _output;
    private readonly ArrayBufferWriter<byte> _buffer = new(FlushAt + 4096);
    private readonly Utf8JsonWriter _json;

    public JsonLinesFlowWriter(Stream output)
    {
        _output = output;
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { SkipValidation = true });
    }

    public void OnBiflow(ref readonly BiflowRecord record)
    {
        WriteRecord(in record);
        EndLine();
    }

    public void OnBiflow(ref readonly BiflowRecord record, ref readonly BiflowDetail detail)
    {
        WriteRecord(in record);
        WriteDetail(in record, in detail);
        EndLine();
    }

    private void WriteRecord(ref readonly BiflowRecord record)
    {
        var json = _json;
        json.Reset();
        json.WriteStartObject();
        json.WriteNumber("flowStartMilliseconds"u8, record.FirstNs / 1_000_000);
        json.WriteNumber("flowEndMilliseconds"u8, record.LastNs / 1_000_000);
        WriteAddresses(in record);
        var protocol = record.Protocol;
        if (protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp)
        {
            json.WriteNumber("sourceTransportPort"u8, record.SourcePort);
            json.WriteNumber("destinationTransportPort"u8, record.DestinationPort);
        }

        json.WriteNumber("protocolIdentifier"u8, (int)protocol);
        json.WriteNumber("packetDeltaCount"u8, record.Forward.PacketCount);
        json.WriteNumber("octetDeltaCount"u8, record.Forward.OctetCount);
        json.WriteNumber("reversePacketDeltaCount"u8, record.Reverse.PacketCount);
        json.WriteNumber("reverseOctetDeltaCount"u8, record.Reverse.OctetCount);
        if (protocol == IpProtocol.Tcp)
        {
            json.WriteNumber("tcpControlBits"u8, (int)record.Forward.TcpFlags);
            json.WriteNumber("reverseTcpControlBits"u8, (int)record.Reverse.TcpFlags);
            json.WriteNumber("initialTCPFlags"u8, (int)record.Forward.FirstTcpFlags);
            json.WriteNumber("reverseInitialTCPFlags"u8, (int)record.Reverse.FirstTcpFlags);
        }

        if (record.Forward.HasIcmp)
            json.WriteNumber(record.IpVersion == 4 ? "icmpTypeCodeIPv4"u8 : "icmpTypeCodeIPv6"u8, record.Forward.IcmpTypeCode);
        if (record.Reverse.HasIcmp)
            json.WriteNumber(record.IpVersion == 4 ? "reverseIcmpTypeCodeIPv4"u8 : "reverseIcmpTypeCodeIPv6"u8, record.Reverse.IcmpTypeCode);
        if (record.VlanId != 0)
            json.WriteNumber("vlanId"u8, record.VlanId);
        if (record.CustomerVlanId != 0)
            json.WriteNumber("dot1qCustomerVlanId"u8, record.CustomerVlanId);
        if (record.Tunnel != TunnelKind.None)
        {
            json.WriteString("tunnelType"u8, TableFlowWriter.TunnelName(record.Tunnel));
            if (record.TunnelId != 0)
                json.WriteNumber("tunnelId"u8, record.TunnelId);
        }

        if (record.Reverse.PacketCount > 0)
        {
            json.WriteNumber("reverseFlowStartMilliseconds"u8, record.Reverse.FirstNs / 1_000_000);
            json.WriteNumber("reverseFlowEndMilliseconds"u8, record.Reverse.LastNs / 1_000_000);
        }

        json.WriteNumber("flowEndReason"u8, (int)record.EndReason);
        json.WriteString("flowOutcome"u8, OutcomeName(record.Outcome));
        WriteSpread(record.Forward, "ipTotalLengthMean"u8, "ipTotalLengthVariance"u8, "packetGapMeanMicroseconds"u8, "packetGapVarianceSquareMicroseconds"u8);
        WriteSpread(
            record.Reverse, "reverseIpTotalLengthMean"u8, "reverseIpTotalLengthVariance"u8, "reversePacketGapMeanMicroseconds"u8, "reversePacketGapVarianceSquareMicroseconds"u8);
    }

    private void EndLine()
    {
        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("\n"u8);
        if (_buffer.WrittenCount >= FlushAt)
            Flush();
    }

    public void Flush()
    {
        _output.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
    }

    public void Dispose() => _json.Dispose();

    internal static ReadOnlySpan<byte> OutcomeName(FlowOutcome outcome) => outcome switch
    {
        FlowOutcome.Refused => "refused"u8,
        FlowOutcome.ResetByResponder => "reset-by-responder"u8,
        FlowOutcome.ResetByInitiator => "reset-by-initiator"u8,
        FlowOutcome.Closed => "closed"u8,
        FlowOutcome.HalfClosed => "half-closed"u8,
        FlowOutcome.Established => "established"u8,
        FlowOutcome.HalfOpen => "half-open"u8,
        FlowOutcome.Attempted => "attempted"u8,
        _ => "unknown"u8,
    };

    private void WriteDetail(ref readonly BiflowRecord record, ref readonly BiflowDetail detail)
    {
        var json = _json;
        WriteBounds(detail.Forward, record.Forward.PacketCount, "minimumIpTotalLength"u8, "maximumIpTotalLength"u8, "minimumTTL"u8, "maximumTTL"u8, "ttlMean"u8);
        WriteBounds(
            detail.Reverse, record.Reverse.PacketCount, "reverseMinimumIpTotalLength"u8, "reverseMaximumIpTotalLength"u8, "reverseMinimumTTL"u8, "reverseMaximumTTL"u8, "reverseTtlMean"u8);
        if (record.Protocol == IpProtocol.Tcp)
        {
            json.WriteNumber("tcpRetransmissionCount"u8, detail.Forward.RetransmissionCount);
            json.WriteNumber("reverseTcpRetransmissionCount"u8, detail.Reverse.RetransmissionCount);
            json.WriteNumber("tcpZeroWindowCount"u8, detail.Forward.ZeroWindowCount);
            json.WriteNumber("reverseTcpZeroWindowCount"u8, detail.Reverse.ZeroWindowCount);
            if (detail.HandshakeNs > 0)
                json.WriteNumber("tcpHandshakeMicroseconds"u8, Math.Round(detail.HandshakeNs / 1e3, 3));
        }

        json.WriteStartArray("firstPacketLengths"u8);
        foreach (ref readonly var packet in detail.First)
            json.WriteNumberValue(packet.FromInitiator ? packet.IpLength : -packet.IpLength);
        json.WriteEndArray();
        json.WriteStartArray("firstPacketGapsMicroseconds"u8);
        foreach (ref readonly var packet in detail.First)
            json.WriteNumberValue(packet.GapMicroseconds);
        json.WriteEndArray();
    }

    private void WriteBounds(
        in DirectionDetail direction, long packets, ReadOnlySpan<byte> minSize, ReadOnlySpan<byte> maxSize, ReadOnlySpan<byte> minTtl, ReadOnlySpan<byte> maxTtl, ReadOnlySpan<byte> ttlMean)
    {
        if (packets == 0)
            return;
        _json.WriteNumber(minSize, direction.MinIpLength);
        _json.WriteNumber(maxSize, direction.MaxIpLength);
        _json.WriteNumber(minTtl, direction.MinTtl);
        _json.WriteNumber(maxTtl, direction.MaxTtl);
        _json.WriteNumber(ttlMean, Math.Round(direction.TtlMean, 3));
    }

    /// <summary>Means and variances, to a thousandth; what takes two packets is left out of one.</summary>
    private void WriteSpread(in DirectionCounters direction, ReadOnlySpan<byte> sizeMean, ReadOnlySpan<byte> sizeVariance, ReadOnlySpan<byte> gapMean, ReadOnlySpan<byte> gapVariance)
    {
        if (direction.PacketCount < 2)
            return;
        _json.WriteNumber(sizeMean, Math.Round(direction.SizeMean, 3));
        _json.WriteNumber(sizeVariance, Math.Round(direction.SizeVariance, 3));
        _json.WriteNumber(gapMean, Math.Round(direction.GapMeanNs / 1e3, 3));
        _json.WriteNumber(gapVariance, Math.Round(direction.GapVariance / 1e6, 3));
    }

    private void WriteAddresses(ref readonly BiflowRecord record)
    {
        Span<byte> text = stackalloc byte[HostAddress.MaxTextLength];
        record.Source.TryFormat(text, out var length);
        _json.WriteString(record.IpVersion == 4 ? "sourceIPv4Address"u8 : "sourceIPv6Address"u8, text[..length]);
        record.Destination.TryFormat(text, out length);
        _json.WriteString(record.IpVersion == 4 ? "destinationIPv4Address"u8 : "destinationIPv6Address"u8, text[..length]);
    }
}
