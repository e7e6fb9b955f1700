using System.CommandLine;
using System.Diagnostics;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Benchmarks.Exports;

/// <summary>
/// <c>fuzz-flows</c>: gives one long-lived collector mutated datagrams and looks at its bounds as it goes. Ends with 1 at the first exception, at a bound that is broken or a
/// datagram that takes longer than a second.
/// </summary>
internal static class FuzzFlowsCommand
{
    private const int LookEvery = 1 << 14;

    public static Command Create()
    {
        var format = ExportFormats.Option();
        var count = new Option<long>("--count") { Description = "Datagrams.", DefaultValueFactory = _ => 10_000_000 };
        var seed = new Option<int>("--seed") { Description = "The same seed gives the same datagrams.", DefaultValueFactory = _ => 1 };
        var corpus = new Option<DirectoryInfo?>("--corpus") { Description = "A folder of files that are one datagram each, mutated beside the synthetic ones." };
        var command = new Command("fuzz-flows", "Reads mutated export datagrams: no crash, no hang, no growth.") { format, count, seed, corpus };
        command.SetAction(parse => Run(ExportFormats.Parse(parse.GetValue(format))!.Value, parse.GetValue(count), parse.GetValue(seed), parse.GetValue(corpus)));
        return command;
    }

    private static int Run(ExportFormat format, long count, int seed, DirectoryInfo? corpus)
    {
        var random = new Random(seed);
        var export = new SyntheticExport(format, 2);
        var originals = Originals(export, corpus);
        var options = new CollectorOptions { MaxDomains = 512, MaxTemplates = 2048, MaxTemplateFields = 65_536, MaxHeldOctets = 4 << 20, MaxHeldOctetsPerDomain = 256 << 10 };
        var consumer = new ExportFormats.Adder();
        var collector = new FlowCollector(options, consumer);
        var work = new byte[65_536];
        long nowNs = 1_700_000_000_000_000_000;
        var slowest = TimeSpan.Zero;
        var cpu = Environment.CpuUsage.TotalTime;
        long heapAtTenth = 0;
        var watch = Stopwatch.StartNew();
        for (long index = 0; index < count; index++)
        {
            var length = Mutate(random, originals, export, (uint)index, work);
            // Mostly a few exporters, so that state builds up; now and then a stranger.
            var from = random.Next(32) == 0
                ? new ExporterEndpoint(HostAddress.FromIPv4((uint)random.Next()), (ushort)random.Next())
                : new ExporterEndpoint(HostAddress.FromIPv4((uint)random.Next(4)), (ushort)random.Next(2));
            nowNs += random.Next(2_000_000);
            var started = Stopwatch.GetTimestamp();
            collector.Add(from, nowNs, work.AsSpan(0, length));
            // Processor time, as the machine may have let the process wait; it is looked up seldom, so a little of the datagrams before is in it.
            var wall = Stopwatch.GetElapsedTime(started);
            if (wall > slowest && Environment.CpuUsage.TotalTime - cpu is var spent)
                slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, Math.Min(wall.Ticks, spent.Ticks)));
            if ((index & 0x3FF) == 0)
                cpu = Environment.CpuUsage.TotalTime;
            if ((index & (LookEvery - 1)) != 0)
                continue;
            if (Broken(collector, options) is not null || slowest > TimeSpan.FromSeconds(1))
            {
                Console.Error.WriteLine($"error[bound]: {Broken(collector, options) ?? $"{slowest.TotalSeconds:F1} s for one datagram"} before datagram {index}, seed {seed}");
                return 1;
            }

            if (heapAtTenth == 0 && index > count / 10)
                heapAtTenth = GC.GetTotalMemory(forceFullCollection: true);
        }

        var totals = collector.Totals;
        Console.WriteLine($"{format}: {count} datagrams in {watch.Elapsed.TotalSeconds:F1} s ({count / watch.Elapsed.TotalSeconds / 1e6:F2} million/s), slowest {slowest.TotalMilliseconds:F1} ms of processor time");
        Console.WriteLine("  " + string.Join(", ", Enum.GetValues<CollectStatus>().Select(status => $"{status} {totals.Count(status)}")));
        Console.WriteLine($"  flows {totals.FlowCount}, options {totals.OptionsRecordCount}, templates {totals.TemplateCount} learnt, {totals.InvalidTemplateCount} refused, {totals.EvictedTemplateCount} evicted; sets held {totals.HeldSetCount}, released {totals.ReleasedSetCount}, dropped {totals.DroppedSetCount}; contested {totals.ContestedRecordCount}");
        Console.WriteLine($"  heap {heapAtTenth >> 10} KiB at a tenth, {GC.GetTotalMemory(forceFullCollection: true) >> 10} KiB at the end; domains {collector.DomainCount}, templates {collector.TemplateCount}, held {collector.HeldOctets} octets; check {consumer.Sum:x}");
        return 0;
    }

    private static string? Broken(FlowCollector collector, CollectorOptions options) =>
        collector.TemplateCount > options.MaxTemplates ? $"{collector.TemplateCount} templates"
        : collector.DomainCount > options.MaxDomains ? $"{collector.DomainCount} domains"
        : collector.TemplateFieldCount > options.MaxTemplateFields ? $"{collector.TemplateFieldCount} template fields"
        : collector.HeldOctets > options.MaxHeldOctets || collector.HeldOctets < 0 ? $"{collector.HeldOctets} octets held"
        : null;

    private static byte[][] Originals(SyntheticExport export, DirectoryInfo? corpus)
    {
        var originals = new List<byte[]>();
        for (var index = 0; index < 8; index++)
        {
            originals.Add(export.Data());
            if (export.Templates() is { Length: > 0 } templates)
                originals.Add(templates);
        }

        if (corpus is not null)
            originals.AddRange(corpus.EnumerateFiles().Where(file => file.Length is > 0 and < 9000).Select(file => File.ReadAllBytes(file.FullName)));
        return [.. originals];
    }

    private static int Mutate(Random random, byte[][] originals, SyntheticExport export, uint sequence, byte[] work)
    {
        var original = originals[random.Next(originals.Length)];
        original.CopyTo(work, 0);
        var length = original.Length;
        // Mostly a number that goes on, so that not all end as duplicates or strangers.
        if (random.Next(5) != 0 && length >= 20)
            export.Number(work, sequence);
        // Another one's tail behind this one's head.
        if (random.Next(8) == 0)
        {
            var other = originals[random.Next(originals.Length)];
            var cut = random.Next(length);
            var from = random.Next(other.Length);
            other.AsSpan(from).CopyTo(work.AsSpan(cut));
            length = cut + other.Length - from;
        }

        if (random.Next(8) == 0)
            length = random.Next(length + 1);
        for (var changes = random.Next(8); changes > 0 && length > 0; changes--)
        {
            var at = random.Next(random.Next(3) == 0 ? Math.Min(length, 64) : length);
            work[at] = random.Next(6) switch
            {
                0 => 0,
                1 => 0xFF,
                2 => (byte)(work[at] + 1),
                3 => (byte)(work[at] ^ (1 << random.Next(8))),
                _ => (byte)random.Next(256),
            };
        }

        return length;
    }
}
