using EdgeSensors.Hub.Blocklists.Import;
using EdgeSensors.Hub.Blocklists.Merge;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Blocklists;

public sealed class MergeTests : IDisposable
{
    private static readonly UnixMilliseconds s_now = new(1_000_000);
    private static readonly NeverList s_nothing = new([]);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgesensors-merge-");
    private readonly BlocklistStore _store;

    public MergeTests() => _store = BlocklistStore.Open(Path.Combine(_folder.FullName, "blocklists.sqlite"));

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void Sources_that_agree_make_an_entry_surer_and_are_named()
    {
        Import("a", Entry("203.0.113.1", "c2", 50, 2_000_000), Entry("203.0.113.2", "c2", 50, 3_000_000), Entry("203.0.113.1", "scanner", 30, 2_000_000));
        Import("b", Entry("203.0.113.1", "c2", 60, 4_000_000), Entry("2001:db8::1", "c2", 10, 2_000_000));
        Assert.Equal(
            ["203.0.113.1 c2 80 4000000 a,b", "203.0.113.1 scanner 30 2000000 a", "203.0.113.2 c2 50 3000000 a", "2001:db8::1 c2 10 2000000 b"], Merged(s_now, s_nothing));
        Assert.Equal([("a", 3), ("b", 2)], _store.Sources().Select(source => (source.Name.Text, source.EntryCount)));
    }

    [Fact]
    public void A_list_takes_the_place_of_what_its_source_listed_before()
    {
        Import("a", Entry("203.0.113.1", "c2", 50, 2_000_000));
        Import("a", Entry("203.0.113.2", "c2", 50, 2_000_000), Entry("203.0.113.2", "c2", 70, 1_500_000));
        Assert.Equal(["203.0.113.2 c2 70 2000000 a"], Merged(s_now, s_nothing));
        Assert.True(_store.Remove(DocumentId.Parse("a")));
        Assert.False(_store.Remove(DocumentId.Parse("a")));
        Assert.Empty(Merged(s_now, s_nothing));
    }

    [Fact]
    public void What_has_run_out_is_listed_no_more()
    {
        Import("a", Entry("203.0.113.1", "c2", 50, 2_000_000));
        Import("b", Entry("203.0.113.1", "c2", 50, 3_000_000));
        Assert.Equal(["203.0.113.1 c2 75 3000000 a,b"], Merged(s_now, s_nothing));
        Assert.Equal(["203.0.113.1 c2 50 3000000 b"], Merged(new UnixMilliseconds(2_000_000), s_nothing));
        Assert.Empty(Merged(new UnixMilliseconds(3_000_000), s_nothing));
    }

    [Fact]
    public void The_never_list_wins_over_what_was_imported_before_it()
    {
        Import("a", Entry("203.0.113.0/24", "c2", 50, 2_000_000), Entry("198.51.100.1", "c2", 50, 2_000_000), Entry("198.51.100.2", "c2", 50, 2_000_000));
        _store.AddNever(Prefix.Parse("203.0.113.77"), "our mail");
        _store.AddNever(Prefix.Parse("198.51.100.1"), "a partner");
        Assert.Equal(["198.51.100.2 c2 50 2000000 a"], Merged(s_now, new NeverList(_store.Never().Select(entry => entry.Prefix))));
        Assert.True(_store.RemoveNever(Prefix.Parse("198.51.100.1")));
        Assert.Equal([("203.0.113.77", "our mail")], _store.Never().Select(entry => (entry.Prefix.ToString(), entry.Reason)));
    }

    [Theory]
    [InlineData("192.0.2.128/25", true)]
    [InlineData("192.0.0.0/16", true)]
    [InlineData("192.0.3.0/24", false)]
    [InlineData("192.0.1.255", false)]
    [InlineData("2001:db8:1::/48", true)]
    [InlineData("2001:db8:2::", false)]
    [InlineData("::ffff:192.0.2.1", true)]
    public void A_never_list_forbids_what_overlaps_it(string prefix, bool forbidden)
    {
        var list = new NeverList(new[] { "192.0.2.0/24", "192.0.2.7", "192.0.2.0/28", "2001:db8::/47" }.Select(Prefix.Parse));
        Assert.Equal(forbidden, list.Forbids(Prefix.Parse(prefix), out _));
    }

    private static ImportedEntry Entry(string prefix, string category, int score, long end) => new(Prefix.Parse(prefix), DocumentId.Parse(category), score, new UnixMilliseconds(end));

    private void Import(string source, params ImportedEntry[] entries) => _store.Replace(DocumentId.Parse(source), ListFormat.Text, s_now, entries);

    private IEnumerable<string> Merged(UnixMilliseconds now, NeverList never) =>
        [.. _store.Merged(now, never).Select(entry => $"{entry.Prefix} {entry.Category} {entry.Score} {entry.NotAfter.Value} {string.Join(',', entry.Sources)}")];
}
