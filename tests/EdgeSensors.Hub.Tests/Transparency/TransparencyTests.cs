using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Transparency;

/// <summary>Wall 4, the hub's side: nothing is shown to a sensor before it is logged and a witness has seen it.</summary>
public sealed class TransparencyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_sensor_is_shown_is_proved_and_an_approval_is_logged_before_the_rule_it_makes()
    {
        await using var hub = await TestHub.StartAsync();
        await ApproveAsync(hub, "203.0.113.7");
        await TestHub.EventuallyAsync(async () => (await hub.MitigationsAsync()).Any(m => m.PublishedAt is not null));

        var verified = await RefreshAsync(hub);
        Assert.Equal([TestWitness.Name], verified.Witnessed.Witnesses);

        // The overseer's mirror: every entry has its preimage, and nothing is out of place.
        using var http = new HttpClient { BaseAddress = hub.Witness.View };
        var entries = new List<JsonElement>();
        await TestHub.EventuallyAsync(async () =>
        {
            entries = (await http.GetFromJsonAsync<List<JsonElement>>("api/v1/entries?origin=hub.example/log&max=1000", Token))!;
            return entries.Exists(IsApproval) && entries.TrueForAll(entry => entry.GetProperty("has_preimage").GetBoolean());
        });
        Assert.Empty((await http.GetFromJsonAsync<List<JsonElement>>("api/v1/alarms", Token))!);
        Assert.Equal(["authorization", "decision", "document", "grant", "metadata"], entries.Select(Kind).Distinct().Order());

        var preimages = new List<(string Kind, byte[] Bytes)>();
        foreach (var entry in entries)
        {
            preimages.Add((Kind(entry), await http.GetByteArrayAsync(new Uri($"api/v1/preimages/{entry.GetProperty("sha256").GetString()}", UriKind.Relative), Token)));
        }

        var approval = preimages.FindIndex(p => p.Kind == "decision" && System.Text.Encoding.UTF8.GetString(p.Bytes).Contains("\"approve\"", StringComparison.Ordinal));
        var rule = preimages.FindIndex(p => p.Kind == "document" && System.Text.Encoding.UTF8.GetString(p.Bytes).Contains("203.0.113.7", StringComparison.Ordinal));
        Assert.InRange(approval, 0, rule - 1);

        // And a person sees in a browser who approved what, and the rule itself, without taking a file apart.
        var page = await http.GetStringAsync(new Uri("entries?origin=hub.example/log", UriKind.Relative), Token);
        Assert.Matches("<td>decision<td>[-0-9]+ [:0-9]+Z alice: approve m-[0-9a-f]+: 1 of 1: ", page);
        Assert.Contains("<td>document<td>control/rules.json<td>", page, StringComparison.Ordinal);
        Assert.Contains("<td>metadata<td>timestamp, version 1<td>", page, StringComparison.Ordinal);
        Assert.Contains("203.0.113.7", await http.GetStringAsync(new Uri($"entry?origin=hub.example/log&index={rule}", UriKind.Relative), Token), StringComparison.Ordinal);
        Assert.Contains("<h1>Alarms</h1><p>none", await http.GetStringAsync(new Uri("", UriKind.Relative), Token), StringComparison.Ordinal);
        foreach (var nowhere in new[] { "entries", "entries?origin=hub.example/lag", "entry?origin=hub.example/log&index=100000" })
        {
            using var answer = await http.GetAsync(new Uri(nowhere, UriKind.Relative), Token);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        static string Kind(JsonElement entry) => entry.GetProperty("kind").GetString()!;
        static bool IsApproval(JsonElement entry) => Kind(entry) == "decision";
    }

    [Fact]
    public async Task While_no_witness_answers_nothing_new_is_shown_and_the_hub_says_so()
    {
        await using var hub = await TestHub.StartAsync();
        var before = await RefreshAsync(hub);
        await hub.Witness.StopAsync();
        await ApproveAsync(hub, "203.0.113.8");
        await TestHub.EventuallyAsync(async () => !(await hub.HealthAsync()).Publishing);

        Assert.Equal(before.TimestampVersion, (await RefreshAsync(hub)).TimestampVersion);
        Assert.All(await hub.MitigationsAsync(), m => Assert.Null(m.PublishedAt));

        await hub.Witness.StartAsync();
        await TestHub.EventuallyAsync(async () => (await hub.MitigationsAsync()).Any(m => m.PublishedAt is not null));
        Assert.True((await RefreshAsync(hub)).TimestampVersion > before.TimestampVersion);
        Assert.True((await hub.HealthAsync()).Publishing);
    }

    [Fact]
    public async Task A_log_that_was_put_back_to_an_older_state_is_noticed_and_nothing_is_shown()
    {
        await using var hub = await TestHub.StartAsync();
        var file = Path.Combine(hub.Configuration.Transparency.Folder, "log.db");
        await hub.StopAsync();
        foreach (var part in Directory.GetFiles(Path.GetDirectoryName(file)!, "log.db*"))
        {
            File.Copy(part, part + ".old");
        }

        await hub.RestartAsync();
        await ApproveAsync(hub, "203.0.113.9");
        await TestHub.EventuallyAsync(async () => (await hub.MitigationsAsync()).Any(m => m.PublishedAt is not null));
        await hub.StopAsync();
        foreach (var part in Directory.GetFiles(Path.GetDirectoryName(file)!, "log.db*").Where(path => !path.EndsWith(".old", StringComparison.Ordinal)))
        {
            File.Delete(part);
        }

        foreach (var part in Directory.GetFiles(Path.GetDirectoryName(file)!, "log.db*.old"))
        {
            File.Move(part, part[..^4]);
        }

        // It logs the same again, but with new salts: another history, of which the witness will have nothing.
        await hub.RestartAsync();
        await TestHub.EventuallyAsync(async () => !(await hub.HealthAsync()).Publishing);
    }

    [Fact]
    public async Task A_missing_preimage_is_an_alarm_at_the_witness()
    {
        await using var hub = await TestHub.StartAsync();
        await hub.Witness.StopAsync();
        await ApproveAsync(hub, "203.0.113.10");
        await TestHub.EventuallyAsync(async () => !(await hub.HealthAsync()).Publishing);
        using (var connection = SqliteSchema.Connect(Path.Combine(hub.Configuration.Transparency.Folder, "log.db"), readOnly: false))
        {
            SqliteSchema.Execute(connection, "DELETE FROM preimage WHERE id = (SELECT max(id) FROM preimage)");
        }

        await hub.Witness.StartAsync();
        using var http = new HttpClient { BaseAddress = hub.Witness.View };
        await TestHub.EventuallyAsync(async () => (await http.GetStringAsync(new Uri("api/v1/alarms", UriKind.Relative), Token)).Contains("is missing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_witness_whose_whole_memory_was_put_back_finds_its_own_word_in_the_log_and_stands_still_until_a_person_lets_it()
    {
        const string Origin = "hub.example/log";
        await using var hub = await TestHub.StartAsync();
        await hub.Witness.StopAsync();
        hub.Witness.Remember();
        await hub.Witness.StartAsync();
        var known = await hub.Witness.SizeAsync(Origin);
        hub.Publish(new RepositoryChange().Renew(RepositoryRoles.Control));
        await TestHub.EventuallyAsync(async () => await hub.Witness.SizeAsync(Origin) > known);
        await TestHub.EventuallyAsync(async () => (await hub.HealthAsync()).Publishing);
        await hub.Witness.StopAsync();
        hub.Witness.PutBack();
        await hub.Witness.StartAsync();

        using var http = new HttpClient { BaseAddress = hub.Witness.View };
        await TestHub.EventuallyAsync(async () => (await http.GetStringAsync(new Uri("api/v1/alarms", UriKind.Relative), Token)).Contains("the state is an older copy", StringComparison.Ordinal));
        Assert.Equal(known, await hub.Witness.SizeAsync(Origin));
        hub.Publish(new RepositoryChange().Renew(RepositoryRoles.Control));
        await TestHub.EventuallyAsync(async () => !(await hub.HealthAsync()).Publishing);

        Assert.True(hub.Witness.Resume(Origin) > known);
        await TestHub.EventuallyAsync(async () => (await hub.HealthAsync()).Publishing);
    }

    [Fact]
    public async Task The_witnesses_are_exchanged_by_a_new_root_which_the_old_ones_see()
    {
        await using var hub = await TestHub.StartAsync();
        await using var successor = TestWitness.Make("oversight.example/w2");
        Assert.True(LogCard.TryParse(File.ReadAllText(Path.Combine(hub.Folder, "overseer", "log.pub")), out var card));
        successor.Trust(card);
        await successor.StartAsync();
        Assert.True(WitnessPolicy.TryCreate([card.Key], [successor.Key], 1, out var policy));
        hub.Publish(new RepositoryChange().SetWitnessPolicy(policy));

        // The new one alone is not enough: it is the old one that hands over.
        await hub.RestartAsync(configuration => configuration with { Transparency = configuration.Transparency with { Witnesses = [successor.Url] } });
        Assert.False((await hub.HealthAsync()).Publishing);
        await hub.RestartAsync(configuration => configuration with { Transparency = configuration.Transparency with { Witnesses = [hub.Witness.Url, successor.Url] } });
        await TestHub.EventuallyAsync(async () => (await hub.HealthAsync()).Publishing);

        var verified = await RefreshAsync(hub);
        Assert.Equal(2, verified.RootVersion);
        Assert.Equal(["oversight.example/w2"], verified.Witnessed.Witnesses);
    }

    [Fact]
    public async Task An_overseer_reads_the_log_and_nothing_else_and_a_sensor_does_not_read_it()
    {
        await using var hub = await TestHub.StartAsync();
        using var overseer = hub.Http(TestHub.Load(hub.Authority.IssueOverseer(TestHub.Alice, TimeSpan.FromDays(1))));
        using var sensor = hub.Http(hub.SensorCertificate(TestHub.Gateway));

        var bytes = await overseer.GetByteArrayAsync(new Uri("/log/checkpoint", UriKind.Relative), Token);
        Assert.True(Checkpoint.TryParse(bytes, out var checkpoint, out _));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(overseer, $"/log/{LogTile.BundleOf(0, checkpoint.Size)}"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(overseer, $"/log/{new LogTile(0, 0, (int)checkpoint.Size)}"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(overseer, $"/log/{new LogTile(0, 0, (int)checkpoint.Size + 1)}"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(overseer, "/log/tile/entries/..%2f..%2flog.db"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(overseer, "/api/v1/audit"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(sensor, "/log/checkpoint"));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Token);
        return answer.StatusCode;
    }

    private static async Task ApproveAsync(TestHub hub, string target)
    {
        var (status, proposed) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", new { target, reason = "scans", sensors = new[] { "isp-a/*" } });
        Assert.Equal(200, status);
        Assert.Equal(200, (await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{proposed!.Id}/approve", new { })).Status);
    }

    private static async Task<VerifiedRepository> RefreshAsync(TestHub hub)
    {
        using var http = hub.Http(hub.SensorCertificate(TestHub.Gateway));
        using var folder = new TemporaryStore();
        var client = new TufClient(new Transport(http), folder.Store, TimeProvider.System, TufLimits.Default, witnessed: true);
        Assert.Null(client.Initialize(File.ReadAllBytes(Path.Combine(hub.Folder, "repository", "metadata", "1.root.json"))));
        Assert.True((await client.RefreshAsync(Token)).TryGet(out var verified, out var error), error?.ToString());
        return verified;
    }

    private sealed class TemporaryStore : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("hub-client-").FullName;

        public DirectoryMetadataStore Store => new(_folder);

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }

    private sealed class Transport(HttpClient http) : ITufTransport
    {
        public Task<FetchOutcome> FetchMetadataAsync(string fileName, long maxBytes, CancellationToken cancellationToken) => FetchAsync("/tuf/metadata/" + fileName);

        public Task<FetchOutcome> FetchTargetAsync(string path, long maxBytes, CancellationToken cancellationToken) => FetchAsync("/tuf/targets/" + path);

        private async Task<FetchOutcome> FetchAsync(string path)
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Token);
            return answer.IsSuccessStatusCode
                ? new FetchOutcome(FetchStatus.Fetched, await answer.Content.ReadAsByteArrayAsync(Token), "")
                : new FetchOutcome(FetchStatus.NotFound, default, $"{(int)answer.StatusCode}");
        }
    }
}
