using System.Diagnostics;
using EdgeSensors.Benchmarks.Live;
using EdgeSensors.EdgeAgent.Input;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Report;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Detect;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeSensors.Benchmarks.Exports;

/// <summary>Datagrams in memory through all stations of the agent on one thread: decode, classify, count, join, judge, select, report to disk. Each record is a flow of its own.</summary>
internal static class RingLoad
{
    /// <summary>The pace that the datagrams' arrival times tell: a million records a second.</summary>
    private const long NsPerRecord = 1000;

    public static void Run(ExportFormat format, long records)
    {
        var folder = Directory.CreateTempSubdirectory("edgesensors-exports-").FullName;
        if (!DurableOutbox.TryOpen(folder, 64 << 20, out var outbox, out var error))
        {
            Console.Error.WriteLine(error);
            return;
        }

        using (outbox)
        {
            var holder = new AuthorityHolder(LiveReport.Sensor, TimeProvider.System);
            holder.Replace(LiveReport.Trust());
            var settings = new ReporterOptions(TimeSpan.FromSeconds(10), 1 << 18, new DetectorOptions(), Live: true);
            var reporter = new TrafficReporter(settings, Checkpoint.Read(null), holder, outbox, TimeProvider.System, NullLogger.Instance);
            var collector = new FlowCollector(new CollectorOptions(), reporter);
            var export = new SyntheticExport(format, 1);
            var datagrams = Enumerable.Range(0, 65_536).Select(_ => export.Data()).ToArray();
            var router = new ExporterEndpoint(HostAddress.FromIPv4(0xC0000201), 50000);
            var work = new byte[2048];
            var nowNs = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
            uint sequence = 0;
            if (export.Templates() is { Length: > 0 } templates)
                Give(templates, 1);
            Feed(1_000_000);
            long peakAtTenth = 0;
            var before = collector.Totals.FlowCount;
            var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            for (var tenth = 0; tenth < 10; tenth++)
            {
                Feed(records / 10);
                peakAtTenth = tenth == 0 ? Environment.WorkingSet : peakAtTenth;
            }

            var spent = Environment.CpuUsage.TotalTime - cpu;
            watch.Stop();
            var flows = collector.Totals.FlowCount - before;
            Console.WriteLine($"{format} into the ring: {flows} records in {watch.Elapsed.TotalSeconds:F2} s, {flows / watch.Elapsed.TotalSeconds / 1e6:F2} million records/s, {spent.TotalNanoseconds / flows:F0} ns of processor time a record ({flows / spent.TotalSeconds / 1e6:F2} million a second of it)");
            Console.WriteLine($"  working set {peakAtTenth >> 20} MiB at a tenth, {Environment.WorkingSet >> 20} MiB at the end; {outbox.Health.Messages} messages");

            void Feed(long count)
            {
                for (long read = 0; read < count; read += export.RecordsPerDatagram)
                    Give(datagrams[sequence / export.Step(export.RecordsPerDatagram) % (uint)datagrams.Length], export.RecordsPerDatagram);
            }

            void Give(byte[] datagram, int count)
            {
                datagram.CopyTo(work, 0);
                export.Number(work, sequence);
                sequence += export.Step(count);
                nowNs += NsPerRecord * count;
                collector.Add(router, nowNs, work.AsSpan(0, datagram.Length));
            }
        }

        Directory.Delete(folder, recursive: true);
    }
}
