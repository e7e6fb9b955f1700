using System.Buffers.Binary;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Collect.Templates;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Sflow;

/// <content>The flow and counter records inside samples.</content>
internal sealed partial class SflowDecoder
{
    private const uint RawPacketHeader = 1;
    private const uint SampledIPv4 = 3;
    private const uint SampledIPv6 = 4;
    private const uint ExtendedSwitch = 1001;
    private const uint GenericInterface = 1;

    /// <summary>§5.3 header_protocol.</summary>
    private static LinkType? LinkOf(uint headerProtocol) => headerProtocol switch
    {
        1 => LinkType.Ethernet,
        11 => LinkType.IPv4,
        12 => LinkType.IPv6,
        _ => null,
    };

    private bool ReadFlowRecords(Span<byte> records, uint count, SamplingRate rate, ExporterDomain domain)
    {
        var hasPacket = false;
        for (; count > 0; count--)
        {
            if (records.Length < 8)
                return Blank(records) && false;
            var format = BinaryPrimitives.ReadUInt32BigEndian(records);
            var length = BinaryPrimitives.ReadUInt32BigEndian(records[4..]);
            if (length > (uint)(records.Length - 8))
                return Blank(records) && false;
            var record = records.Slice(8, (int)length);
            records = records[(8 + (int)length)..];
            hasPacket |= format switch
            {
                // The raw header is the best witness; where an agent sends parsed fields beside it, it has spoken already.
                RawPacketHeader => ReadRawHeader(record),
                SampledIPv4 when !hasPacket => ReadSampledIp(record, 4),
                SampledIPv6 when !hasPacket => ReadSampledIp(record, 16),
                ExtendedSwitch => ReadExtendedSwitch(record),
                _ => !Blank(record),
            };
        }

        records.Clear();
        // A sample of what is no IP (ARP, LLDP) is a sample all the same, and no flow.
        if (!hasPacket)
        {
            domain.NotIpSampleCount++;
            return true;
        }

        exporters.Prove(domain);
        sink.Deliver(ref _flow, rate, domain);
        return true;
    }

    /// <summary>§5.3 sampled_header: protocol, frame length, octets stripped off its end, header length, header.</summary>
    private bool ReadRawHeader(Span<byte> record)
    {
        if (record.Length < 16)
            return !Blank(record);
        var link = LinkOf(BinaryPrimitives.ReadUInt32BigEndian(record));
        var frameLength = BinaryPrimitives.ReadUInt32BigEndian(record[4..]);
        var stripped = BinaryPrimitives.ReadUInt32BigEndian(record[8..]);
        var captured = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(record[12..]), (uint)(record.Length - 16));
        record[(16 + captured)..].Clear();
        var header = record.Slice(16, captured);
        if (link is null || _flow.Has(FlowFields.Packets))
            return !Blank(header);
        return PacketSection.TakeAndBlank(link.Value, header, (int)Math.Min(frameLength - Math.Min(stripped, frameLength), 1 << 20), ref _flow);
    }

    /// <summary>§5.3 sampled_ipv4 and sampled_ipv6: length, protocol, addresses, ports, TCP flags, type of service.</summary>
    private bool ReadSampledIp(ReadOnlySpan<byte> record, int addressLength)
    {
        if (record.Length < 24 + (2 * addressLength))
            return false;
        var rest = record[(8 + (2 * addressLength))..];
        _flow.IpVersion = (byte)(addressLength == 4 ? 4 : 6);
        _flow.Source = AddressOf(record.Slice(8, addressLength));
        _flow.Destination = AddressOf(record.Slice(8 + addressLength, addressLength));
        _flow.Protocol = (IpProtocol)BinaryPrimitives.ReadUInt32BigEndian(record[4..]);
        _flow.OctetCount = BinaryPrimitives.ReadUInt32BigEndian(record);
        _flow.PacketCount = 1;
        _flow.TrafficClass = (byte)BinaryPrimitives.ReadUInt32BigEndian(rest[12..]);
        _flow.Fields |= FlowFields.Addresses | FlowFields.Protocol | FlowFields.Octets | FlowFields.Packets | FlowFields.TrafficClass;
        if (_flow.Protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp)
        {
            _flow.SourcePort = (ushort)BinaryPrimitives.ReadUInt32BigEndian(rest);
            _flow.DestinationPort = (ushort)BinaryPrimitives.ReadUInt32BigEndian(rest[4..]);
            _flow.Fields |= FlowFields.Ports;
        }

        if (_flow.Protocol == IpProtocol.Tcp)
        {
            _flow.TcpFlags = (TcpControlBits)BinaryPrimitives.ReadUInt32BigEndian(rest[8..]);
            _flow.Fields |= FlowFields.TcpFlags;
        }

        return true;
    }

    private static HostAddress AddressOf(ReadOnlySpan<byte> octets) =>
        octets.Length == 4 ? HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(octets)) : HostAddress.FromIPv6(octets);

    /// <summary>§5.3 extended_switch: the VLAN the frame came in on, which an untagged header does not show.</summary>
    private bool ReadExtendedSwitch(ReadOnlySpan<byte> record)
    {
        if (record.Length >= 16 && !_flow.Has(FlowFields.Vlan) && BinaryPrimitives.ReadUInt32BigEndian(record) is > 0 and < 4095 and var vlan)
        {
            _flow.VlanId = (ushort)vlan;
            _flow.Fields |= FlowFields.Vlan;
        }

        return false;
    }

    /// <summary>§5.4 counters_sample and counters_sample_expanded: only generic interface counters are read.</summary>
    private bool ReadCounterSample(Span<byte> sample, bool expanded, ExporterDomain domain, long receivedNs)
    {
        var head = expanded ? 16 : 12;
        if (sample.Length < head)
            return false;
        totals.CounterSampleCount++;
        var count = BinaryPrimitives.ReadUInt32BigEndian(sample[(head - 4)..]);
        ReadOnlySpan<byte> records = sample[head..];
        for (; count > 0; count--)
        {
            if (records.Length < 8)
                return false;
            var format = BinaryPrimitives.ReadUInt32BigEndian(records);
            var length = BinaryPrimitives.ReadUInt32BigEndian(records[4..]);
            if (length > (uint)(records.Length - 8))
                return false;
            if (format == GenericInterface && length >= 88)
                sink.Deliver(ReadInterface(records[8..], domain.Key.Agent, receivedNs));
            records = records[(8 + (int)length)..];
        }

        return true;
    }

    private static InterfaceCounters ReadInterface(ReadOnlySpan<byte> record, HostAddress agent, long receivedNs) => new()
    {
        Agent = agent,
        Interface = BinaryPrimitives.ReadUInt32BigEndian(record),
        SpeedBitsPerSecond = BinaryPrimitives.ReadUInt64BigEndian(record[8..]),
        IsUp = (BinaryPrimitives.ReadUInt32BigEndian(record[20..]) & 3) == 3,
        InOctets = BinaryPrimitives.ReadUInt64BigEndian(record[24..]),
        InPackets = Sum(record[32..]),
        InDiscards = BinaryPrimitives.ReadUInt32BigEndian(record[44..]),
        InErrors = BinaryPrimitives.ReadUInt32BigEndian(record[48..]),
        OutOctets = BinaryPrimitives.ReadUInt64BigEndian(record[56..]),
        OutPackets = Sum(record[64..]),
        OutDiscards = BinaryPrimitives.ReadUInt32BigEndian(record[76..]),
        OutErrors = BinaryPrimitives.ReadUInt32BigEndian(record[80..]),
        ReceivedNs = receivedNs,
    };

    /// <summary>Unicast, multicast and broadcast; a counter that the agent does not have is all ones.</summary>
    private static ulong Sum(ReadOnlySpan<byte> counters)
    {
        ulong sum = 0;
        for (var index = 0; index < 3; index++)
        {
            if (BinaryPrimitives.ReadUInt32BigEndian(counters[(4 * index)..]) is not uint.MaxValue and var counter)
                sum += counter;
        }

        return sum;
    }
}
