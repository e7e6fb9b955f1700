using System.Text;
using EdgeSensors.Hub.Blocklists.Export;
using EdgeSensors.Hub.Blocklists.Import;
using EdgeSensors.Hub.Blocklists.Merge;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Blocklists;

/// <summary>What is exported is what our own importers, which read the same formats of others, make of it.</summary>
public sealed class ExportTests : IDisposable
{
    private static readonly UnixMilliseconds s_end = new(new DateTimeOffset(2026, 12, 7, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds());
    private static readonly DateTimeOffset s_now = ImportTests.Now.ToDateTimeOffset();

    private static readonly MergedEntry[] s_entries =
    [
        Entry("198.51.100.0/24", "scanner", 40), Entry("203.0.113.1", "c2", 90), Entry("203.0.113.1", "scanner", 40), Entry("2001:db8::/48", "c2", 10), Entry("2001:db8:0:1::53", "c2", 100),
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgesensors-export-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Csv_comes_back()
    {
        using var text = new StringWriter();
        CsvExport.Write(text, s_entries);
        AssertSame(ListFormat.Csv, Encoding.UTF8.GetBytes(text.ToString()));
    }

    [Fact]
    public void Stix_comes_back()
    {
        using var stream = new MemoryStream();
        StixExport.Write(stream, s_entries, s_now);
        AssertSame(ListFormat.Stix, stream.ToArray());
        using var again = new MemoryStream();
        StixExport.Write(again, s_entries, s_now);
        Assert.Equal(stream.ToArray(), again.ToArray());
    }

    [Fact]
    public void A_misp_feed_comes_back_but_for_what_misp_has_no_field_for()
    {
        MispExport.Write(_folder.FullName, s_entries, s_now);
        var events = Directory.GetFiles(_folder.FullName).Where(path => !path.EndsWith("manifest.json", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, events.Count);
        var manifest = File.ReadAllText(Path.Combine(_folder.FullName, "manifest.json"));
        Assert.All(events, path => Assert.Contains(Path.GetFileNameWithoutExtension(path), manifest, StringComparison.Ordinal));
        Assert.Equal(
            s_entries.Select(entry => entry.Prefix).Order(),
            events.SelectMany(path => ImportTests.Read(File.ReadAllBytes(path)).Sink.Entries).Select(entry => entry.Prefix).Order());
    }

    [Theory]
    [InlineData("203.0.113.1", "32.1.113.0.203.rpz-ip")]
    [InlineData("198.51.100.0/24", "24.0.100.51.198.rpz-ip")]
    [InlineData("2001:db8::/48", "48.zz.db8.2001.rpz-ip")]
    [InlineData("2001:db8:0:1::53", "128.53.zz.1.0.db8.2001.rpz-ip")]
    [InlineData("2001:2:3:4:5:6:7:0", "128.0.7.6.5.4.3.2.2001.rpz-ip")]
    public void An_rpz_trigger_is_written_as_resolvers_read_it(string prefix, string trigger) => Assert.Equal(trigger, RpzExport.Trigger(Prefix.Parse(prefix)));

    [Fact]
    public void A_zone_names_each_prefix_once()
    {
        using var text = new StringWriter();
        RpzExport.Write(text, s_entries, s_now);
        var lines = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("$TTL 300", lines[0]);
        Assert.Equal(4, lines.Count(line => line.Contains(".rpz-ip CNAME . ; ", StringComparison.Ordinal)));
    }

    private static void AssertSame(ListFormat format, byte[] bytes)
    {
        var (found, sink) = ImportTests.Read(bytes);
        Assert.Equal(format, found);
        Assert.Empty(sink.Skipped);
        Assert.Equal(s_entries.Select(entry => new ImportedEntry(entry.Prefix, entry.Category, entry.Score, entry.NotAfter)), sink.Entries);
    }

    private static MergedEntry Entry(string prefix, string category, int score) => new(Prefix.Parse(prefix), DocumentId.Parse(category), score, s_end, ["a", "b"]);
}
