using System.Buffers.Binary;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Templates;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Export;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Metering.Tests.Collect;
using EdgeSensors.Metering.Tests.Flows;

namespace EdgeSensors.Metering.Tests.Export;

/// <summary>RFC 7011 §8 (templates), §3.1 (sequence numbers), §4 (statistics).</summary>
public class IpfixExporterTests
{
    [Fact]
    public void A_collector_that_comes_late_learns_the_templates_within_the_stated_messages()
    {
        var sent = Export(new MessageList(), flows: 10_000, new IpfixExporterOptions { TemplateMessages = 50 });
        var rig = new CollectorRig();
        foreach (var message in sent.Messages.Skip(60))
            rig.Add(message);
        Assert.Equal(0, rig.Totals.HeldSetCount - rig.Totals.ReleasedSetCount);
        Assert.InRange(rig.Totals.HeldSetCount, 1, 50);
    }

    [Fact]
    public void A_collector_that_comes_late_learns_the_templates_within_the_stated_time()
    {
        var clock = new HandClock();
        var sent = new MessageList();
        var exporter = new IpfixExporter(new IpfixExporterOptions(), sent, clock);
        var record = Flows(1)[0];
        exporter.OnBiflow(in record);
        exporter.Flush();
        var first = sent.Messages.Count;
        clock.Advance(TimeSpan.FromSeconds(59));
        exporter.OnBiflow(in record);
        exporter.Flush();
        Assert.Equal(first + 1, sent.Messages.Count);
        clock.Advance(TimeSpan.FromSeconds(1));
        exporter.OnBiflow(in record);
        exporter.Flush();

        var rig = new CollectorRig();
        Assert.All(sent.Messages.Skip(first + 1), message => Assert.Equal(CollectStatus.Ok, rig.Add(message)));
        Assert.Equal((1, 0), (rig.Flows.Count, rig.Totals.HeldSetCount));
    }

    [Fact]
    public void A_stream_is_told_each_template_once()
    {
        var sent = Export(new MessageList { IsLossy = false, MaxMessageLength = 2000 }, flows: 10_000, new IpfixExporterOptions { TemplateMessages = 10 });
        Assert.Equal(4, sent.Messages.Sum(message => Sets(message).Count(set => set is 2 or 3))); // tcp, selection, two statistics
        Assert.True(sent.Messages.Count > 100);
    }

    [Fact]
    public void Lost_messages_are_missed_to_the_record()
    {
        var sent = Export(new MessageList(), flows: 5_000, new IpfixExporterOptions());
        var rig = new CollectorRig();
        var lost = 0;
        foreach (var (message, index) in sent.Messages.Select((message, index) => (message, index)))
        {
            if (index % 10 == 5 && index < sent.Messages.Count - 5)
                lost += Records(message);
            else
                rig.Add(message);
        }

        Assert.True(lost > 100);
        Assert.Equal(lost, rig.Collector.Reports((long)(rig.Now * 1e9)).Sum(report => report.MissingCount));
    }

    [Fact]
    public void What_did_not_leave_is_counted_and_told_in_domain_0_and_templates_go_again()
    {
        // The first three messages: statistics, selection, and the one with the template.
        var sent = Export(new MessageList { Leaves = number => number is not (2 or 20) }, flows: 3_000, new IpfixExporterOptions(), out var totals);
        var rig = new CollectorRig();
        Assert.All(sent.Messages, message => Assert.Equal(CollectStatus.Ok, rig.Add((byte[])message.Clone())));
        Assert.Equal((0, 3_000), (rig.Totals.HeldSetCount, totals.NotSentFlowCount + rig.Flows.Count));
        Assert.True(totals.NotSentFlowCount > 20);
        Assert.Equal((totals.NotSentFlowCount, totals.NotSentFlowCount * 40), (totals.NotSentPacketCount, totals.NotSentOctetCount));
        Assert.All(rig.Collector.Reports((long)(rig.Now * 1e9)), report => Assert.Equal(0, report.MissingCount));

        // The last message: the statistics of the whole, three counters behind a scope of four octets each.
        var last = sent.Messages[^1];
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32BigEndian(last.AsSpan(12)));
        Assert.Equal(
            (totals.MessageCount - 1, totals.FlowRecordCount, totals.NotSentFlowCount, totals.NotSentOctetCount),
            (Count(last, 601, 0), Count(last, 601, 1), Count(last, 602, 0), Count(last, 602, 2)));
    }

    [Fact]
    public void The_flags_of_the_first_packet_are_told_beside_the_union()
    {
        var list = new RecordList();
        var table = new FlowTable(new FlowTableOptions(), list);
        foreach (var packet in new[] { Packets.Tcp(0, true, TcpControlBits.Syn), Packets.Tcp(1, false, TcpControlBits.Syn | TcpControlBits.Ack), Packets.Tcp(2, true, TcpControlBits.Ack | TcpControlBits.Psh) })
            table.Add(in packet);
        table.Flush();
        var record = Assert.Single(list.Records);
        Assert.Equal(
            (0x1A, 0x02, 0x12, 0x12), (Field(record, true, 0, 6), Field(record, true, 6871, 14), Field(record, true, FieldSpecifier.ReverseEnterprise, 6), Field(record, true, 6871, 14 | 0x4000)));
        Assert.Equal((0x1A, 0x02), (Field(record, false, 0, 6), Field(record, false, 6871, 14)));
    }

    [Theory]
    [InlineData(TunnelKind.Vxlan, 0xABCDEF, 351, 0x01_0000_0000_ABCDEF)]
    [InlineData(TunnelKind.Nvgre, 0xABCDEF, 351, 0x02_0000_0000_ABCDEF)]
    [InlineData(TunnelKind.GtpU, 0x89ABCDEF, 507, 0x89ABCDEF)]
    public void The_id_of_a_tunnel_is_told_where_the_registry_has_an_element(TunnelKind tunnel, uint id, ushort element, ulong expected)
    {
        var list = new RecordList();
        var table = new FlowTable(new FlowTableOptions(), list);
        var packet = Packets.Udp(0, fromClient: true);
        (packet.Tunnel, packet.TunnelId) = (tunnel, id);
        table.Add(in packet);
        table.Flush();
        Assert.Equal((long)expected, Field(Assert.Single(list.Records), false, 0, element));
    }

    [Fact]
    public void Observation_domain_0_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(
        () => new IpfixExporter(new IpfixExporterOptions { ObservationDomainId = 0 }, new MessageList(), TimeProvider.System));

    /// <summary>A field of the first record of a flow's last message before the statistics.</summary>
    private static long Field(BiflowRecord record, bool biflows, uint enterprise, int element)
    {
        var sent = new MessageList();
        var exporter = new IpfixExporter(new IpfixExporterOptions { Biflows = biflows }, sent, new HandClock());
        exporter.OnBiflow(in record);
        exporter.Flush();
        var message = sent.Messages[^1];
        for (var at = 16; at < message.Length; at += BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at + 2)))
        {
            int id = BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at));
            if (id < 256)
                continue;
            var offset = at + 4;
            foreach (var field in FlowTemplate.All[id - 256].Fields)
            {
                if (field.Enterprise == enterprise && field.Id == element)
                    return (long)RecordValues.Unsigned(message.AsSpan(offset, field.Length));
                offset += field.Length;
            }
        }

        return -1;
    }

    private static MessageList Export(MessageList transport, int flows, IpfixExporterOptions options) => Export(transport, flows, options, out _);

    private static MessageList Export(MessageList transport, int flows, IpfixExporterOptions options, out ExportTotals totals)
    {
        var exporter = new IpfixExporter(options, transport, new HandClock());
        foreach (var record in Flows(flows))
            exporter.OnBiflow(in record);
        exporter.End();
        totals = exporter.Totals;
        return transport;
    }

    private static List<BiflowRecord> Flows(int count)
    {
        var list = new RecordList();
        var table = new FlowTable(new FlowTableOptions(), list);
        for (var port = 0; port < count; port++)
        {
            var packet = Packets.Tcp(0, fromClient: true, TcpControlBits.Syn, port: 1000 + port);
            table.Add(in packet);
        }

        table.Flush();
        return list.Records;
    }

    private static IEnumerable<int> Sets(byte[] message)
    {
        for (var at = 16; at < message.Length; at += BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at + 2)))
            yield return BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at));
    }

    /// <summary>Data records of a message, by their fixed lengths.</summary>
    private static int Records(byte[] message)
    {
        var records = 0;
        for (var at = 16; at < message.Length;)
        {
            int id = BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at));
            int length = BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at + 2));
            records += id switch { 600 => (length - 4) / 14, 601 or 602 => (length - 4) / 28, > 255 => (length - 4) / FlowTemplate.All[id - 256].RecordLength, _ => 0 };
            at += length;
        }

        return records;
    }

    private static long Count(byte[] message, int set, int counter)
    {
        for (var at = 16; at < message.Length; at += BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at + 2)))
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at)) == set)
                return BinaryPrimitives.ReadInt64BigEndian(message.AsSpan(at + 8 + (8 * counter)));
        }

        return -1;
    }

    /// <summary>A clock that the test sets.</summary>
    private sealed class HandClock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan time) => _now += time;

        public override DateTimeOffset GetUtcNow() => _now;

        public override long GetTimestamp() => _now.Ticks;
    }
}
