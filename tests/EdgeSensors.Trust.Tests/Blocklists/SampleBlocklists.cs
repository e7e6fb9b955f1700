using System.Buffers.Binary;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Tests.Blocklists;

/// <summary>Lists for tests: the small ones of protocol/vectors, and random ones from a seed.</summary>
internal static class SampleBlocklists
{
    public static readonly DocumentId C2 = DocumentId.Parse("c2");
    public static readonly DocumentId Scanner = DocumentId.Parse("scanner");
    public static readonly UnixMilliseconds Monday = new(1_900_022_400_000);
    public static readonly UnixMilliseconds Tuesday = new(1_900_108_800_000);

    /// <summary>The base of the vectors: both families, prefixes, two cohorts, and gaps that are coded with and without the escape.</summary>
    public static Blocklist Base()
    {
        var builder = new BlocklistBuilder();
        foreach (var address in new[] { "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.200", "198.51.100.7", "203.0.113.255" })
        {
            builder.Add(Prefix.Parse(address), C2, Monday);
        }

        builder.Add(Prefix.Parse("0.0.0.0"), C2, Tuesday);
        builder.Add(Prefix.Parse("255.255.255.255"), C2, Tuesday);
        builder.Add(Prefix.Parse("2001:db8::1"), C2, Monday);
        builder.Add(Prefix.Parse("2001:db8::2"), C2, Monday);
        builder.Add(Prefix.Parse("2001:db8:ffff::53"), C2, Monday);
        builder.Add(Prefix.Parse("198.51.100.0/24"), Scanner, Monday);
        builder.Add(Prefix.Parse("2001:db8:5::/48"), Scanner, Tuesday);
        for (var host = 0; host < 130; host++)
        {
            builder.Add(Prefix.Of([10, 9, 0, (byte)host]), Scanner, Tuesday);
        }

        return builder.Build(7);
    }

    /// <summary>What the vectors' delta leads to: a cohort has gone, an address changed its cohort, another came and another went.</summary>
    public static Blocklist Newer()
    {
        var builder = new BlocklistBuilder();
        foreach (var section in Base().Sections.Where(section => section.Key is not { NotAfter: var end, IsIPv4: false } || end != Tuesday))
        {
            for (var i = 0; i < section.Count; i++)
            {
                if (section[i].ToString() != "192.0.2.200")
                {
                    builder.Add(section[i], section.Key.Category, section[i].ToString() == "192.0.2.2" ? Tuesday : section.Key.NotAfter);
                }
            }
        }

        builder.Add(Prefix.Parse("192.0.2.77"), C2, Monday);
        return builder.Build(9);
    }

    /// <summary>Uniformly random IPv4 addresses, equally many in each category, all of one cohort.</summary>
    public static Blocklist Random(int count, int categories, int seed, long version = 1)
    {
        var random = new Random(seed);
        var builder = new BlocklistBuilder();
        Span<byte> address = stackalloc byte[4];
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(address, (uint)random.NextInt64(1L << 32));
            builder.Add(Prefix.Of(address), DocumentId.Parse($"category-{i % categories}"), Monday);
        }

        return builder.Build(version);
    }

    public static List<(Prefix Prefix, string Category, UnixMilliseconds NotAfter)> Entries(Blocklist blocklist) =>
    [
        .. blocklist.Sections.SelectMany(section => Enumerable.Range(0, section.Count).Select(i => (section[i], section.Key.Category.Text, section.Key.NotAfter))),
    ];
}
