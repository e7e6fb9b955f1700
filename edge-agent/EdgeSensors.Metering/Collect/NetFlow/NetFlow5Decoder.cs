using System.Buffers.Binary;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.NetFlow;

/// <summary>
/// Reads NetFlow v5 export packets: a header of 24 octets and up to 30 IPv4 records of 48 (Cisco, NetFlow Services Solutions Guide, tables B-3 and B-4).
/// The sequence number counts records.
/// </summary>
internal sealed class NetFlow5Decoder(ExporterTable exporters, FlowSink sink)
{
    public const int HeaderLength = 24;
    public const int RecordLength = 48;

    private const FlowFields Given = FlowFields.Addresses | FlowFields.Protocol | FlowFields.Packets | FlowFields.Octets | FlowFields.TcpFlags
        | FlowFields.TrafficClass | FlowFields.IngressInterface | FlowFields.EgressInterface | FlowFields.SourceAs | FlowFields.DestinationAs
        | FlowFields.SourcePrefixLength | FlowFields.DestinationPrefixLength | FlowFields.NextHop | FlowFields.Times;

    private ExportedFlow _flow;

    public CollectStatus Read(ExporterEndpoint from, long receivedNs, ReadOnlySpan<byte> packet)
    {
        if (packet.Length < HeaderLength)
            return CollectStatus.HeaderTruncated;
        int count = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        var uptimeMs = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        var exportNs = (BinaryPrimitives.ReadUInt32BigEndian(packet[8..]) * 1_000_000_000L) + Math.Min(BinaryPrimitives.ReadUInt32BigEndian(packet[12..]), 999_999_999);
        var sequence = BinaryPrimitives.ReadUInt32BigEndian(packet[16..]);
        var engine = BinaryPrimitives.ReadUInt16BigEndian(packet[20..]);
        // Two bits of mode, fourteen of interval; 0 is what exporters send that do not say.
        var stated = SamplingRate.Stated(BinaryPrimitives.ReadUInt16BigEndian(packet[22..]) & 0x3FFF, SamplingSource.Header);

        var domain = exporters.Get(new DomainKey(from, ExportFormat.NetFlow5, engine, from.Address), receivedNs);
        if (!domain.Begin(sequence, Fingerprint.Of(packet), exportNs, receivedNs, uptimeMs))
            return CollectStatus.Duplicate;
        var whole = Math.Min(count, (packet.Length - HeaderLength) / RecordLength);
        if (whole > 0)
            exporters.Prove(domain);
        for (var index = 0; index < whole; index++)
        {
            Read(packet.Slice(HeaderLength + (RecordLength * index), RecordLength), domain.Key, uptimeMs, exportNs, receivedNs);
            sink.Deliver(ref _flow, stated, domain);
        }

        domain.Sequence.End(count);
        return whole == count ? CollectStatus.Ok : CollectStatus.Truncated;
    }

    private void Read(ReadOnlySpan<byte> record, DomainKey key, uint uptimeMs, long exportNs, long receivedNs)
    {
        _flow = default;
        _flow.Fields = Given;
        _flow.Format = ExportFormat.NetFlow5;
        _flow.Exporter = key.Exporter;
        _flow.ObservationDomainId = key.DomainId;
        _flow.ExportNs = exportNs;
        _flow.ReceivedNs = receivedNs;
        _flow.IpVersion = 4;
        _flow.Source = HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(record));
        _flow.Destination = HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(record[4..]));
        _flow.NextHop = HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(record[8..]));
        _flow.IngressInterface = BinaryPrimitives.ReadUInt16BigEndian(record[12..]);
        _flow.EgressInterface = BinaryPrimitives.ReadUInt16BigEndian(record[14..]);
        _flow.PacketCount = BinaryPrimitives.ReadUInt32BigEndian(record[16..]);
        _flow.OctetCount = BinaryPrimitives.ReadUInt32BigEndian(record[20..]);
        // Signed differences: the uptime counter wraps after 49 days.
        _flow.StartNs = exportNs - ((long)(int)(uptimeMs - BinaryPrimitives.ReadUInt32BigEndian(record[24..])) * 1_000_000);
        _flow.EndNs = exportNs - ((long)(int)(uptimeMs - BinaryPrimitives.ReadUInt32BigEndian(record[28..])) * 1_000_000);
        _flow.TcpFlags = (TcpControlBits)record[37];
        _flow.Protocol = (IpProtocol)record[38];
        _flow.TrafficClass = record[39];
        _flow.SourceAs = BinaryPrimitives.ReadUInt16BigEndian(record[40..]);
        _flow.DestinationAs = BinaryPrimitives.ReadUInt16BigEndian(record[42..]);
        _flow.SourcePrefixLength = record[44];
        _flow.DestinationPrefixLength = record[45];
        if (_flow.Protocol == IpProtocol.Icmp)
        {
            // Type and code stand in the place of the destination port.
            _flow.IcmpTypeCode = BinaryPrimitives.ReadUInt16BigEndian(record[34..]);
            _flow.Fields |= FlowFields.Icmp;
        }
        else
        {
            _flow.SourcePort = BinaryPrimitives.ReadUInt16BigEndian(record[32..]);
            _flow.DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(record[34..]);
            _flow.Fields |= FlowFields.Ports;
        }
    }
}
