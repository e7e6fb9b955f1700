using System.CommandLine;
using System.Diagnostics;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Benchmarks.Trust;

/// <summary><c>xdp-list</c>: a blocklist of random addresses in four categories at the interface: filled, changed while packets are judged by it, and what a packet costs beside a binary search.</summary>
internal static class XdpListCommand
{
    private const int Categories = 4;
    private const int Sampled = 400;

    private static readonly UnixMilliseconds s_expiry = new(2_000_000_000_000);

    public static Command Create()
    {
        var entries = new Option<int>("--entries") { Description = "Random IPv4 addresses.", DefaultValueFactory = _ => 1_000_000 };
        var changes = new Option<int>("--changes") { Description = "Additions, and as many removals, of a delta.", DefaultValueFactory = _ => 500 };
        var rounds = new Option<int>("--rounds") { Description = "Deltas, of which the median counts.", DefaultValueFactory = _ => 21 };
        var command = new Command("xdp-list", "Fill and change the blocklist that XDP enforces; every packet dropped meanwhile must be counted. Needs CAP_BPF.") { entries, changes, rounds };
        command.SetAction(parsed => Run(parsed.GetValue(entries), parsed.GetValue(changes), parsed.GetValue(rounds)));
        return command;
    }

    private static int Run(int entries, int changes, int rounds)
    {
        if (!XdpFilter.TryCreate(1024, out var filter, out var error, entries + (rounds * changes)))
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }

        using (filter)
        {
            var random = new Random(1);
            var sets = Enumerable.Range(0, Categories).Select(_ => new SortedSet<uint>()).ToArray();
            for (var i = 0; i < entries; i++)
            {
                sets[i % Categories].Add((uint)random.NextInt64(1L << 32));
            }

            var started = Stopwatch.GetTimestamp();
            JudgedFrame.Must(filter.Blocklist.Apply(Sections(sets), _ => ulong.MaxValue));
            Console.WriteLine($"fill with {sets.Sum(set => set.Count)} addresses in {Categories} categories: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");

            var hit = sets[0].First();
            using var stop = new CancellationTokenSource();
            var hitting = new JudgedFrame(filter, hit).JudgeUntil(stop.Token);
            var times = new List<double>();
            for (var round = 0; round < rounds; round++)
            {
                for (var i = 0; i < changes; i++)
                {
                    var set = sets[i % Categories];
                    var removed = set.GetViewBetween((uint)random.NextInt64(1L << 32), uint.MaxValue).FirstOrDefault(hit);
                    set.Remove(removed == hit ? set.Max : removed);
                    set.Add((uint)random.NextInt64(1L << 32));
                }

                var sections = Sections(sets);
                var from = Stopwatch.GetTimestamp();
                JudgedFrame.Must(filter.Blocklist.Apply(sections, _ => ulong.MaxValue));
                times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            }

            stop.Cancel();
            var dropped = hitting.GetAwaiter().GetResult();
            var hits = new Dictionary<DocumentId, XdpHits>();
            JudgedFrame.Must(filter.Blocklist.ReadHits(hits));
            var counted = hits.Values.Sum(category => (long)category.Packets);
            times.Sort();
            Console.WriteLine($"a delta of {changes} additions and {changes} removals: median {times[times.Count / 2]:0.0} ms, longest of {rounds} {times[^1]:0.0} ms");
            Console.WriteLine($"dropped meanwhile {dropped}, counted {counted}, lost {dropped - counted}");

            var search = new IndexedSearch(sets.SelectMany(set => set));
            uint[] listed = [.. Enumerable.Range(0, Sampled).Select(i => sets[i % Categories].GetViewBetween((uint)random.NextInt64(1L << 31), uint.MaxValue).First())];
            uint[] others = [.. Enumerable.Range(0, Sampled).Select(_ => (uint)random.NextInt64(1L << 32)).Where(address => !search.Contains(address))];
            foreach (var (what, addresses) in new[] { ("listed", listed), ("not listed", others) })
            {
                var (program, binary) = (Median(addresses, address => new JudgedFrame(filter, address).Cost()), Median(addresses, address => Search(search, address)));
                Console.WriteLine($"{what}: the program {program:0} ns a packet, a binary search behind a 64k index {binary:0} ns, ratio {program / binary:0.0} (medians of {addresses.Length}, each {JudgedFrame.Times} times)");
            }

            return dropped == counted ? 0 : 1;
        }
    }

    private static double Search(IndexedSearch search, uint address)
    {
        var found = 0;
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < JudgedFrame.Times; i++)
        {
            found += search.Contains(address) ? 1 : 0;
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        GC.KeepAlive(found);
        return elapsed.TotalNanoseconds / JudgedFrame.Times;
    }

    private static double Median(uint[] addresses, Func<uint, double> cost)
    {
        var costs = addresses.Select(cost).Order().ToList();
        return costs[costs.Count / 2];
    }

    private static EnforcedSection[] Sections(SortedSet<uint>[] sets) => [.. sets.Select((set, number) => new EnforcedSection(
        new SectionKey(DocumentId.Parse($"category-{number}"), true, 32, s_expiry), set.ToArray(), ReadOnlyMemory<UInt128>.Empty, MitigationStep.Drop, SlpfDirection.Both, s_expiry))];
}
