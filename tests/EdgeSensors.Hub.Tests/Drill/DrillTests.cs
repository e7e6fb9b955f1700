using System.Net;
using System.Text.Json.Nodes;
using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.Tests.Commands;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Drill;

/// <summary>
/// The drill: each key that a machine on the network holds is stolen in turn. The thief tries all that docs/security.md lists, against the agent's own client and judgement; what he can
/// do is what that page says and no more; then the keys are exchanged by the commands of its runbook, and his next try fails.
/// </summary>
public sealed class DrillTests
{
    private const long Far = 1L << 40;
    private static readonly string Later = DateTimeOffset.UtcNow.AddYears(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stolen_timestamp_key_gets_nothing_believed_that_no_witness_has_seen()
    {
        await using var hub = await TestHub.StartAsync();
        using var sensor = new DrillSensor(hub);
        await sensor.ContentAsync();
        await using var thief = await Thief.StealAsync(hub, "timestamp");

        // Freeze: the same state with a late expiry. Fast-forward: a version that nothing overtakes. Rollback: an older snapshot under a newer timestamp.
        await RefusedAsync(sensor, thief, TufErrorKind.ProofMissing, () => thief.Forge("timestamp", t => (t["version"], t["expires"]) = (Next(t), Later)));
        await RefusedAsync(sensor, thief, TufErrorKind.ProofMissing, () => thief.Forge("timestamp", t => t["version"] = Far));
        await RefusedAsync(sensor, thief, TufErrorKind.Rollback, () => thief.Forge("timestamp", t => (t["version"], t["meta"]!["snapshot.json"]!["version"]) = (Next(t), 1)));
        await RefusedAsync(sensor, thief, TufErrorKind.ProofRefused, () =>
        {
            thief.Forge("timestamp", t => (t["version"], t["expires"]) = (Next(t), Later));
            thief.Prove(); // in a log of his own, that nobody cosigned
        });

        // Nothing of it stays with the sensor: it goes on with the hub.
        await AdvanceAsync(hub, sensor);
        await RotateAsync(hub, ["timestamp"], "root");
        await ApproveAsync(hub, "203.0.113.8"); // the serving hub signs with the new key
        await AdvanceAsync(hub, sensor);
        await RefusedAsync(sensor, thief, TufErrorKind.ThresholdUnmet, () => thief.Forge("timestamp", t => (t["version"], t["expires"]) = (Next(t), Later)));
    }

    [Fact]
    public async Task A_stolen_snapshot_key_mixes_and_takes_back_nothing()
    {
        await using var hub = await TestHub.StartAsync();
        await using var thief = await Thief.StealAsync(hub, "snapshot");
        await MixAsync();
        await RotateAsync(hub, ["snapshot"], "root");
        await ApproveAsync(hub, "203.0.113.8");
        using var follower = new DrillSensor(hub);
        await AdvanceAsync(hub, follower);
        await MixAsync();

        async Task MixAsync()
        {
            // A sensor that has seen nothing yet would take any snapshot that the timestamp named.
            using var fresh = new DrillSensor(hub);
            await RefusedAsync(fresh, thief, TufErrorKind.HashMismatch, () => thief.Alter("snapshot", s => s["meta"]!.AsObject().Remove("authorizations-isp-a.json")));
            await RefusedAsync(fresh, thief, TufErrorKind.HashMismatch, () => thief.Alter("snapshot", s => s["meta"]!["control.json"]!["version"] = 9));
            await RefusedAsync(fresh, thief, TufErrorKind.HashMismatch, () => thief.Alter("snapshot", s => s["expires"] = Later));
        }
    }

    [Fact]
    public async Task A_stolen_control_key_activates_and_revokes_nothing_by_itself()
    {
        await using var hub = await TestHub.StartAsync();
        await ApproveAsync(hub, "203.0.113.7");
        await using var thief = await Thief.StealAsync(hub, "control");
        using var sensor = new DrillSensor(hub);
        await sensor.ContentAsync();
        Assert.Equal([("203.0.113.7", null)], sensor.Judge());

        Assert.Equal("snapshot", Refused(thief.Publish(new RepositoryChange().Set(Rules(Rule("203.0.113.66"))))));
        thief.Alter("control", c => c["targets"] = new JsonObject());
        Assert.Null(await sensor.AskAsync(thief.Port)); // what it holds already is not fetched again
        Assert.Equal([("203.0.113.7", null)], sensor.Judge());
        using var fresh = new DrillSensor(hub);
        Assert.Null(await fresh.AskAsync(thief.Port));
        Assert.Equal("tuf-hash-mismatch", fresh.State.RulesRefusal);
        Assert.Empty(fresh.Judge());

        await RotateAsync(hub, ["control"], "targets");
        await ApproveAsync(hub, "203.0.113.8"); // the serving hub signs with the new key
        await AdvanceAsync(hub, sensor);
        Assert.Equal([("203.0.113.7", null), ("203.0.113.8", null)], sensor.Judge());
        Assert.Equal(RepositoryErrorKind.KeysMissing, (await ErrorOfAsync(thief, new RepositoryChange().Set(Rules()))).Kind);
    }

    [Fact]
    public async Task A_stolen_log_key_proves_nothing_without_a_witness_and_what_it_can_stop_goes_on_under_the_spare()
    {
        await using var hub = await TestHub.StartAsync();
        using var sensor = new DrillSensor(hub);
        await sensor.ContentAsync();
        await using var thief = await Thief.StealAsync(hub, "log");

        // Something that the hub has signed and that no witness saw yet.
        await hub.Witness.StopAsync();
        await ApproveAsync(hub, "203.0.113.9", published: false);
        await TestHub.EventuallyAsync(async () => !(await hub.HealthAsync()).Publishing);
        await thief.CopyPublicAsync(unshown: true);
        await RefusedAsync(sensor, thief, TufErrorKind.ProofMissing);
        thief.Prove();
        await RefusedAsync(sensor, thief, TufErrorKind.ProofRefused);
        await hub.Witness.StartAsync();
        await AdvanceAsync(hub, sensor);

        // A second history of the same log is refused and kept as evidence; a longer one is cosigned, and then the hub's own is not: it stands still, and says so.
        Assert.Null(await thief.GrowLogAsync());
        hub.Publish(new RepositoryChange().Renew(RepositoryRoles.Control));
        await TestHub.EventuallyAsync(async () => !(await hub.HealthAsync()).Publishing);

        var card = await RotateAsync(hub, ["log"], "root");
        Assert.Contains("serve anew", card, StringComparison.Ordinal);
        await hub.Witness.StopAsync();
        Assert.True(LogCard.TryParse(await File.ReadAllTextAsync(Path.Combine(hub.Folder, "log.pub"), Token), out var next));
        Assert.Equal("hub.example/log-2", next.Key.Name);
        hub.Witness.Trust(next, Path.Combine(hub.Folder, "overseer"));
        await hub.Witness.StartAsync();
        await hub.RestartAsync();
        await AdvanceAsync(hub, sensor);
        Assert.True((await hub.HealthAsync()).Publishing);

        // He goes on with the old log, and nobody looks at it any more.
        Assert.Null(await thief.GrowLogAsync());
        await AdvanceAsync(hub, sensor);
        hub.Publish(new RepositoryChange().Renew(RepositoryRoles.Control));
        await RefusedAsync(sensor, thief, TufErrorKind.ProofRefused, thief.Prove);
    }

    [Fact]
    public async Task A_stolen_witness_key_vouches_for_nothing_that_the_log_did_not_sign()
    {
        await using var hub = await TestHub.StartAsync();
        using var sensor = new DrillSensor(hub);
        await sensor.ContentAsync();
        await using var thief = await Thief.StealAsync(hub, "witness");
        await hub.Witness.StopAsync();
        await ApproveAsync(hub, "203.0.113.9", published: false);
        await TestHub.EventuallyAsync(async () => !(await hub.HealthAsync()).Publishing);
        await thief.CopyPublicAsync(unshown: true);
        thief.Prove();
        await RefusedAsync(sensor, thief, TufErrorKind.ProofRefused);
        await hub.Witness.StartAsync();

        // Another witness in its place: a new root, which the old one still sees.
        await using var successor = TestWitness.Make("oversight.example/w2");
        Assert.True(LogCard.TryParse(await File.ReadAllTextAsync(Path.Combine(hub.Folder, "log.pub"), Token), out var card));
        successor.Trust(card);
        await successor.StartAsync();
        var cardFile = Path.Combine(hub.Folder, "w2.pub");
        await File.WriteAllTextAsync(cardFile, successor.Card + "\n", Token);
        var request = NewRequest(hub);
        HubProcess.Succeeded(await HubProcess.RunAsync("log", "policy", "--witness", cardFile, "--dir", hub.Folder, "--request", request));
        await SignAndApplyAsync(hub, request, "root");
        await hub.RestartAsync(configuration => configuration with { Transparency = configuration.Transparency with { Witnesses = [hub.Witness.Url, successor.Url] } });
        await AdvanceAsync(hub, sensor);
        Assert.Equal("oversight.example/w2", sensor.State.Witness);
        hub.Publish(new RepositoryChange().Renew(RepositoryRoles.Control));
        await RefusedAsync(sensor, thief, TufErrorKind.ProofRefused, thief.Prove);
    }

    [Fact]
    public async Task A_stolen_tls_key_carries_updates_and_cannot_change_take_back_or_mix_them()
    {
        await using var hub = await TestHub.StartAsync();
        await using var thief = await Thief.StealAsync(hub); // no key of the updates, but a server that sensors believe
        using var sensor = new DrillSensor(hub);
        await ApproveAsync(hub, "203.0.113.7");
        await AdvanceAsync(hub, sensor);
        var old = sensor.State.TimestampVersion!.Value;
        await AdvanceAsync(hub, sensor);

        await RefusedAsync(sensor, thief, TufErrorKind.Rollback, () => thief.Replay(old));
        await RefusedAsync(sensor, thief, TufErrorKind.ThresholdUnmet, () => thief.Forge("timestamp", t => (t["version"], t["expires"]) = (Next(t), Later)));
        await RefusedAsync(sensor, thief, TufErrorKind.ThresholdUnmet, () => thief.Forge("root", r => r["version"] = Next(r)));
        Assert.Equal([("203.0.113.7", null)], sensor.Judge());
        await AdvanceAsync(hub, sensor);

        // The hub gets another key and certificate for its names; sensors need nothing for that.
        var serial = sensor.ServerOf(hub.Configuration.Listen.HttpsPort);
        hub.SaveAuthorityKey();
        HubProcess.Succeeded(await HubProcess.RunAsync("keys", "rotate", "tls", "--dir", hub.Folder, "--passphrase-file", hub.PassphraseFile));
        await hub.RestartAsync();
        await sensor.ContentAsync();
        Assert.NotEqual(serial, sensor.ServerOf(hub.Configuration.Listen.HttpsPort));
    }

    [Fact]
    public async Task A_stolen_sensor_reads_what_is_public_speaks_as_itself_and_is_shut_out()
    {
        await using var hub = await TestHub.StartAsync();
        using var stolen = hub.SensorCertificate(TestHub.Gateway);
        using var http = hub.Http(stolen);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, "/tuf/metadata/timestamp.json"));
        foreach (var path in new[] { "/api/v1/incidents", "/api/v1/mitigations", "/log/checkpoint", "/healthz" })
        {
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(http, path));
        }

        await using (var speaking = await TestSensor.ConnectAsync(hub, TestHub.Gateway, stolen))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => TestSensor.ConnectAsync(hub, TestHub.Other, stolen)); // not as another
        }

        HubProcess.Succeeded(await HubProcess.RunAsync("sensor", "revoke", TestHub.Gateway.Operator.Text, TestHub.Gateway.Sensor.Text, "--dir", hub.Folder));
        using var again = hub.Http(stolen);
        await Assert.ThrowsAsync<HttpRequestException>(() => again.GetAsync(new Uri("/tuf/metadata/timestamp.json", UriKind.Relative), Token));
        await Assert.ThrowsAnyAsync<Exception>(() => TestSensor.ConnectAsync(hub, TestHub.Gateway, stolen));

        // Others are let in as before, and so is the sensor once it is enrolled anew.
        using var other = hub.Http(hub.SensorCertificate(TestHub.Other));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(other, "/tuf/metadata/timestamp.json"));
        await Task.Delay(TimeSpan.FromSeconds(1.1), Token); // certificates count in seconds
        using var renewed = hub.Http(hub.SensorCertificate(TestHub.Gateway));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(renewed, "/tuf/metadata/timestamp.json"));
    }

    [Fact]
    public async Task All_online_keys_together_act_within_the_grants_and_in_the_witnesss_sight_and_not_beyond()
    {
        await using var hub = await TestHub.StartAsync();
        using var sensor = new DrillSensor(hub);
        using var victim = new DrillSensor(hub);
        await ApproveAsync(hub, "203.0.113.7");
        await sensor.ContentAsync();
        await victim.ContentAsync();
        await using var thief = await Thief.StealAsync(hub, "timestamp", "snapshot", "control", "log");

        // Unseen by the witness, nothing.
        Assert.True(thief.Publish(new RepositoryChange().Set(Rules(Rule("203.0.113.66")))).IsSuccess);
        await RefusedAsync(sensor, thief, TufErrorKind.ProofMissing);
        thief.Prove();
        await RefusedAsync(sensor, thief, TufErrorKind.ProofRefused);
        var logged = await hub.Witness.SizeAsync("hub.example/log");
        await hub.StopAsync(); // from here on the thief's log is the one that the witness follows

        // Seen: rules within the standing grant take force, revoked or not (203.0.113.7 is gone), and what goes beyond does not.
        var outside = Rule("203.0.113.0/24", id: "wide");
        Assert.True(thief.Publish(new RepositoryChange().Set(Rules(
            Rule("203.0.113.66"),
            outside,
            Rule("203.0.113.68", id: "elsewhere") with { Sensors = [SensorPattern.All] },
            Rule("203.0.113.69", id: "nobodys") with { Grant = new GrantRef(OperatorId.Parse("authority"), DocumentId.Parse("invented")) },
            Rule("203.0.113.70", id: "long") with { OpenC2 = Rule("203.0.113.70").OpenC2 with { StopTime = new(Now + 10 * 86_400_000L) } }))).IsSuccess);
        Assert.Null(await thief.LogAsync());
        Assert.Null(await sensor.AskAsync(thief.Port));
        Assert.Equal(
            [("203.0.113.0/24", "grant-prefix-too-wide"), ("203.0.113.66", null), ("203.0.113.68", "grant-sensor"), ("203.0.113.69", "grant-missing"), ("203.0.113.70", "grant-too-long")],
            sensor.Judge().OrderBy(verdict => verdict.Target, StringComparer.Ordinal));
        // The witness has cosigned the tree with each of them in it: it counts more entries than the hub ever logged.
        Assert.True(await hub.Witness.SizeAsync("hub.example/log") > logged);

        // A grant, a delegation, an authorisation, a list, a root: none of them, though the witness sees them logged.
        Assert.Equal("mitigations-authority", Refused(thief.Publish(new RepositoryChange().SetTarget("mitigations/authority/standing.json", new byte[] { 1 }))));
        Assert.Equal("targets", Refused(thief.Publish(new RepositoryChange().Withdraw("mitigations-authority"))));
        Assert.Equal("root", Refused(thief.Publish(new RepositoryChange().Renew("root"))));
        await ShownAndRefusedAsync(TufErrorKind.ThresholdUnmet, () => thief.Forge("targets", t => t["version"] = Next(t)));
        await ShownAndRefusedAsync(TufErrorKind.Rollback, () => thief.Forge("snapshot", s => (s["version"], s["meta"]!["authorizations-isp-a.json"]!["version"]) = (Next(s), 1)));
        await ShownAndRefusedAsync(TufErrorKind.Rollback, () => thief.Forge("snapshot", s =>
        {
            s["version"] = Next(s);
            s["meta"]!.AsObject().Remove("mitigations-authority.json");
        }));
        Assert.NotNull(sensor.State.Authorization);

        // Fast-forward: versions that the hub will never reach. This the sensor believes, until the keys are exchanged (specification 5.3.11).
        await thief.CopyPublicAsync();
        thief.Forge("control", c => c["version"] = Far);
        thief.Forge("snapshot", s => s["version"] = Far);
        thief.Forge("timestamp", t => t["version"] = Far);
        Assert.Null(await thief.LogAsync());
        Assert.Null(await victim.AskAsync(thief.Port));
        Assert.Equal(Far, victim.State.TimestampVersion);

        // The runbook: everything that was online, in one root; the log goes on under its spare.
        await RotateAsync(hub, ["timestamp", "snapshot", "control", "log"], "root", "targets");
        await hub.Witness.StopAsync();
        Assert.True(LogCard.TryParse(await File.ReadAllTextAsync(Path.Combine(hub.Folder, "log.pub"), Token), out var next));
        hub.Witness.Trust(next, Path.Combine(hub.Folder, "overseer"));
        await hub.Witness.StartAsync();
        await hub.RestartAsync();
        Assert.True((await hub.HealthAsync()).Publishing);
        foreach (var each in new[] { sensor, victim })
        {
            await each.ContentAsync();
            Assert.InRange(each.State.TimestampVersion!.Value, 1, Far - 1);
            Assert.Equal([("203.0.113.7", null)], each.Judge());
        }

        await RefusedAsync(victim, thief, TufErrorKind.ThresholdUnmet, () => thief.Forge("control", c => c["version"] = Next(c)));
        Assert.Equal(RepositoryErrorKind.KeysMissing, (await ErrorOfAsync(thief, new RepositoryChange().Set(Rules()))).Kind);

        async Task ShownAndRefusedAsync(TufErrorKind kind, Action forge)
        {
            forge();
            Assert.Null(await thief.LogAsync());
            var refusal = await sensor.AskAsync(thief.Port);
            Assert.Equal(kind, refusal?.Kind);
        }
    }

    [Fact]
    public async Task All_online_keys_and_the_witnesss_act_unseen_but_still_within_the_grants()
    {
        await using var hub = await TestHub.StartAsync();
        using var sensor = new DrillSensor(hub);
        await sensor.ContentAsync();
        await using var thief = await Thief.StealAsync(hub, "timestamp", "snapshot", "control", "log", "witness");

        Assert.True(thief.Publish(new RepositoryChange().Set(Rules(Rule("203.0.113.66"), Rule("203.0.113.0/24", id: "wide")))).IsSuccess);
        thief.Prove();
        Assert.Null(await sensor.AskAsync(thief.Port));
        Assert.Equal([("203.0.113.0/24", "grant-prefix-too-wide"), ("203.0.113.66", null)], sensor.Judge().OrderBy(verdict => verdict.Target, StringComparer.Ordinal));
        thief.Forge("targets", t => t["version"] = Next(t));
        thief.Prove();
        await RefusedAsync(sensor, thief, TufErrorKind.ThresholdUnmet);
    }

    private static long Now => UnixMilliseconds.Now(TimeProvider.System).Value;

    private static long Next(JsonObject signed) => signed["version"]!.GetValue<long>() + 1;

    private static RuleSet Rules(params MitigationRule[] rules) => new() { Revision = 1_000, Rules = rules };

    private static MitigationRule Rule(string target, string id = "forged") => new()
    {
        Id = DocumentId.Parse(id),
        Grant = new GrantRef(OperatorId.Parse("authority"), DocumentId.Parse("standing")),
        Tier = OpenTier.Id,
        Approvals = new RuleApprovals(8, true), // a lie costs the thief nothing
        OpenC2 = new SlpfCommand { Target = SlpfTarget.Parse(target), Direction = SlpfDirection.Ingress, StartTime = new(Now - 1000), StopTime = new(Now + 3_600_000) },
        ReasonText = "because",
        Because = "it is so",
        Sensors = [SensorPattern.Of(TestHub.Gateway.Operator)],
        Step = MitigationStep.Drop,
        ExpectedCollateral = "all of it",
        NotAfter = new(Now + 20 * 86_400_000L),
    };

    private static string Refused(RepositoryResult<Publication> result)
    {
        Assert.False(result.TryGet(out _, out var error));
        Assert.Equal(RepositoryErrorKind.KeysMissing, error.Kind);
        return error.Role;
    }

    private static async Task<RepositoryError> ErrorOfAsync(Thief thief, RepositoryChange change)
    {
        await thief.CopyPublicAsync();
        Assert.False(thief.Publish(change).TryGet(out _, out var error));
        return error;
    }

    // What the sensor trusted before stays.
    private static async Task RefusedAsync(DrillSensor sensor, Thief thief, TufErrorKind kind)
    {
        var before = sensor.State.TimestampVersion;
        var refusal = await sensor.AskAsync(thief.Port);
        Assert.True(refusal is not null, "The attack was not noticed.");
        Assert.Equal(kind, refusal.Kind);
        Assert.Equal(before, sensor.State.TimestampVersion);
    }

    // Made of what is public now.
    private static async Task RefusedAsync(DrillSensor sensor, Thief thief, TufErrorKind kind, Action forge)
    {
        await thief.CopyPublicAsync();
        forge();
        await RefusedAsync(sensor, thief, kind);
    }

    // The hub publishes something, and the sensor follows.
    private static async Task AdvanceAsync(TestHub hub, DrillSensor sensor)
    {
        var before = sensor.State.TimestampVersion ?? 0;
        hub.Publish(new RepositoryChange().Renew(RepositoryRoles.Control));
        await TestHub.EventuallyAsync(async () => await sensor.AskAsync(hub.Configuration.Listen.HttpsPort) is null && sensor.State.TimestampVersion > before);
    }

    private static async Task ApproveAsync(TestHub hub, string target, bool published = true)
    {
        var (status, proposed) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", new { target, reason = "scans", sensors = new[] { "isp-a/*" } });
        Assert.Equal(200, status);
        Assert.Equal(200, (await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{proposed!.Id}/approve", new { })).Status);
        // Signed, and where a witness answers also shown.
        await TestHub.EventuallyAsync(async () => published
            ? (await hub.MitigationsAsync()).Any(m => m.Id == proposed.Id && m.PublishedAt is not null)
            : hub.ReadRules().Rules.Any(rule => rule.Id.Text == proposed.Id));
    }

    private static string NewRequest(TestHub hub) => Path.Combine(hub.Folder, $"{Guid.NewGuid():n}.request");

    private static async Task<string> RotateAsync(TestHub hub, string[] roles, params string[] signers)
    {
        var request = NewRequest(hub);
        var made = await HubProcess.RunAsync(["keys", "rotate", .. roles, "--dir", hub.Folder, "--out", request, "--passphrase-file", hub.PassphraseFile]);
        HubProcess.Succeeded(made);
        await SignAndApplyAsync(hub, request, signers);
        return made.Output;
    }

    private static async Task SignAndApplyAsync(TestHub hub, string request, params string[] signers)
    {
        var keys = signers.SelectMany(role => new[] { "--key", Path.Combine(hub.Folder + "-offline", $"{role}-1.key") });
        var root = Path.Combine(hub.Configuration.Trust.Repository, "metadata", "1.root.json");
        HubProcess.Succeeded(await HubProcess.RunAsync(["keys", "sign", request, .. keys, "--root", root, "--yes", "--passphrase-file", hub.PassphraseFile]));
        HubProcess.Succeeded(await HubProcess.RunAsync("keys", "apply", request, "--dir", hub.Folder));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Token);
        return answer.StatusCode;
    }
}
