using System.Net;
using System.Net.Http.Json;
using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Decide;

public class DecideTests
{
    private const string Attacker = "203.0.113.7";

    [Fact]
    public async Task An_alert_with_a_proven_source_becomes_a_signed_rule_that_sensors_are_told_of()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.SubscribeAsync(Topics.UpdatesTimestamp);
        var before = await sensor.NextTimestampAsync();
        await sensor.PublishAsync(Channel.Alert, Messages.Alert(7, 1, Attacker));
        var after = await sensor.NextTimestampAsync();
        Assert.NotEqual(before, after);

        var rule = Assert.Single(hub.ReadRules().Rules);
        Assert.Equal(SlpfTarget.Of(Prefix.Parse(Attacker)), rule.OpenC2.Target);
        Assert.Equal(MitigationStep.Drop, rule.Step);
        Assert.Equal(TimeSpan.FromHours(1), rule.OpenC2.StopTime - rule.OpenC2.StartTime);
        Assert.Equal(File.ReadAllBytes(Path.Combine(hub.Folder, "repository/metadata/timestamp.json")), after);
        await TestHub.EventuallyAsync(async () => (await hub.MitigationsAsync()) is [{ State: "published", ProposedBy: "policy", ApprovedBy: "policy", Revision: 1 }]);
        var evidence = Assert.Single(Assert.Single(await hub.IncidentsAsync()).Evidence);
        Assert.Equal(evidence.Alert, Assert.Single(rule.ReasonAlerts));
    }

    [Fact]
    public async Task A_source_that_may_be_spoofed_is_never_proposed_by_the_policy_but_a_person_may()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.PublishAsync(Channel.Alert, Messages.Alert(7, 1, Attacker, proven: false, confidence: 100));
        await TestHub.EventuallyAsync(async () => (await hub.IncidentsAsync()).Count == 1);
        Assert.Empty(await hub.MitigationsAsync());
        Assert.Contains("spoofed", (await hub.IncidentsAsync())[0].LeftToPeople, StringComparison.Ordinal);

        var (status, proposed) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", new ProposalBody(Attacker, "looked at it", null, 5, null, 1));
        Assert.Equal((200, "proposed", "alice"), (status, proposed!.State, proposed.ProposedBy));
        Assert.Empty(hub.ReadRules().Rules);
        (status, var approved) = await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{proposed.Id}/approve", new { });
        Assert.Equal((200, "approved"), (status, approved!.State));
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Count == 1));
    }

    [Theory]
    [InlineData("203.0.113.9", true, 60, DetectorKind.AddressFanOut, "confidence")]
    [InlineData("203.0.113.9", true, 95, DetectorKind.Flood, "strikes")]
    [InlineData("198.18.0.5", true, 95, DetectorKind.PortFanOut, "domestic")]
    public async Task The_policy_leaves_to_people_what_its_conditions_do_not_cover(string indicator, bool proven, byte confidence, DetectorKind detector, string why)
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.PublishAsync(Channel.Alert, Messages.Alert(7, 1, indicator, proven, confidence, detector));
        await TestHub.EventuallyAsync(async () => (await hub.IncidentsAsync()).Count == 1);
        Assert.Contains(why, (await hub.IncidentsAsync())[0].LeftToPeople, StringComparison.Ordinal);
        Assert.Empty(await hub.MitigationsAsync());
    }

    [Theory]
    [InlineData("192.0.2.77", "own network")]
    [InlineData("198.51.100.53", "never list")]
    [InlineData("203.0.113.0/24", "PrefixTooWide")]
    [InlineData("0.0.0.0/0", "own network")]
    public async Task Neither_person_nor_policy_may_act_on_what_is_protected_or_not_granted(string target, string why)
    {
        await using var hub = await TestHub.StartAsync();
        using var answer = await hub.AsAlice.PostAsJsonAsync(
            "/api/v1/mitigations", new ProposalBody(target, "test", null, null, null, null), TestHub.Json, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains(why, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        if (Prefix.Parse(target).IsSingleAddress)
        {
            await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
            await sensor.PublishAsync(Channel.Alert, Messages.Alert(7, 1, target));
            await TestHub.EventuallyAsync(async () => (await hub.IncidentsAsync()).Count == 1);
        }

        Assert.Empty(await hub.MitigationsAsync());
    }

    [Theory]
    [InlineData("udp 203.0.113.7:53 > *", null, "ingress")]
    [InlineData("tcp * > 203.0.113.7:443", null, "egress")]
    [InlineData("tcp 203.0.113.7 > 192.0.2.10:443", "ingress", "ingress")]
    public async Task A_connection_goes_the_way_of_every_measure(string target, string? direction, string held)
    {
        await using var hub = await TestHub.StartAsync();
        var (status, proposed) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", new ProposalBody(target, "test", "drop", 5, null, null, direction, "it floods"));
        Assert.Equal((200, target, held), (status, proposed!.Target, proposed.Direction));
        var (_, whole) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", new ProposalBody(Attacker, "test", "drop", 5, null, null, null, "it floods"));
        Assert.NotEqual(whole!.Id, proposed.Id);

        await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{proposed.Id}/approve", new { });
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Count == 1));
        var command = Assert.Single(hub.ReadRules().Rules).OpenC2;
        Assert.Equal((SlpfTarget.Parse(target), held), (command.Target, command.Direction.ToString().ToLowerInvariant()));
    }

    [Theory]
    [InlineData("udp *:53 > *", null, 400, "target")]
    [InlineData("udp 203.0.113.7:53 > *", "sideways", 400, "direction")]
    [InlineData("udp * > 203.0.113.7:53", "ingress", 403, "own network")]
    [InlineData("udp 192.0.2.77:53 > *", null, 403, "own network")]
    [InlineData("udp 203.0.113.7:53 > 192.0.2.77", "both", 403, "own network")]
    [InlineData("udp 203.0.113.0/24:53 > *", null, 403, "PrefixTooWide")]
    public async Task A_connection_is_held_to_what_its_accused_end_is_held_to(string target, string? direction, int status, string why)
    {
        await using var hub = await TestHub.StartAsync();
        using var answer = await hub.AsAlice.PostAsJsonAsync(
            "/api/v1/mitigations", new ProposalBody(target, "test", null, null, null, null, direction), TestHub.Json, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(why, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("udp 198.41.0.4:53 > *")]
    public async Task What_the_internet_rests_on_is_watched_and_never_dropped(string target)
    {
        await using var hub = await TestHub.StartAsync();
        using var answer = await hub.AsAlice.PostAsJsonAsync(
            "/api/v1/mitigations", new ProposalBody(target, "test", "drop", 5, null, null, null, "it floods"), TestHub.Json, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("root name server or a large public resolver", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(200, (await hub.PostAsync<MitigationView>("/api/v1/mitigations", new ProposalBody(target, "test", "observe", 5, null, null))).Status);
    }

    [Fact]
    public async Task Asking_twice_changes_nothing_and_everything_is_in_the_audit()
    {
        await using var hub = await TestHub.StartAsync();
        var body = new ProposalBody(Attacker, "test", "observe", 5, null, null);
        var (_, first) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", body);
        var (_, second) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", body);
        Assert.Equal(first!.Id, second!.Id);
        await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{first.Id}/approve", new { });
        var (_, again) = await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{first.Id}/approve", new { });
        Assert.NotEqual("proposed", again!.State);
        await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{first.Id}/revoke", new RevocationBody("enough"));
        var (status, revoked) = await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{first.Id}/revoke", new RevocationBody("enough"));
        Assert.Equal((200, "revoked", "enough"), (status, revoked!.State, revoked.EndReason));
        (status, _) = await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{first.Id}/approve", new { });
        Assert.Equal(409, status);
        (status, _) = await hub.PostAsync<MitigationView>("/api/v1/mitigations/m-nobody/approve", new { });
        Assert.Equal(404, status);
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Count == 0));

        var audit = await hub.GetAsync<List<AuditView>>("/api/v1/audit");
        Assert.Equal(["revoke", "approve", "propose"], audit.Select(a => a.What));
        Assert.All(audit, a => Assert.Equal("alice", a.Who));
    }

    [Fact]
    public async Task What_a_person_took_back_the_policy_does_not_do_again()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.PublishAsync(Channel.Alert, Messages.Alert(7, 1, Attacker));
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Count == 1));
        await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{(await hub.MitigationsAsync())[0].Id}/revoke", new RevocationBody("a partner"));
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Count == 0));
        await sensor.PublishAsync(Channel.Alert, Messages.Alert(7, 2, Attacker, eventId: 2));
        await TestHub.EventuallyAsync(async () => (await hub.IncidentsAsync())[0].Evidence.Count == 2);
        Assert.Single(await hub.MitigationsAsync());
    }

    [Fact]
    public async Task Everything_enforced_expires_and_leaves_the_rule_set()
    {
        await using var hub = await TestHub.StartAsync(c => c with { Policy = c.Policy with { Duration = TimeSpan.FromSeconds(10) } });
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.PublishAsync(Channel.Alert, Messages.Alert(7, 1, Attacker));
        await TestHub.EventuallyAsync(async () => (await hub.MitigationsAsync()) is [{ State: "expired" }]);
        Assert.NotNull((await hub.MitigationsAsync())[0].PublishedAt); // it was there
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules() is { Revision: > 1, Rules.Count: 0 }));
    }

    [Fact]
    public async Task Several_sensors_that_see_one_address_make_one_incident_of_more_confidence()
    {
        await using var hub = await TestHub.StartAsync(c => c with { Policy = c.Policy with { MinConfidence = 85 } });
        await using var one = await hub.ConnectAsync(TestHub.Gateway);
        await using var two = await hub.ConnectAsync(TestHub.Other);
        await one.PublishAsync(Channel.Alert, Messages.Alert(7, 1, Attacker, confidence: 80));
        await TestHub.EventuallyAsync(async () => (await hub.IncidentsAsync()).Count == 1);
        Assert.Empty(await hub.MitigationsAsync());
        await one.PublishAsync(Channel.Alert, Messages.Alert(7, 2, Attacker, confidence: 80)); // the same happening, grown
        await two.PublishAsync(Channel.Alert, Messages.Alert(9, 1, Attacker, confidence: 70));
        await TestHub.EventuallyAsync(async () => (await hub.MitigationsAsync()).Count == 1);
        var incident = Assert.Single(await hub.IncidentsAsync());
        Assert.Equal(["isp-a/gw-1", "isp-b/gw-2"], incident.Evidence.Select(e => e.Sensor).Order());
        Assert.Equal(90, incident.Confidence);
    }

    [Fact]
    public async Task A_receipt_says_what_became_of_a_rule_and_how_often_it_hit()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.PublishAsync(Channel.Alert, Messages.Alert(7, 1, Attacker));
        await TestHub.EventuallyAsync(async () => (await hub.MitigationsAsync()) is [{ PublishedAt: not null }]);
        var id = (await hub.MitigationsAsync())[0].Id;
        await sensor.PublishAsync(Channel.Receipt, Messages.Receipt(7, 2, id, RuleState.Enforced, 41));
        await sensor.PublishAsync(Channel.Receipt, Messages.Receipt(7, 3, id, RuleState.Enforced, 42));
        await TestHub.EventuallyAsync(async () => (await hub.MitigationsAsync()) is [{ State: "enforced", HitPackets: 42, HitOctets: 2520, Receipts.Count: 1 }]);
    }

    [Fact]
    public async Task A_decision_survives_a_restart_and_is_announced_again()
    {
        await using var hub = await TestHub.StartAsync();
        await using (var sensor = await hub.ConnectAsync(TestHub.Gateway))
        {
            await sensor.PublishAsync(Channel.Alert, Messages.Alert(7, 1, Attacker));
            await TestHub.EventuallyAsync(async () => (await hub.MitigationsAsync()) is [{ PublishedAt: not null }]);
        }

        var rules = hub.ReadRules();
        await hub.RestartAsync();
        await using var again = await hub.ConnectAsync(TestHub.Gateway);
        await again.SubscribeAsync(Topics.UpdatesTimestamp);
        await again.NextTimestampAsync();
        Assert.Equal(rules.ToCanonicalJson(), hub.ReadRules().ToCanonicalJson());
        Assert.Single(await hub.MitigationsAsync());
    }
}
