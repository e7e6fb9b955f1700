using CsCheck;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Tests.Blocklists;

public sealed class BlocklistTests
{
    // Prefixes that lie close together, far apart and at the ends of the address space.
    private static readonly Gen<Prefix> Prefixes = Gen.Select(
        Gen.Bool,
        Gen.OneOf(Gen.Byte.Array[16], Gen.Byte.Array[1].Select(last => (byte[])[10, 0, 0, last[0], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last[0]]), Gen.Bool.Select(last => Enumerable.Repeat(last ? (byte)255 : (byte)0, 16).ToArray())),
        Gen.Int[1, 128],
        (ipv4, address, length) => ipv4 ? Prefix.Of(address.AsSpan(0, 4), 1 + (length - 1) % 32) : Prefix.Of(address, length));

    private static readonly Gen<Blocklist> Lists = Gen.Select(Prefixes, Gen.Int[0, 2], Gen.Int[0, 2]).List[0, 400].Select(entries =>
    {
        var builder = new BlocklistBuilder();
        foreach (var (prefix, category, cohort) in entries)
        {
            builder.Add(prefix, DocumentId.Parse($"c{category}"), new UnixMilliseconds(cohort * 86_400_000L));
        }

        return builder.Build(1);
    });

    [Fact]
    public void What_is_written_is_read_again() => Lists.Sample(list =>
    {
        Assert.True(Blocklist.TryRead(list.ToSnapshot(), out var read, out var error), error?.ToString());
        Assert.Equal(SampleBlocklists.Entries(list), SampleBlocklists.Entries(read));
        Assert.Equal(list.State, read.State);
        Assert.Equal(list.Version, read.Version);
    }, iter: 500);

    [Fact]
    public void A_delta_leads_from_any_list_to_any_other() => Gen.Select(Lists, Lists).Sample((older, entries) =>
    {
        var newer = WithVersion(entries, 2);
        Assert.True(older.TryApply(older.Version < newer.Version ? newer.DeltaFrom(older)! : [], out var applied, out var error), error?.ToString());
        Assert.Equal(SampleBlocklists.Entries(newer), SampleBlocklists.Entries(applied));
        Assert.Equal(newer.State, applied.State);
        Assert.Equal(2, applied.Version);
    }, iter: 500);

    [Fact]
    public void Of_an_entry_listed_twice_the_later_expiry_holds()
    {
        var builder = new BlocklistBuilder();
        builder.Add(Prefix.Parse("192.0.2.1"), SampleBlocklists.C2, SampleBlocklists.Tuesday);
        builder.Add(Prefix.Parse("192.0.2.1"), SampleBlocklists.C2, SampleBlocklists.Monday);
        builder.Add(Prefix.Parse("192.0.2.1"), SampleBlocklists.Scanner, SampleBlocklists.Monday);

        var list = builder.Build(1);

        Assert.Equal([("c2", SampleBlocklists.Tuesday), ("scanner", SampleBlocklists.Monday)], SampleBlocklists.Entries(list).Select(entry => (entry.Category, entry.NotAfter)));
    }

    [Fact]
    public void A_delta_for_another_base_is_refused()
    {
        var delta = SampleBlocklists.Newer().DeltaFrom(SampleBlocklists.Base())!;

        Assert.False(WithVersion(SampleBlocklists.Base(), 8).TryApply(delta, out _, out var error));
        Assert.Equal(BlocklistFault.OtherBase, error.Fault);
        Assert.False(WithVersion(SampleBlocklists.Newer(), 7).TryApply(delta, out _, out error));
        Assert.Equal(BlocklistFault.OtherBase, error.Fault);
    }

    [Fact]
    public void A_file_that_makes_another_list_than_it_names_is_refused()
    {
        var snapshot = SampleBlocklists.Base().ToSnapshot();
        snapshot[^1] ^= 1 << 5;
        Assert.False(Blocklist.TryRead(snapshot, out _, out var error));
        Assert.Contains(error.Fault, new[] { BlocklistFault.OtherState, BlocklistFault.Malformed });

        var delta = SampleBlocklists.Newer().DeltaFrom(SampleBlocklists.Base())!;
        delta[52 + 5] ^= 1; // the state that it leads to
        Assert.False(SampleBlocklists.Base().TryApply(delta, out _, out error));
        Assert.Equal(BlocklistFault.OtherState, error.Fault);
    }

    [Fact]
    public void A_count_that_the_octets_cannot_hold_takes_no_memory()
    {
        var snapshot = SampleBlocklists.Random(1000, 1, 1).ToSnapshot();
        var count = 4 + 8 + 32 + 2 + 1 + "category-0".Length + 1 + 1 + 8;
        snapshot[count] = 0;
        snapshot[count + 1] = 0x3f; // 4,128,768 and more entries
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.False(Blocklist.TryRead(snapshot, out _, out var error));
        Assert.Equal(BlocklistFault.Malformed, error.Fault);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void Any_bytes_give_a_list_or_a_typed_error()
    {
        var older = SampleBlocklists.Base();
        var newer = SampleBlocklists.Newer();
        Mutation.Of(older.ToSnapshot(), newer.ToSnapshot(), newer.DeltaFrom(older)!).Sample(
            bytes => Blocklist.TryRead(bytes, out var read, out var e1) != (e1 is not null) && (read is null || Blocklist.TryRead(read.ToSnapshot(), out _, out _))
                && older.TryApply(bytes, out var applied, out var e2) != (e2 is not null) && (applied is null || Blocklist.TryRead(applied.ToSnapshot(), out _, out _)),
            iter: Fuzzing.Iterations(20_000));
    }

    /// <summary>Octets that change while the state is set right, so that what the hash would catch is caught by the reader.</summary>
    [Fact]
    public void Any_coded_numbers_give_numbers_in_order_or_a_reason() => Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[1, 128], Gen.Int[0, 300]).Sample(
        (bytes, width, count) =>
        {
            var reader = new BitReader(bytes);
            var wide = new UInt128[count];
            if (GapCode.TryRead<UInt128>(ref reader, wide, width, 128 - width, out _))
            {
                Assert.Equal(wide.Distinct().Order(), wide);
                Assert.False(reader.IsPastEnd);
            }

            var narrow = new uint[count];
            width = 1 + (width - 1) % 32;
            reader = new BitReader(bytes);
            if (GapCode.TryRead<uint>(ref reader, narrow, width, 32 - width, out _))
            {
                Assert.Equal(narrow.Distinct().Order(), narrow);
            }
        },
        iter: Fuzzing.Iterations(20_000));

    [Fact]
    public void A_million_random_addresses_take_two_megabytes_and_their_daily_changes_four_kilobytes()
    {
        var older = SampleBlocklists.Random(1_000_000, 4, seed: 1);
        var random = new Random(2);
        var builder = new BlocklistBuilder();
        var removed = Enumerable.Range(0, 500).Select(_ => random.Next(older.EntryCount)).ToHashSet();
        var entries = SampleBlocklists.Entries(older);
        for (var i = 0; i < entries.Count; i++)
        {
            if (!removed.Contains(i))
            {
                builder.Add(entries[i].Prefix, DocumentId.Parse(entries[i].Category), entries[i].NotAfter);
            }
        }

        foreach (var (prefix, category, notAfter) in SampleBlocklists.Entries(SampleBlocklists.Random(500, 4, seed: 3)))
        {
            builder.Add(prefix, DocumentId.Parse(category), notAfter);
        }

        var newer = builder.Build(2);
        var snapshot = newer.ToSnapshot();
        var delta = newer.DeltaFrom(older);

        Assert.InRange(snapshot.Length, 1_930_000, 2_000_000);
        Assert.InRange(delta!.Length, 2_400, 4_000);
        Assert.True(older.TryApply(delta, out var applied, out var error), error?.ToString());
        Assert.Equal(newer.State, applied.State);
    }

    private static Blocklist WithVersion(Blocklist list, long version) => Blocklist.Of(version, list.Sections);
}
