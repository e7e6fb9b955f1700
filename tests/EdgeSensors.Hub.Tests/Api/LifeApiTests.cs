using System.Net;
using System.Net.Http.Json;
using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Api;

/// <summary>The life of a mitigation through the API of a whole hub, with sensors that connect to it.</summary>
public class LifeApiTests
{
    private const string Attacker = "203.0.113.7";
    private static readonly SensorName[] Fleet = [TestHub.Gateway, new(TestHub.Gateway.Operator, SensorId.Parse("gw-8")), new(TestHub.Gateway.Operator, SensorId.Parse("gw-9"))];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_measure_goes_to_its_canary_and_with_the_canarys_receipt_to_the_fleet()
    {
        await using var hub = await StagedHubAsync();
        var sensors = new List<TestSensor>();
        foreach (var name in Fleet)
        {
            sensors.Add(await hub.ConnectAsync(name));
            await sensors[^1].PublishAsync(Channel.Status, Messages.Status(7, 1));
        }

        await TestHub.EventuallyAsync(async () => (await hub.GetAsync<List<SensorView>>("/api/v1/sensors")).Count == Fleet.Length);
        var id = await ProposeEstimatedAsync(hub);
        Assert.Contains("no sensor in scope reported", (await FindAsync(hub, id)).Impact!.Text, StringComparison.Ordinal);
        await ApproveAsync(hub, id, "bob");
        Assert.Equal(("proposed", "1 of 2 approvals"), ((await FindAsync(hub, id)).State, (await FindAsync(hub, id)).Outlook));
        await ApproveAsync(hub, id, "bob");
        Assert.Equal("proposed", (await FindAsync(hub, id)).State);
        await ApproveAsync(hub, id, "carol");
        await TestHub.EventuallyAsync(async () => (await FindAsync(hub, id)) is { State: "published", Stage: 0, Stages: 1, StageSensors.Count: 1 });

        var canary = (await FindAsync(hub, id)).StageSensors[0];
        Assert.Equal(canary, Assert.Single(Assert.Single(hub.ReadRules().Rules).Sensors).ToString());
        foreach (var other in sensors.Where(sensor => sensor.Name.ToString() != canary))
        {
            await other.PublishAsync(Channel.Receipt, Messages.Receipt(7, 2, id, RuleState.Enforced, 0)); // nobody asked it
            await other.PublishAsync(Channel.Status, Messages.Status(7, 3));
        }

        // What was said before the second status was heard, and the stage has soaked: what could go on would.
        var published = (await FindAsync(hub, id)).StagePublishedAt!.Value;
        await TestHub.EventuallyAsync(async () => (await hub.GetAsync<List<SensorView>>("/api/v1/sensors")).Count(sensor => sensor.StatusAt > published) == Fleet.Length - 1);
        await TestHub.EventuallyAsync(() => Task.FromResult(Messages.Now.Value - published > 2_000));
        Assert.Equal(0, (await FindAsync(hub, id)).Stage);
        Assert.Contains("canaries say that they carry it out", (await FindAsync(hub, id)).Outlook, StringComparison.Ordinal);
        await sensors.Single(sensor => sensor.Name.ToString() == canary).PublishAsync(Channel.Receipt, Messages.Receipt(7, 2, id, RuleState.Enforced, 3));
        await TestHub.EventuallyAsync(async () => (await FindAsync(hub, id)) is { Stage: 1, StagePublishedAt: not null });
        Assert.Equal("isp-a/*", Assert.Single(Assert.Single(hub.ReadRules().Rules).Sensors).ToString());
        foreach (var sensor in sensors)
        {
            await sensor.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_owner_of_a_sensor_complains_by_the_sensors_certificate_and_may_do_nothing_else()
    {
        await using var hub = await TestHub.StartAsync();
        var id = (await ProposeAsync(hub)).Id;
        using var owner = hub.Http(hub.SensorCertificate(TestHub.Gateway));
        using var stranger = hub.Http(hub.SensorCertificate(TestHub.Other));
        Assert.Equal(HttpStatusCode.Forbidden, await ComplainAsync(owner, id)); // it is not in force
        await ApproveAsync(hub, id, "bob");
        Assert.Equal(HttpStatusCode.Forbidden, await ComplainAsync(stranger, id)); // it is not for that sensor
        Assert.Equal(HttpStatusCode.OK, await ComplainAsync(owner, id));
        Assert.Equal(HttpStatusCode.OK, await ComplainAsync(owner, id)); // counted once
        Assert.Equal("isp-a", Assert.Single((await FindAsync(hub, id)).Complaints).Operator);
        foreach (var path in new[] { "approve", "revoke", "escalate" })
        {
            using var answer = await owner.PostAsJsonAsync($"/api/v1/mitigations/{id}/{path}", new { }, Stop);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        using var looked = await owner.GetAsync(new Uri($"/api/v1/mitigations/{id}/complain", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.Forbidden, looked.StatusCode);

        // Another operator's word is the second: the bound of the grant.
        var (status, complained) = await hub.PostAsync<ComplainedView>($"/api/v1/mitigations/{id}/complain", new RevocationBody("ours too"));
        Assert.Equal((200, 2), (status, complained!.Complaints));
        await TestHub.EventuallyAsync(async () => (await FindAsync(hub, id)) is { State: "reverted", EndReason: "2 operators complained of it" });
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Count == 0));
    }

    [Fact]
    public async Task One_call_stops_everything_until_somebody_releases_it()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.PublishAsync(Channel.Alert, Messages.Alert(7, 1, Attacker));
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Count == 1));
        var (status, stopped) = await hub.PostAsync<StoppedView>("/api/v1/holds", new HoldBody(null, "wrong feed"));
        Assert.Equal((200, 1, "*", "alice"), (status, stopped!.Revoked, stopped.Hold.Issuer, stopped.Hold.By));
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Count == 0));
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadTarget(TargetNames.Hold).Length > 0));
        Assert.True(EnforcementHold.TryParse(hub.ReadTarget(TargetNames.Hold), out var held, out _)); // by which sensors let go of blocklists
        Assert.Equal(stopped.Hold.At, held.Since.Value);

        await hub.RestartAsync();
        Assert.Equal(held.ToCanonicalJson(), hub.ReadTarget(TargetNames.Hold));
        Assert.Equal("*", Assert.Single((await hub.HealthAsync()).Held));
        await using var again = await hub.ConnectAsync(TestHub.Gateway);
        await again.PublishAsync(Channel.Alert, Messages.Alert(8, 1, "203.0.113.9", eventId: 2));
        await TestHub.EventuallyAsync(async () => (await hub.MitigationsAsync()).Any(m => m is { Target: "203.0.113.9", State: "proposed" }));
        Assert.Empty(hub.ReadRules().Rules);

        (_, var holds) = await hub.PostAsync<List<HoldView>>("/api/v1/holds/release", new HoldBody(null, "feed mended"));
        Assert.Empty(holds!);
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadTarget(TargetNames.Hold).Length == 0));
        var waiting = (await hub.MitigationsAsync()).Single(m => m.State == "proposed");
        await ApproveAsync(hub, waiting.Id, "bob");
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Count == 1));
        Assert.Equal(400, (await hub.PostAsync<StoppedView>("/api/v1/holds", new HoldBody("not a name", "x"))).Status);
        Assert.Equal(400, (await hub.PostAsync<StoppedView>("/api/v1/holds", new HoldBody(null, ""))).Status);
    }

    [Fact]
    public async Task Blocklists_are_held_though_there_is_no_rule_to_take_back_and_not_by_a_hold_of_one_issuer()
    {
        await using var hub = await TestHub.StartAsync();
        var (status, stopped) = await hub.PostAsync<StoppedView>("/api/v1/holds", new HoldBody("authority", "one of them"));
        Assert.Equal((200, 0), (status, stopped!.Revoked));
        await hub.PostAsync<StoppedView>("/api/v1/holds", new HoldBody(null, "wrong feed"));
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadTarget(TargetNames.Hold).Length > 0));
        await hub.PostAsync<List<HoldView>>("/api/v1/holds/release", new HoldBody(null, "feed mended"));
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadTarget(TargetNames.Hold).Length == 0));
        Assert.Equal("authority", Assert.Single((await hub.HealthAsync()).Held)); // which holds no list
    }

    private static async Task<TestHub> StagedHubAsync()
    {
        var hub = await TestHub.StartAsync();
        var now = UnixMilliseconds.Now(TimeProvider.System).Value;
        hub.Publish(new RepositoryChange().Set(new Grant
        {
            Id = DocumentId.Parse("standing"),
            Issuer = OperatorId.Parse("authority"),
            Actions = new HashSet<MitigationStep> { MitigationStep.Drop },
            MinPrefixLengthV4 = 32,
            MinPrefixLengthV6 = 128,
            MaxDurationMs = 86_400_000,
            MaxRules = 10,
            Sensors = [SensorPattern.Of(TestHub.Gateway.Operator)],
            Tiers =
            [
                OpenTier.Tier with
                {
                    Approvals = 2,
                    Stages = [new RolloutStage { SharePercent = 10, MaxSensors = 1, SoakMs = 200, AppliedPercent = 100, RefusedPercent = 0 }],
                },
            ],
            NotBefore = new(now - 1000),
            NotAfter = new(now + 86_400_000),
        }));
        await TestHub.EventuallyAsync(async () =>
        {
            // One that was proposed before the hub had the grant would be given back for ever.
            var proposed = await ProposeAsync(hub);
            if (proposed.ApprovalsNeeded != 2)
            {
                await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{proposed.Id}/revoke", new RevocationBody("too early"));
            }

            return proposed.ApprovalsNeeded == 2;
        });
        return hub;
    }

    private static async Task<MitigationView> ProposeAsync(TestHub hub)
    {
        var (status, proposed) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", new ProposalBody(Attacker, "test", "drop", 5, null, null, null, "it floods"));
        Assert.Equal(200, status);
        return proposed!;
    }

    // On a machine with much else to do an estimate may be given up; then it is asked for anew.
    private static async Task<string> ProposeEstimatedAsync(TestHub hub)
    {
        var proposed = await ProposeAsync(hub);
        await TestHub.EventuallyAsync(async () =>
        {
            if (!proposed.Impact!.Known)
            {
                await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{proposed.Id}/revoke", new RevocationBody("not estimated"));
                proposed = await ProposeAsync(hub);
            }

            return proposed.Impact!.Known;
        });
        return proposed.Id;
    }

    private static Task<MitigationView> FindAsync(TestHub hub, string id) => hub.GetAsync<MitigationView>($"/api/v1/mitigations/{id}");

    private static async Task ApproveAsync(TestHub hub, string id, string person)
    {
        using var http = hub.Http(hub.OperatorCertificate(OperatorId.Parse(person)));
        using var answer = await http.PostAsJsonAsync($"/api/v1/mitigations/{id}/approve", new { }, Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task<HttpStatusCode> ComplainAsync(HttpClient http, string id)
    {
        using var answer = await http.PostAsJsonAsync($"/api/v1/mitigations/{id}/complain", new RevocationBody("our customers cannot pay"), TestHub.Json, Stop);
        return answer.StatusCode;
    }
}
