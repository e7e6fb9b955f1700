using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Sign;

/// <summary>One decision that cannot be signed, or not even read, stops nothing else.</summary>
public sealed class PublisherTests
{
    [Fact]
    public async Task A_rule_that_cannot_be_signed_is_ended_and_the_others_are_published()
    {
        await using var hub = await TestHub.StartAsync();
        var bad = await BeginAsync(hub, "203.0.113.7");
        await TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Count == 1));
        await hub.StopAsync();
        Change(hub, $"UPDATE mitigation SET because = 'one line' || char(10) || 'and another' WHERE id = '{bad}'");
        await hub.RestartAsync();
        var good = await BeginAsync(hub, "203.0.113.8");
        await TestHub.EventuallyAsync(async () => (await hub.GetAsync<MitigationView>($"/api/v1/mitigations/{good}")).PublishedAt is not null);
        Assert.Equal(good, Assert.Single(hub.ReadRules().Rules).Id.Text);
        var ended = await hub.GetAsync<MitigationView>($"/api/v1/mitigations/{bad}");
        Assert.Equal(("reverted", "rollout"), (ended.State, ended.EndedBy));
        Assert.Contains("cannot be signed", ended.EndReason, StringComparison.Ordinal);
        Assert.True((await hub.HealthAsync()).Publishing);
    }

    [Fact]
    public async Task Signatures_are_renewed_also_while_a_decision_cannot_be_read()
    {
        await using var hub = await TestHub.StartAsync();
        var id = await BeginAsync(hub, "203.0.113.7");
        await hub.StopAsync();
        Change(hub, $"UPDATE mitigation SET grant_ref = 'nonsense' WHERE id = '{id}'");
        await hub.RestartAsync();

        // What another process publishes expires within a minute: the hub must sign the timestamp anew.
        var options = RepositoryOptions.Default with { TimestampLifetime = TimeSpan.FromMinutes(1) };
        Assert.True(TufRepository.Open(hub.Configuration.Trust.Repository, options, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        Assert.True(OnlineKeys.TryLoad(hub.Configuration.Trust.OnlineKeys, out var keys, out _));
        using (keys)
        {
            Assert.True(repository.Publish(new RepositoryChange().Set(new RuleSet { Revision = 1_000, Rules = [] }), keys).TryGet(out _, out error), error?.ToString());
        }

        await TestHub.EventuallyAsync(() => Task.FromResult(
            repository.ReadRoles().TryGet(out var roles, out _) && roles.Single(role => role.Role == "timestamp").Expires - DateTimeOffset.UtcNow > TimeSpan.FromHours(1)));
    }

    [Theory]
    [InlineData("grant_ref")]
    [InlineData("tier")]
    [InlineData("target")]
    public async Task Beside_a_decision_that_cannot_be_read_what_is_taken_back_and_stopped_leaves_the_signed_rules(string column)
    {
        await using var hub = await TestHub.StartAsync();
        var (bad, first, second) = (await BeginAsync(hub, "203.0.113.7"), await BeginAsync(hub, "203.0.113.8"), await BeginAsync(hub, "203.0.113.9"));
        await SignedAsync(hub, bad, first, second);
        Change(hub, $"UPDATE mitigation SET {column} = '' WHERE id = '{bad}'");
        Assert.Equal(200, (await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{first}/revoke", new RevocationBody("enough"))).Status);
        await SignedAsync(hub, second);
        var (status, stopped) = await hub.PostAsync<StoppedView>("/api/v1/holds", new HoldBody(null, "wrong feed"));
        Assert.Equal((200, 1), (status, stopped!.Revoked));
        await SignedAsync(hub);
        var health = await hub.HealthAsync();
        Assert.Equal(("ok", 1, "*"), (health.Status, health.Unreadable, Assert.Single(health.Held)));
    }

    [Fact]
    public async Task The_kill_switch_asks_no_mitigation_when_it_stops_everything()
    {
        await using var hub = await TestHub.StartAsync();
        await SignedAsync(hub, await BeginAsync(hub, "203.0.113.7"));
        Change(hub, "ALTER TABLE mitigation RENAME TO lost");
        Assert.Equal(500, (await hub.PostAsync<StoppedView>("/api/v1/holds", new HoldBody(null, "wrong feed"))).Status); // none could be taken back one by one
        await SignedAsync(hub);
        Assert.True(EnforcementHold.TryParse(hub.ReadTarget(TargetNames.Hold), out _, out var fault), fault?.ToString());
        Assert.Equal("*", Assert.Single((await hub.HealthAsync()).Held));
    }

    [Fact]
    public async Task A_repository_that_cannot_be_read_at_the_start_ends_no_mitigation()
    {
        await using var hub = await TestHub.StartAsync();
        var before = await BeginAsync(hub, "203.0.113.7");
        await SignedAsync(hub, before);
        await hub.StopAsync();
        var grants = Path.Combine(hub.Configuration.Trust.Repository, "targets", "mitigations");
        var away = Path.Combine(hub.Folder, "away");
        Directory.Move(grants, away);
        await hub.RestartAsync();
        await TestHub.EventuallyAsync(async () => !(await hub.HealthAsync()).Publishing);
        Assert.Null((await hub.GetAsync<MitigationView>($"/api/v1/mitigations/{before}")).EndReason);
        Directory.Move(away, grants);
        await TestHub.EventuallyAsync(async () => (await hub.HealthAsync()).Publishing);
        await SignedAsync(hub, before, await BeginAsync(hub, "203.0.113.8"));
        Assert.Null((await hub.GetAsync<MitigationView>($"/api/v1/mitigations/{before}")).EndReason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signed_hold_that_cannot_be_read_is_replaced_by_what_was_decided(bool held)
    {
        await using var hub = await TestHub.StartAsync();
        if (held)
        {
            Assert.Equal(200, (await hub.PostAsync<StoppedView>("/api/v1/holds", new HoldBody(null, "wrong feed"))).Status);
            await TestHub.EventuallyAsync(() => Task.FromResult(EnforcementHold.TryParse(hub.ReadTarget(TargetNames.Hold), out _, out _)));
        }

        hub.Publish(new RepositoryChange().SetTarget(TargetNames.Hold, "no hold at all"u8.ToArray()));
        await TestHub.EventuallyAsync(() => Task.FromResult(
            held ? EnforcementHold.TryParse(hub.ReadTarget(TargetNames.Hold), out _, out _) : !hub.HasTarget(TargetNames.Hold)));
    }

    private static Task SignedAsync(TestHub hub, params string[] ids) =>
        TestHub.EventuallyAsync(() => Task.FromResult(hub.ReadRules().Rules.Select(rule => rule.Id.Text).ToHashSet().SetEquals(ids)));

    private static async Task<string> BeginAsync(TestHub hub, string target)
    {
        var (_, proposed) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", new ProposalBody(target, "test", "observe", 60, null, null));
        Assert.Equal(200, (await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{proposed!.Id}/approve", new { })).Status);
        return proposed.Id;
    }

    private static void Change(TestHub hub, string sql)
    {
        using var connection = SqliteSchema.Connect(Path.Combine(hub.Folder, "data", "decisions.db"), readOnly: false);
        SqliteSchema.Execute(connection, sql);
    }
}
