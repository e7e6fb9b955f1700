using System.CommandLine;
using System.Diagnostics;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Benchmarks.Exports;

/// <summary><c>collect</c>: how many records a second one core reads out of datagrams in memory, takes through the ring's stations, or takes from a socket.</summary>
internal static class CollectCommand
{
    private const int DatagramsInMemory = 4096;

    public static Command Create()
    {
        var format = ExportFormats.Option();
        var records = new Option<long>("--records") { Description = "Records to read.", DefaultValueFactory = _ => 20_000_000 };
        var into = new Option<string>("--into")
        {
            Description = "decoder: read only. ring: also joined, counted, judged and selected, as run does. socket: through a UDP socket of the listener, on loopback.",
            HelpName = "decoder|ring|socket",
            DefaultValueFactory = _ => "decoder",
        };
        into.AcceptOnlyFromAmong("decoder", "ring", "socket");
        var command = new Command("collect", "Reads synthetic exports: records a second on one core, whole process.") { format, records, into };
        command.SetAction(parse =>
        {
            var (kind, count) = (ExportFormats.Parse(parse.GetValue(format))!.Value, parse.GetValue(records));
            switch (parse.GetValue(into))
            {
                case "ring":
                    RingLoad.Run(kind, count);
                    break;
                case "socket":
                    SocketLoad.Run(kind, count);
                    break;
                default:
                    Run(kind, count);
                    break;
            }
        });
        return command;
    }

    private static void Run(ExportFormat format, long records)
    {
        var export = new SyntheticExport(format, 1);
        var datagrams = Enumerable.Range(0, DatagramsInMemory).Select(_ => export.Data()).ToArray();
        var templates = export.Templates();
        var consumer = new ExportFormats.Adder();
        var collector = new FlowCollector(new CollectorOptions(), consumer);
        var router = new ExporterEndpoint(HostAddress.FromIPv4(0xC0000201), 50000);
        var work = new byte[2048];
        var nowNs = 1_700_000_000_500_000_000;
        uint sequence = 0;
        if (templates.Length > 0)
            Give(templates, export.Step(1));

        var perDatagram = export.RecordsPerDatagram;
        for (long read = 0; read < 1_000_000; read += perDatagram)
            Give(datagrams[(read / perDatagram) % DatagramsInMemory], export.Step(perDatagram));
        var before = collector.Totals.FlowCount;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        for (long read = 0; read < records; read += perDatagram)
            Give(datagrams[(read / perDatagram) % DatagramsInMemory], export.Step(perDatagram));
        watch.Stop();
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        var flows = collector.Totals.FlowCount - before;
        var report = collector.Reports(nowNs)[0];
        Console.WriteLine($"{format}: {flows} records, {flows / (double)perDatagram:F0} datagrams in {watch.Elapsed.TotalSeconds:F2} s");
        Console.WriteLine($"  {flows / watch.Elapsed.TotalSeconds / 1e6:F2} million records/s, {watch.Elapsed.TotalNanoseconds / flows:F0} ns a record, {allocated} octets allocated");
        Console.WriteLine($"  missing {report.MissingCount}, sampling {report.Sampling}, peak {Environment.WorkingSet >> 20} MiB, check {consumer.Sum:x}");

        void Give(byte[] datagram, uint step)
        {
            // A socket would copy each datagram into the buffer too; sFlow's is blanked there, so it must be a fresh copy.
            datagram.CopyTo(work, 0);
            export.Number(work, sequence);
            sequence += step;
            nowNs += 1000;
            collector.Add(router, nowNs, work.AsSpan(0, datagram.Length));
        }
    }
}
