using System.Buffers.Binary;
using System.CommandLine;
using System.Diagnostics;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Protocol;

namespace EdgeSensors.Benchmarks.Trust;

/// <summary><c>xdp</c>: how long the kernel's list of random addresses takes to fill and to change while packets are judged by it, and what a packet costs.</summary>
internal static class XdpCommand
{
    private const ulong Never = ulong.MaxValue;

    public static Command Create()
    {
        var entries = new Option<int>("--entries") { Description = "Random IPv4 addresses.", DefaultValueFactory = _ => 1_000_000 };
        var changes = new Option<int>("--changes") { Description = "Additions, and as many removals, of a delta.", DefaultValueFactory = _ => 500 };
        var rounds = new Option<int>("--rounds") { Description = "Deltas, of which the median counts.", DefaultValueFactory = _ => 21 };
        var command = new Command("xdp", "Fill and change the list that XDP drops by; every packet judged meanwhile must be counted. Needs CAP_BPF.") { entries, changes, rounds };
        command.SetAction(parsed => Run(parsed.GetValue(entries), parsed.GetValue(changes), parsed.GetValue(rounds)));
        return command;
    }

    private static int Run(int entries, int changes, int rounds)
    {
        if (!XdpFilter.TryCreate(entries + changes, out var filter, out var error))
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }

        using (filter)
        {
            var random = new Random(1);
            var (listed, taken) = (new List<Prefix>(entries), new HashSet<Prefix>());
            while (listed.Count < entries)
            {
                listed.Add(Fresh(random, taken));
            }

            var started = Stopwatch.GetTimestamp();
            JudgedFrame.Must(filter.Change([.. listed.Select(prefix => new XdpEntry(prefix, Never))], [], out _));
            Console.WriteLine($"fill with {entries} addresses: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");

            // One address stays and is hit all the while, also while its own end is moved.
            var hit = listed[0];
            using var stop = new CancellationTokenSource();
            var hitting = new JudgedFrame(filter, Address(hit)).JudgeUntil(stop.Token);
            var times = new List<double>();
            for (var round = 0; round < rounds; round++)
            {
                var removed = new HashSet<Prefix>();
                while (removed.Count < changes)
                {
                    removed.Add(listed[random.Next(1, listed.Count)]);
                }

                XdpEntry[] added = [.. Enumerable.Range(0, changes).Select(_ => new XdpEntry(Fresh(random, taken), Never))];
                var from = Stopwatch.GetTimestamp();
                JudgedFrame.Must(filter.Change(added, removed, out _));
                times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
                JudgedFrame.Must(filter.Change([new XdpEntry(hit, Never - (ulong)round)], [], out _));
                listed = [hit, .. listed.Skip(1).Where(prefix => !removed.Contains(prefix)), .. added.Select(entry => entry.Prefix)];
            }

            stop.Cancel();
            var dropped = hitting.GetAwaiter().GetResult();
            var counted = 0L;
            started = Stopwatch.GetTimestamp();
            JudgedFrame.Must(filter.ReadHits((prefix, hits) => counted += prefix == hit ? (long)hits.Packets : 0));
            Console.WriteLine($"read all hits: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");
            times.Sort();
            Console.WriteLine($"delta of {changes} additions and {changes} removals in {filter.Count}: median {times[times.Count / 2]:0.0} ms, longest {times[^1]:0.0} ms");
            Console.WriteLine($"dropped meanwhile {dropped}, counted {counted}, lost {dropped - counted}");
            Console.WriteLine($"a packet: listed {Cost(filter, listed, random):0} ns, not listed {Cost(filter, [.. Enumerable.Range(0, 200).Select(_ => Fresh(random, taken))], random):0} ns (medians, program only)");
            return dropped == counted ? 0 : 1;
        }
    }

    /// <summary>The kernel's own time of the program over one frame again and again, so with warm caches; the median of 200 sources.</summary>
    private static double Cost(XdpFilter filter, List<Prefix> sources, Random random)
    {
        var costs = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            costs.Add(new JudgedFrame(filter, Address(sources[random.Next(sources.Count)])).Cost());
        }

        costs.Sort();
        return costs[costs.Count / 2];
    }

    private static Prefix Fresh(Random random, HashSet<Prefix> taken)
    {
        Span<byte> address = stackalloc byte[4];
        Prefix prefix;
        do
        {
            BinaryPrimitives.WriteUInt32BigEndian(address, (uint)random.NextInt64(1L << 32));
            prefix = Prefix.Of(address);
        }
        while (!taken.Add(prefix));

        return prefix;
    }

    private static uint Address(Prefix source)
    {
        Span<byte> address = stackalloc byte[4];
        source.CopyAddress(address);
        return BinaryPrimitives.ReadUInt32BigEndian(address);
    }
}
