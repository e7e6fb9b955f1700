using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Commands;

/// <summary><c>blocklist</c> by the real program: from lists of others to signed targets, and to what peers read.</summary>
public sealed class BlocklistCommandTests(HubProcess hub) : IClassFixture<HubProcess>
{
    [Fact]
    public async Task Lists_are_imported_merged_published_changed_and_exported()
    {
        // Enough that a delta is shorter than the whole.
        await ImportAsync("bulk", string.Join('\n', Enumerable.Range(0, 1000).Select(i => $"198.18.{i >> 6}.{(i * 37) & 255}").Distinct()), "--category", "bulk", "--score", "1", " entries (text)");
        await ImportAsync("feed-a", "203.0.113.1\n203.0.113.2\n192.0.2.7\n", "--category", "c2", "--score", "60", "left out 1: on the never-list (192.0.2.0/24)");
        await ImportAsync("feed-b", "ip,confidence\n203.0.113.1,50\n2001:db8:ffff::1,10\n198.51.100.9,20\n", "--category", "c2", "left out 1: on the never-list (2001:db8::/32)");
        var first = await PublishAsync("--at-most", "2");
        Assert.Contains("full: version 1, 1003 entries, snapshot ", first, StringComparison.Ordinal);
        Assert.Contains("at-most-2: version 1, 2 entries, snapshot ", first, StringComparison.Ordinal);
        Assert.Equal(["198.51.100.9", "203.0.113.1", "203.0.113.2"], Listed("full"));
        Assert.Equal(["203.0.113.1", "203.0.113.2"], Listed("at-most-2"));
        var older = Snapshot("full");

        // What has not changed is not published again; a tier is kept up without being named.
        Assert.Contains("full: version 1, 1003 entries, unchanged", await PublishAsync(), StringComparison.Ordinal);
        await ImportAsync("feed-b", "ip,confidence\n198.51.100.9,90\n203.0.113.99,90\n", "--category", "c2", "2 entries (csv)");
        HubProcess.Succeeded(await HubProcess.RunAsync("blocklist", "never", "add", "203.0.113.2", "--reason", "a partner", "--dir", hub.Hub));
        var second = await PublishAsync();
        Assert.Contains("full: version 2, 1003 entries, snapshot ", second, StringComparison.Ordinal);
        Assert.Contains("delta from 1 ", second, StringComparison.Ordinal);
        Assert.Equal(["198.51.100.9", "203.0.113.1", "203.0.113.99"], Listed("full"));
        Assert.Equal(["198.51.100.9", "203.0.113.99"], Listed("at-most-2"));
        Assert.True(older.TryApply(Target("blocklists/full.from-1.delta"), out var newer, out var fault), fault?.ToString());
        Assert.Equal(Target("blocklists/full.snapshot"), newer.ToSnapshot());

        var list = await HubProcess.RunAsync("blocklist", "list", "--dir", hub.Hub, "--entries");
        Assert.Contains("203.0.113.1 c2 60 ", list.Output, StringComparison.Ordinal);
        Assert.Contains(" feed-a", list.Output, StringComparison.Ordinal);
        Assert.Contains("203.0.113.99,c2,90,", (await HubProcess.RunAsync("blocklist", "export", "--dir", hub.Hub)).Output, StringComparison.Ordinal);
        Assert.Contains("32.99.113.0.203.rpz-ip CNAME .", (await HubProcess.RunAsync("blocklist", "export", "--format", "rpz", "--dir", hub.Hub)).Output, StringComparison.Ordinal);

        HubProcess.Succeeded(await HubProcess.RunAsync("blocklist", "remove", "feed-b", "--dir", hub.Hub));
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("blocklist", "remove", "feed-b", "--dir", hub.Hub), 1, "there is no source 'feed-b'");
        await PublishAsync();
        Assert.Equal(["203.0.113.1"], Listed("full"));
        Assert.True(older.TryApply(Target("blocklists/full.from-1.delta"), out newer, out _));
        Assert.Equal(3, newer.Version);
    }

    [Fact]
    public async Task Bad_input_is_one_line()
    {
        var file = Path.Combine(hub.Folder, "bad.json");
        await File.WriteAllTextAsync(file, "{\"type\": \"bundle\", ", TestContext.Current.CancellationToken);
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("blocklist", "import", file, "--source", "x", "--dir", hub.Hub), 1, "it is no JSON");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("blocklist", "import", file, "--source", "No Name", "--dir", hub.Hub), 2, "--source takes");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("blocklist", "import", "/nowhere/list", "--source", "x", "--dir", hub.Hub), 1, "/nowhere/list");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("blocklist", "list", "--dir", "/nowhere"), 1, "");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("blocklist", "publish", "--at-most", "0", "--dir", hub.Hub), 2, "--at-most takes");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("blocklist", "export", "--format", "misp", "--dir", hub.Hub), 2, "--out");
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html><body>503 Service Unavailable\u001b[2J</body></html>\n")]
    public async Task A_download_that_failed_does_not_put_out_what_its_source_listed(string page)
    {
        await ImportAsync("feed-c", "203.0.113.201\n", " entries (text)");
        var file = Path.Combine(hub.Folder, "failed.txt");
        await File.WriteAllTextAsync(file, page, TestContext.Current.CancellationToken);
        var run = await HubProcess.RunAsync("blocklist", "import", file, "--source", "feed-c", "--dir", hub.Hub);
        HubProcess.FailedInOneLine(run, 1, "what feed-c listed before stays");
        Assert.DoesNotContain('\u001b', run.Error);
        Assert.Contains("203.0.113.201 ", (await HubProcess.RunAsync("blocklist", "list", "--entries", "--dir", hub.Hub)).Output, StringComparison.Ordinal);
        HubProcess.Succeeded(await HubProcess.RunAsync("blocklist", "remove", "feed-c", "--dir", hub.Hub));
    }

    /// <summary>Imports a text; the last argument is what must be said.</summary>
    private async Task ImportAsync(string source, string text, params string[] rest)
    {
        var file = Path.Combine(hub.Folder, $"{source}.txt");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        var run = await HubProcess.RunAsync(["blocklist", "import", file, "--source", source, "--dir", hub.Hub, .. rest[..^1]]);
        HubProcess.Succeeded(run);
        Assert.Contains(rest[^1], run.Output, StringComparison.Ordinal);
    }

    private async Task<string> PublishAsync(params string[] rest)
    {
        var run = await HubProcess.RunAsync(["blocklist", "publish", "--dir", hub.Hub, "--offline", hub.Offline, "--passphrase-file", hub.Passphrase, .. rest]);
        HubProcess.Succeeded(run);
        return run.Output;
    }

    private byte[] Target(string name)
    {
        Assert.True(TufRepository.Open(Path.Combine(hub.Hub, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out _));
        Assert.True(repository.ReadTarget(name).TryGet(out var bytes, out var error), error?.ToString());
        return bytes;
    }

    private Blocklist Snapshot(string tier)
    {
        Assert.True(Blocklist.TryRead(Target(TargetNames.BlocklistSnapshot(tier)), out var list, out var fault), fault?.ToString());
        return list;
    }

    private IEnumerable<string> Listed(string tier) =>
        [.. Snapshot(tier).Sections.Where(section => section.Key.Category.Text == "c2").SelectMany(section => Enumerable.Range(0, section.Count).Select(place => section[place])).Order().Select(prefix => prefix.ToString())];
}
