using System.Buffers.Binary;
using System.Net;
using EdgeSensors.Benchmarks.Exports;
using EdgeSensors.FieldTest.Exports;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Listen;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Tests;

/// <summary>
/// Exports through a bad path into the collector's own socket: the totals stay within the stated bound (what came is counted once, what did not is counted as missing, to the record
/// where the format numbers records and to the datagram where it numbers datagrams), and each event is counted.
/// </summary>
public sealed class ReplayExportsTests
{
    private const int Datagrams = 400;
    private const int TemplatesEvery = 40;

    private static readonly ExporterEndpoint s_router = new(HostAddress.FromIPv4(0x0A000001), 50_000);

    [Theory]
    [InlineData(ExportFormat.Ipfix)]
    [InlineData(ExportFormat.NetFlow9)]
    [InlineData(ExportFormat.NetFlow5)]
    [InlineData(ExportFormat.Sflow5)]
    public async Task A_good_path_loses_nothing(ExportFormat format)
    {
        var (report, flows) = await CollectAsync(ExportPlan.Make(Stream(format), new Impairments()));
        var exporter = Assert.Single(report.Exporters);
        Assert.Equal((Records(format, Datagrams), 0, 0, 0), (flows, exporter.MissingCount, exporter.RestartCount, exporter.DuplicateCount));
        Assert.Equal(format == ExportFormat.Sflow5, report.Interfaces.Count > 0);
    }

    [Theory]
    [InlineData(ExportFormat.Ipfix)]
    [InlineData(ExportFormat.NetFlow9)]
    [InlineData(ExportFormat.NetFlow5)]
    [InlineData(ExportFormat.Sflow5)]
    public async Task Of_ten_percent_loss_every_lost_record_or_datagram_is_counted_and_nothing_else(ExportFormat format)
    {
        // The last datagram comes, so that every gap shows; the first comes too, as what was before it is known to nobody.
        var stream = Stream(format);
        var plan = ExportPlan.Make(stream, new Impairments { Loss = 0.1, Seed = Seed(stream, plan => plan.Sent[0] == stream.Datagrams[0] && plan.Sent[^1] == stream.Datagrams[^1]) });
        Assert.InRange(plan.Lost.Count, Datagrams / 20, Datagrams / 5);
        var (report, flows) = await CollectAsync(plan);
        var exporter = Assert.Single(report.Exporters);
        var lostData = plan.Lost.Count(datagram => !IsTemplates(datagram));
        Assert.Equal(Records(format, Datagrams - lostData), flows);
        var numbersRecords = format is ExportFormat.Ipfix or ExportFormat.NetFlow5;
        // An options record of a lost template message is a record as well.
        var options = plan.Lost.Count(IsTemplates);
        Assert.Equal(numbersRecords ? Records(format, lostData) + options : plan.Lost.Count, exporter.MissingCount);
        Assert.True(exporter.GapCount > 0);
    }

    [Theory]
    [InlineData(ExportFormat.Ipfix)]
    [InlineData(ExportFormat.NetFlow9)]
    [InlineData(ExportFormat.NetFlow5)]
    [InlineData(ExportFormat.Sflow5)]
    public async Task Disorder_and_copies_change_no_total_and_are_counted(ExportFormat format)
    {
        var plan = ExportPlan.Make(Stream(format), new Impairments { Reordering = 0.1, Duplication = 0.1 });
        Assert.True(plan is { Overtaken: > 10, Duplicated: > 10 });
        var (report, flows) = await CollectAsync(plan);
        var exporter = Assert.Single(report.Exporters);
        Assert.Equal((Records(format, Datagrams), 0, plan.Duplicated), (flows, exporter.MissingCount, exporter.DuplicateCount));
        Assert.Equal((plan.Overtaken, 0), (exporter.LateCount, exporter.RestartCount));
    }

    [Theory]
    [InlineData(ExportFormat.Ipfix)]
    [InlineData(ExportFormat.NetFlow9)]
    public async Task Data_whose_template_was_lost_waits_for_the_next_one(ExportFormat format)
    {
        var plan = ExportPlan.Make(Stream(format), new Impairments { LostTemplates = 1 });
        var (report, flows) = await CollectAsync(plan);
        Assert.Equal(Records(format, Datagrams), flows);
        Assert.Equal((TemplatesEvery, TemplatesEvery, 0), (report.Totals.HeldSetCount, report.Totals.ReleasedSetCount, report.Totals.DroppedSetCount));

        // And if none ever comes all of it is counted as waiting, and nothing is a flow.
        (report, flows) = await CollectAsync(ExportPlan.Make(Stream(format), new Impairments { LostTemplates = int.MaxValue }));
        Assert.Equal((0, Datagrams, 0), (flows, report.Totals.HeldSetCount, report.Totals.ReleasedSetCount));
        Assert.True(Assert.Single(report.Exporters).HeldOctets > 0);
    }

    [Theory]
    [InlineData(ExportFormat.Ipfix)]
    [InlineData(ExportFormat.NetFlow9)]
    [InlineData(ExportFormat.NetFlow5)]
    [InlineData(ExportFormat.Sflow5)]
    public async Task A_restart_in_mid_stream_is_counted_as_one_and_not_as_loss(ExportFormat format)
    {
        var plan = ExportPlan.Make(Stream(format), new Impairments { RestartAfter = 0.5 });
        Assert.Equal(1, plan.Restarted);
        var (report, flows) = await CollectAsync(plan);
        var exporter = Assert.Single(report.Exporters);
        Assert.Equal((Records(format, Datagrams), 0, 1), (flows, exporter.MissingCount, exporter.RestartCount));
        Assert.False(exporter.IsConflicting);
    }

    [Theory]
    [InlineData(ExportFormat.Ipfix)]
    [InlineData(ExportFormat.NetFlow9)]
    public async Task Two_exporters_at_one_address_are_said_to_be_two_and_no_record_is_lost_or_read_by_the_wrong_template(ExportFormat format)
    {
        var other = Stream(format, seed: 2, firstSequence: 2_000_000_000, from: s_router with { Port = 50_001 });
        var both = new ExportCapture([.. Stream(format).Datagrams.Zip(other.Datagrams, (a, b) => new[] { a, b }).SelectMany(pair => pair)]);
        var plan = ExportPlan.Make(both, new Impairments { OneAddress = true });
        var (report, flows) = await CollectAsync(plan);
        var exporter = Assert.Single(report.Exporters);
        Assert.True(exporter.IsConflicting);
        Assert.Equal(2 * Records(format, Datagrams), flows + report.Totals.ContestedRecordCount);
        // Their numbers mean nothing now, and are not taken for loss.
        Assert.Equal(0, exporter.MissingCount);
    }

    [Fact]
    public void The_same_seed_does_the_same_and_another_seed_something_else()
    {
        var stream = Stream(ExportFormat.Ipfix);
        var impairments = new Impairments { Loss = 0.1, Reordering = 0.1, Duplication = 0.1 };
        var (a, b, c) = (ExportPlan.Make(stream, impairments), ExportPlan.Make(stream, impairments), ExportPlan.Make(stream, impairments with { Seed = 2 }));
        Assert.Equal(a.Sent, b.Sent);
        Assert.NotEqual(a.Sent, c.Sent);
        Assert.Equal(stream.Datagrams.Count, a.Sent.Distinct().Count() + a.Lost.Count);
    }

    [Fact]
    public async Task The_captures_of_real_routers_go_through_the_socket_as_they_do_through_memory()
    {
        var folder = SharedExports();
        foreach (var path in Directory.EnumerateFiles(folder, "*.pcap", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            Assert.True(ExportCapture.TryRead(path, out var capture, out var error), error);
            var counter = new Counter();
            var memory = new FlowCollector(new CollectorOptions(), counter);
            foreach (var datagram in capture.Datagrams)
                memory.Add(datagram.From, datagram.AtNs, (byte[])datagram.Payload.Clone());
            var (report, flows) = await CollectAsync(ExportPlan.Make(capture, new Impairments()));
            Assert.Equal((memory.Totals.FlowCount, memory.Totals.PacketCount, memory.Totals.OctetCount), (flows, report.Totals.PacketCount, report.Totals.OctetCount));
        }
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static int Seed(ExportCapture stream, Predicate<ExportPlan> fits) =>
        Enumerable.Range(1, 1000).First(seed => fits(ExportPlan.Make(stream, new Impairments { Loss = 0.1, Seed = seed })));

    private static bool IsTemplates(ExportDatagram datagram) => ExportHeader.BringsTemplates(datagram.Payload);

    private static long Records(ExportFormat format, int datagrams) => (long)datagrams * new SyntheticExport(format, 1).RecordsPerDatagram;

    /// <summary>A router's stream: templates now and then, and data.</summary>
    private static ExportCapture Stream(ExportFormat format, ulong seed = 1, uint firstSequence = 1000, ExporterEndpoint? from = null)
    {
        var export = new SyntheticExport(format, seed);
        var datagrams = new List<ExportDatagram>();
        var sequence = firstSequence;
        for (var index = 0; index < Datagrams; index++)
        {
            if (index % TemplatesEvery == 0 && export.Templates() is { Length: > 0 } templates)
                Add(templates, 1);
            Add(export.Data(), export.RecordsPerDatagram);
        }

        return new ExportCapture(datagrams);

        void Add(byte[] datagram, int records)
        {
            export.Number(datagram, sequence);
            ExportClock.Stamp(datagram, format, datagrams.Count);
            sequence += export.Step(records);
            datagrams.Add(new ExportDatagram(datagrams.Count * 1_000_000L, from ?? s_router, datagram));
        }
    }

    private static async Task<(ListenReport Report, long Flows)> CollectAsync(ExportPlan plan)
    {
        Assert.True(ListenUrl.TryParse("udp://127.0.0.1:0", out var url, out _));
        Assert.True(ExportListener.TryOpen(new ListenOptions { Urls = [url], Workers = 2 }, TimeProvider.System, out var listener, out var error), error?.Message);
        using (listener)
        using (var replayer = new ExportReplayer(new IPEndPoint(IPAddress.Loopback, listener.Urls[0].EndPoint.Port), TimeProvider.System))
        {
            var counter = new Counter();
            // In portions that fit into any receive buffer, so that the kernel drops nothing.
            foreach (var portion in plan.Portions(50))
            {
                replayer.Send(portion, speed: 0, perSecond: 0, Stop);
                for (var waits = 0; waits < 400 && listener.Report().Totals.DatagramCount < replayer.SentCount; waits++)
                    listener.Read(counter, TimeSpan.FromMilliseconds(50));
            }

            var stopping = listener.StopAsync();
            while (listener.Read(counter, TimeSpan.FromMilliseconds(50)) >= 0)
            {
            }

            await stopping;
            var report = listener.Report();
            Assert.Equal((plan.Sent.Count, 0), (report.Totals.DatagramCount, report.KernelDroppedCount ?? 0));
            return (report, counter.Count);
        }
    }

    private static string SharedExports()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeSensors.sln"))
                && Path.Combine(folder.Parent!.FullName, "shared", "data", "captures", "flowexport") is var exports && Directory.Exists(exports))
                return exports;
        }

        Assert.Skip("../shared/data/captures/flowexport is not beside the repository");
        return "";
    }

    private sealed class Counter : IExportedFlowConsumer
    {
        public long Count { get; private set; }

        public void OnFlow(ref readonly ExportedFlow flow) => Count++;
    }

    /// <summary>Gives datagrams times that go on, as the synthetic ones all have the same.</summary>
    private static class ExportClock
    {
        public static void Stamp(byte[] datagram, ExportFormat format, int number)
        {
            var seconds = 1_700_000_000 + (uint)(number / 10);
            var uptime = 90_000_000 + ((uint)number * 100);
            if (format == ExportFormat.Sflow5)
            {
                Write(20, uptime);
                return;
            }

            Write(format == ExportFormat.Ipfix ? 4 : 8, seconds);
            if (format != ExportFormat.Ipfix)
                Write(4, uptime);

            void Write(int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(at), value);
        }
    }
}
