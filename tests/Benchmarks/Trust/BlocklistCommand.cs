using System.Buffers.Binary;
using System.CommandLine;
using System.Diagnostics;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Benchmarks.Trust;

/// <summary><c>blocklist</c>: how long and how large snapshots and deltas of random addresses are, beside the entropy.</summary>
internal static class BlocklistCommand
{
    private const int Categories = 4;
    private const int LookupCount = 2_000_000;
    private static readonly UnixMilliseconds Expiry = new(1_900_022_400_000);

    public static Command Create()
    {
        var entries = new Option<int>("--entries") { Description = "Random IPv4 addresses, in four categories.", DefaultValueFactory = _ => 1_000_000 };
        var changes = new Option<int>("--changes") { Description = "Additions, and as many removals, of the delta.", DefaultValueFactory = _ => 500 };
        var rounds = new Option<int>("--rounds") { Description = "Runs, of which the median counts.", DefaultValueFactory = _ => 5 };
        var command = new Command("blocklist", "Build, write, read and change a blocklist of random addresses.") { entries, changes, rounds };
        command.SetAction(parsed => Run(parsed.GetValue(entries), parsed.GetValue(changes), parsed.GetValue(rounds)));
        return command;
    }

    private static int Run(int entries, int changes, int rounds)
    {
        var random = new Random(1);
        var times = new SortedDictionary<string, List<double>>(StringComparer.Ordinal);
        var lookups = new List<LookupCost>();
        var (snapshotOctets, deltaOctets) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var addresses = Addresses(random, entries);
            var older = Timed("1 build", () => Build(addresses, 1));
            var snapshot = Timed("2 write the snapshot", older.ToSnapshot);
            var held = Timed("3 read the snapshot", () => Blocklist.TryRead(snapshot, out var read, out _) ? read : throw new InvalidOperationException("It is not read again."));
            foreach (var place in Enumerable.Range(0, changes).Select(_ => random.Next(addresses.Count)).ToList())
            {
                addresses[place] = ((uint)random.NextInt64(1L << 32), addresses[place].Category);
            }

            var matcher = Timed("4 make the agent's matcher of it", () => new BlocklistMatcher(held));
            var newer = Build(addresses, 2);
            var delta = Timed("5 write the delta", () => newer.DeltaFrom(older)) ?? throw new InvalidOperationException("The delta is beyond its bound.");
            var next = Timed("6 apply the delta", () => held.TryApply(delta, out var applied, out _) ? applied : throw new InvalidOperationException("It is not applied."));
            Timed("7 make the agent's matcher of what it made", () => new BlocklistMatcher(next));
            lookups.Add(Lookups(matcher, held, addresses, random));
            (snapshotOctets, deltaOctets) = (snapshot.Length, delta.Length);
        }

        var (perSet, changed) = ((double)entries / Categories, (double)changes / Categories);
        Console.WriteLine($"snapshot of {entries} addresses: {snapshotOctets} octets (entropy {Categories * SetBits(1L << 32, perSet) / 8:0})");
        Console.WriteLine($"delta of {changes} additions and {changes} removals: {deltaOctets} octets (entropy {Categories * (SetBits(1L << 32, changed) + SetBits(perSet, changed)) / 8:0})");
        Console.WriteLine(BesideIt(snapshotOctets, deltaOctets));
        foreach (var (what, parts) in new (string, string[])[]
        {
            ("built: sorted and written", ["1 build", "2 write the snapshot"]),
            ("applied: read, and the agent's matcher made of it", ["3 read the snapshot", "4 make the agent's matcher of it"]),
            ("delta applied: and the agent's matcher made of what it made", ["6 apply the delta", "7 make the agent's matcher of what it made"]),
        })
        {
            var sums = Enumerable.Range(0, rounds).Select(round => parts.Sum(part => times[part][round])).Order().ToList();
            Console.WriteLine($"{what}: median {sums[sums.Count / 2]:0.0} ms, longest {sums[^1]:0.0} ms");
        }

        Console.WriteLine("in parts:");
        foreach (var (what, milliseconds) in times)
        {
            milliseconds.Sort();
            Console.WriteLine($"{what[2..]}: median {milliseconds[milliseconds.Count / 2]:0.0} ms, longest {milliseconds[^1]:0.0} ms");
        }

        foreach (var (what, part) in new (string, Func<LookupCost, double>)[] { ("hits, agent's matcher", cost => cost.MatcherHit), ("hits, binary search behind a 64k index", cost => cost.SearchHit), ("misses, agent's matcher", cost => cost.MatcherMiss), ("misses, binary search behind a 64k index", cost => cost.SearchMiss) })
        {
            var sorted = lookups.Select(part).Order().ToList();
            Console.WriteLine($"{what}: median {sorted[sorted.Count / 2]:0.0} ns a look-up");
        }

        return 0;

        T Timed<T>(string what, Func<T> work)
        {
            var started = Stopwatch.GetTimestamp();
            var value = work();
            if (!times.TryGetValue(what, out var milliseconds))
            {
                times.Add(what, milliseconds = []);
            }

            milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            return value;
        }
    }

    // What a sensor fetches with the list: the metadata that names it, of a repository with 20 operators, and the proof in a log of a million entries.
    private static string BesideIt(int snapshotOctets, int deltaOctets)
    {
        var folder = Directory.CreateTempSubdirectory("edgesensors-blocklist-");
        try
        {
            if (!Passphrase.TryCreate("only for measuring", out var passphrase)
                || !PublishCommand.Found(folder.FullName, operatorCount: 20, passphrase).TryGet(out var repository, out var error)
                || !OnlineKeys.TryLoad(Path.Combine(folder.FullName, "online"), out var keys, out _)
                || !OfflineKeys.TryOpen(Path.Combine(folder.FullName, "offline"), passphrase, [RepositoryRoles.Blocklists], out var offline, out _))
            {
                return "no repository can be made to measure the metadata";
            }

            using (passphrase)
            using (keys)
            {
                keys.AddAll(offline);
                if (!repository.Publish(
                    new RepositoryChange().SetTarget(TargetNames.BlocklistSnapshot("full"), new byte[snapshotOctets]).SetTarget(TargetNames.BlocklistDelta("full", 1), new byte[deltaOctets]), keys)
                    .TryGet(out var publication, out error))
                {
                    return error.ToString();
                }

                long Octets(string name) => new FileInfo(Path.Combine(repository.MetadataDirectory, name)).Length;
                var roles = repository.ReadRoles().TryGet(out var found, out _) ? found : [];
                var list = Octets($"{roles.Single(role => role.Role == RepositoryRoles.Blocklists).Version}.blocklists.json");
                return $"beside it: timestamp {publication.TimestampFile.Length}, proof {ProofOctets()}, snapshot.json {Octets($"{publication.SnapshotVersion}.snapshot.json")}, the role {list} octets";
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int ProofOctets()
    {
        const int Levels = 20;
        using var log = NoteSigner.Create("hub.example/log", NoteKeyKind.Ed25519);
        using var witness = NoteSigner.Create("oversight.example/w1", NoteKeyKind.Cosignature);
        var head = Checkpoint.Sign(log, 1 << Levels, new byte[32]);
        var cosigned = head.WithCosignatures(witness.Cosign(head, DateTimeOffset.UtcNow), [witness.Key]);
        return LogProof.Of(0, [.. Enumerable.Range(0, Levels).Select(_ => new byte[32])], cosigned).ToBytes().Length;
    }

    private static LookupCost Lookups(BlocklistMatcher matcher, Blocklist list, List<(uint Address, DocumentId Category)> addresses, Random random)
    {
        var search = new IndexedSearch(list.Sections.SelectMany(section => section.IPv4.ToArray()));
        uint[] hits = [.. Enumerable.Range(0, LookupCount).Select(_ => addresses[random.Next(addresses.Count)].Address)];
        uint[] misses = [.. Enumerable.Range(0, LookupCount).Select(_ => (uint)random.NextInt64(1L << 32))];
        var now = new UnixMilliseconds(Expiry.Value - 1);
        return new LookupCost(
            Cost(hits, address => matcher.TryMatch(HostAddress.FromIPv4(address), now, out _)), Cost(hits, search.Contains),
            Cost(misses, address => matcher.TryMatch(HostAddress.FromIPv4(address), now, out _)), Cost(misses, search.Contains));
    }

    private static double Cost(uint[] addresses, Func<uint, bool> contains)
    {
        var found = 0;
        var started = Stopwatch.GetTimestamp();
        foreach (var address in addresses)
        {
            found += contains(address) ? 1 : 0;
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        GC.KeepAlive(found);
        return elapsed.TotalNanoseconds / addresses.Length;
    }

    /// <summary>Nanoseconds a look-up.</summary>
    private sealed record LookupCost(double MatcherHit, double SearchHit, double MatcherMiss, double SearchMiss);

    private static List<(uint Address, DocumentId Category)> Addresses(Random random, int count)
    {
        DocumentId[] categories = [.. Enumerable.Range(0, Categories).Select(i => DocumentId.Parse($"category-{i}"))];
        return [.. Enumerable.Range(0, count).Select(i => ((uint)random.NextInt64(1L << 32), categories[i % Categories]))];
    }

    private static Blocklist Build(List<(uint Address, DocumentId Category)> addresses, long version)
    {
        var builder = new BlocklistBuilder();
        Span<byte> octets = stackalloc byte[4];
        foreach (var (address, category) in addresses)
        {
            BinaryPrimitives.WriteUInt32BigEndian(octets, address);
            builder.Add(Prefix.Of(octets), category, Expiry);
        }

        return builder.Build(version);
    }

    // The bits that tell one set of n out of u from all others, log2 of the binomial, by Stirling's formula.
    private static double SetBits(double u, double n) => n * Math.Log2(u / n) + (u - n) * Math.Log2(u / (u - n)) + 0.5 * Math.Log2(u / (2 * Math.PI * n * (u - n)));
}
