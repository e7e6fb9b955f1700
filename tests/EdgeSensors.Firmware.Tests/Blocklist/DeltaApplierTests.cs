using EdgeSensors.Firmware.Blocklist;
using EdgeSensors.Firmware.Tests.Conformance;
using EdgeSensors.Firmware.Tests.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Firmware.Tests.Blocklist;

/// <summary>The tap's application of deltas: what it makes has the octets of the hub's snapshot.</summary>
public class DeltaApplierTests
{
    private const long Now = 1_900_000_000_000;

    [Fact]
    public void The_vectors_lead_from_one_version_to_the_next()
    {
        byte[] older = Vector("snapshot.hex");
        byte[] delta = Vector("delta.hex");
        byte[] newer = Apply(older, delta)!;
        Assert.NotNull(newer);
        Assert.True(EdgeSensors.Trust.Blocklists.Blocklist.TryRead(older, out var before, out _));
        Assert.True(before.TryApply(delta, out var after, out _));
        Assert.Equal(after.ToSnapshot(), newer);
        for (int i = 0; i < delta.Length; i++)
        {
            byte[] wrong = [.. delta];
            wrong[i] ^= 0x10;
            byte[]? made = Apply(older, wrong); // any octets give a verdict; whoever uses it compares hashes
            Assert.True(made is null || !made.AsSpan().SequenceEqual(newer));
        }
    }

    [Fact]
    public void What_is_made_of_any_delta_is_the_hubs_snapshot_to_the_octet()
    {
        Random random = new(4);
        for (int round = 0; round < 150; round++)
        {
            List<(Prefix Prefix, string Category, long Until)> entries = [.. Enumerable.Range(0, random.Next(0, 700)).Select(_ => Entry(random))];
            var older = Build(entries, 1);
            entries.RemoveAll(_ => random.Next(5) == 0);
            if (random.Next(4) == 0)
            {
                entries.RemoveAll(e => e.Category == "c1");
            }

            entries.AddRange(Enumerable.Range(0, random.Next(200)).Select(_ => Entry(random)));
            var newer = Build(entries, 2);
            byte[]? delta = newer.DeltaFrom(older);
            if (delta is null)
            {
                continue;
            }

            byte[]? made = Apply(older.ToSnapshot(), delta);
            Assert.NotNull(made);
            Assert.Equal(newer.ToSnapshot(), made);
            Assert.Null(Apply(newer.ToSnapshot(), delta)); // another base
        }
    }

    private static (Prefix Prefix, string Category, long Until) Entry(Random random)
    {
        byte[] octets = new byte[random.Next(3) > 0 ? 4 : 16];
        random.NextBytes(octets);
        octets.AsSpan(0, random.Next(octets.Length)).Clear();
        int[] lengths = octets.Length == 4 ? [32, 32, 32, 24, 9] : [128, 64, 65, 33];
        return (Prefix.Of(octets, lengths[random.Next(lengths.Length)]), "c" + random.Next(3), Now + 86_400_000L * random.Next(1, 3));
    }

    private static EdgeSensors.Trust.Blocklists.Blocklist Build(List<(Prefix Prefix, string Category, long Until)> entries, long version)
    {
        EdgeSensors.Trust.Blocklists.BlocklistBuilder builder = new();
        foreach ((Prefix prefix, string category, long until) in entries)
        {
            builder.Add(prefix, DocumentId.Parse(category), new UnixMilliseconds(until));
        }

        return builder.Build(version);
    }

    private static byte[] Vector(string name) => Convert.FromHexString(string.Concat(
        File.ReadLines(Path.Combine(DeviceBuild.Root, "protocol", "vectors", "blocklist", name)).Where(l => !l.StartsWith('#'))).Replace(" ", "", StringComparison.Ordinal));

    private static byte[]? Apply(byte[] older, byte[] delta)
    {
        MemoryFlash flash = new(1024 * 1024);
        older.CopyTo(flash.Octets, 0);
        delta.CopyTo(flash.Octets, 512 * 1024);
        byte[] to = new byte[256 * 1024];
        DeltaApplier applier = new(flash, 5_000, to);
        if (!applier.TryBegin(0, older.Length, 512 * 1024, delta.Length))
        {
            return null;
        }

        bool good;
        while (!applier.Step(out good))
        {
        }

        return good ? to[..applier.Length] : null;
    }
}
