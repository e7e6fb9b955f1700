using System.Net;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Enforce.Bgp;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Logging.Abstractions;
using static EdgeSensors.EdgeAgent.Tests.Enforce.EnforcerNetwork;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

/// <summary>Rules through a real <c>gobgpd</c> to a second one, which has the last word on what was announced.</summary>
public sealed class BgpEnforcerTests(BgpEnforcerTests.Daemons daemons) : IClassFixture<BgpEnforcerTests.Daemons>, IAsyncLifetime
{
    private static readonly string[] s_two = ["[source: 203.0.113.7/32]", "[source: 203.0.113.8/32]"];
    private static readonly SensorName s_sensor = new(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1"));

    private GobgpPair _bgp = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bgp = await daemons.StartOrSkipAsync(Stop);
        await _bgp.ClearAsync(Stop);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Rules_are_announced_changed_and_withdrawn_and_nothing_else_is_touched()
    {
        _bgp.Order("add", "-a", "ipv4-flowspec", "match", "source", "192.0.2.0/24", "then", "discard");
        const string Foreign = "[source: 192.0.2.0/24]";
        await using var enforcer = Enforcer(Settings());
        var outcome = await enforcer.ApplyAsync(
            Plan(
                Rule("in-four", "203.0.113.7"), Rule("out-four", "198.51.100.0/28", MitigationStep.RateLimit, SlpfDirection.Egress),
                Rule("both-six", "2001:db8::/64", direction: SlpfDirection.Both), Rule("watched", "203.0.113.99", MitigationStep.Observe)),
            Stop);
        Assert.Null(outcome.Error);
        Assert.Equal([RuleState.Enforced, RuleState.Enforced, RuleState.Enforced, RuleState.Observed], outcome.Rules.Select(rule => rule.State));
        Assert.True(await _bgp.RouterComesToHave(Stop, Foreign, "[source: 203.0.113.7/32]", "[destination: 198.51.100.0/28]", "[source: 2001:db8::/64/0]", "[destination: 2001:db8::/64/0]"), Heard());
        var heard = _bgp.AtRouter().ToDictionary(route => route.Match);
        Assert.Equal(0, heard["[source: 203.0.113.7/32]"].Rate);
        Assert.Equal(5000, heard["[destination: 198.51.100.0/28]"].Rate);
        Assert.Contains(0xFFFF_FF01, heard["[source: 203.0.113.7/32]"].Communities); // no-export
        Assert.True((await enforcer.ReadHitsAsync(Stop)).Intact);

        // The limited is dropped now, one rule is reverted: the others are not announced again.
        var since = heard["[source: 203.0.113.7/32]"].Since;
        await Task.Delay(1100, Stop);
        await enforcer.ApplyAsync(Plan(Rule("in-four", "203.0.113.7"), Rule("out-four", "198.51.100.0/28", direction: SlpfDirection.Egress)), Stop);
        Assert.True(await _bgp.RouterComesToHave(Stop, Foreign, "[source: 203.0.113.7/32]", "[destination: 198.51.100.0/28]"), Heard());
        heard = _bgp.AtRouter().ToDictionary(route => route.Match);
        Assert.Equal(0, heard["[destination: 198.51.100.0/28]"].Rate);
        Assert.Equal(since, heard["[source: 203.0.113.7/32]"].Since);

        // What somebody else took away is noticed.
        _bgp.Order("del", "-a", "ipv4-flowspec", "match", "source", "203.0.113.7/32", "then", "discard");
        Assert.False((await enforcer.ReadHitsAsync(Stop)).Intact);

        await enforcer.ApplyAsync(EnforcementPlan.Empty, Stop);
        Assert.True(await _bgp.RouterComesToHave(Stop, Foreign), Heard());
    }

    [Fact]
    public async Task A_connection_is_announced_with_its_protocol_and_ports()
    {
        await using var enforcer = Enforcer(Settings());
        var plan = Plan(
            Rule("amplified", "udp 203.0.113.7:53 > *"), Rule("service", "tcp 203.0.113.0/24 > 198.51.100.9:443", MitigationStep.RateLimit),
            Rule("six", "icmp * > 2001:db8::9", direction: SlpfDirection.Egress));
        Assert.All((await enforcer.ApplyAsync(plan, Stop)).Rules, rule => Assert.Equal((RuleState.Enforced, null), (rule.State, rule.Reason)));
        Assert.True(
            await _bgp.RouterComesToHave(
                Stop, "[source: 203.0.113.7/32][protocol: ==udp][source-port: ==53]", "[destination: 198.51.100.9/32][source: 203.0.113.0/24][protocol: ==tcp][destination-port: ==443]",
                "[destination: 2001:db8::9/128/0][protocol: ==58]"),
            Heard());

        // Found again as they were announced: nothing is changed, and one is taken back.
        Assert.True((await enforcer.ReadHitsAsync(Stop)).Intact);
        await enforcer.ApplyAsync(plan with { Rules = [plan.Rules[0]] }, Stop);
        Assert.True(await _bgp.RouterComesToHave(Stop, "[source: 203.0.113.7/32][protocol: ==udp][source-port: ==53]"), Heard());
    }

    [Fact]
    public async Task A_rule_is_withdrawn_at_its_time_though_no_plan_says_so_and_all_when_the_agent_stops()
    {
        await using (var enforcer = Enforcer(Settings()))
        {
            var ends = Rule("short", "203.0.113.7", seconds: 8);
            await enforcer.ApplyAsync(Plan(ends, Rule("long", "203.0.113.8")), Stop);
            Assert.True(await _bgp.RouterComesToHave(Stop, s_two), Heard());
            Assert.True(await _bgp.RouterComesToHave(Stop, s_two[1]), Heard());
            Assert.True(UnixMilliseconds.Now(TimeProvider.System) >= ends.ExpiresAt);
            Assert.True((await enforcer.ReadHitsAsync(Stop)).Intact);
        }

        Assert.True(await _bgp.RouterComesToHave(Stop), Heard());
    }

    [Fact]
    public async Task A_rule_beyond_the_budget_is_refused_and_displaces_none_and_the_session_stays()
    {
        await using var enforcer = Enforcer(Settings() with { MaxRules = 2 });
        await enforcer.ApplyAsync(Plan(Rule("first", "203.0.113.7"), Rule("second", "203.0.113.8")), Stop);
        var outcome = await enforcer.ApplyAsync(
            Plan(Rule("third", "203.0.113.9"), Rule("first", "203.0.113.7"), Rule("second", "203.0.113.8"), Rule("same-as-first", "203.0.113.7")), Stop);
        Assert.Equal(
            [(RuleState.Refused, "bgp-budget"), (RuleState.Enforced, null), (RuleState.Enforced, null), (RuleState.Enforced, null)],
            outcome.Rules.Select(rule => (rule.State, rule.Reason)));
        Assert.True(await _bgp.RouterComesToHave(Stop, s_two), Heard());
        Assert.True(_bgp.IsSessionUp);
    }

    [Fact]
    public async Task Destinations_are_blackholed_where_there_is_a_next_hop()
    {
        await using var enforcer = Enforcer(Settings() with { BlackholeNextHops = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("100::1")] });
        await enforcer.ApplyAsync(
            Plan(
                Rule("four", "198.51.100.9", direction: SlpfDirection.Egress), Rule("six", "2001:db8::9", direction: SlpfDirection.Both),
                Rule("limited", "198.51.100.10", MitigationStep.RateLimit, SlpfDirection.Egress)),
            Stop);
        Assert.True(await _bgp.RouterComesToHave(Stop, "198.51.100.9/32", "2001:db8::9/128", "[source: 2001:db8::9/128/0]", "[destination: 198.51.100.10/32]"), Heard());
        Assert.All(_bgp.AtRouter().Where(route => route.Rate is null), route => Assert.Equal([0xFFFF_029A, 0xFFFF_FF01], route.Communities.Order()));
        Assert.True((await enforcer.ReadHitsAsync(Stop)).Intact);
        await enforcer.ApplyAsync(EnforcementPlan.Empty, Stop);
        Assert.True(await _bgp.RouterComesToHave(Stop), Heard());
    }

    [Fact]
    public async Task What_a_killed_run_left_and_is_in_force_no_more_is_withdrawn_by_the_next()
    {
        var settings = Settings() with { HeartbeatSpan = TimeSpan.FromSeconds(2) };
        using (var left = new GobgpClient(settings with { BlackholeNextHops = [IPAddress.Parse("192.0.2.1")] }, s_sensor))
        {
            await left.AnnounceAsync(BgpRoute.Flow(new PacketMatch(Prefix.Parse("203.0.113.7/32"), null)), 0, Stop);
            await left.AnnounceAsync(BgpRoute.Flow(new PacketMatch(Prefix.Parse("203.0.113.8/32"), null)), 0, Stop);
            await left.AnnounceAsync(BgpRoute.Blackhole(Prefix.Parse("203.0.113.9/32")), 0, Stop);
            Assert.True(await _bgp.RouterComesToHave(Stop, [.. s_two, "203.0.113.9/32"]), Heard());
        }

        await using (var enforcer = Enforcer(settings))
        {
            await enforcer.ApplyAsync(Plan(Rule("still", "203.0.113.8")), Stop);
            Assert.True(await _bgp.RouterComesToHave(Stop, s_two[1]), Heard());
        }

        using (var left = new GobgpClient(settings, s_sensor))
        {
            await left.AnnounceAsync(BgpRoute.Flow(new PacketMatch(Prefix.Parse("203.0.113.7/32"), null)), 0, Stop);
        }

        // No plan comes: its routes do not wait for one.
        await using (Enforcer(settings))
        {
            Assert.True(await _bgp.RouterComesToHave(Stop), Heard());
        }
    }

    [Fact]
    public async Task The_watchdog_withdraws_when_the_heartbeat_stops_and_not_before()
    {
        var settings = Settings() with { HeartbeatSpan = TimeSpan.FromSeconds(2) };
        var heartbeat = new BgpHeartbeat(settings.HeartbeatPath);
        heartbeat.Beat();
        using var agent = new GobgpClient(settings, s_sensor);
        using var other = new GobgpClient(settings, new SensorName(OperatorId.Parse("isp-a"), SensorId.Parse("gw-2")));
        await agent.AnnounceAsync(BgpRoute.Flow(new PacketMatch(Prefix.Parse("203.0.113.7/32"), null)), 0, Stop);
        await other.AnnounceAsync(BgpRoute.Flow(new PacketMatch(Prefix.Parse("203.0.113.8/32"), null)), 0, Stop);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var watching = new BgpWatchdog(agent, new BgpHeartbeat(settings.HeartbeatPath), settings, TimeProvider.System, NullLogger.Instance).RunAsync(end.Token);
        for (var beat = 0; beat < 13; beat++)
        {
            await Task.Delay(200, Stop);
            heartbeat.Beat();
        }

        Assert.Equal(2, _bgp.AtRouter().Count);
        Assert.True(await _bgp.RouterComesToHave(Stop, s_two[1]), Heard());
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public async Task Without_a_heartbeat_to_watch_or_a_daemon_nothing_is_announced_and_the_receipt_says_so()
    {
        await using (var enforcer = Enforcer(Settings() with { HeartbeatPath = "/proc/no-such/heartbeat" }))
        {
            var outcome = await enforcer.ApplyAsync(Plan(Rule("one", "203.0.113.7")), Stop);
            Assert.StartsWith("no heartbeat for the watchdog", outcome.Error);
            Assert.Equal((RuleState.Refused, "enforcer-failed"), (outcome.Rules[0].State, outcome.Rules[0].Reason));
        }

        await using (var enforcer = Enforcer(Settings() with { Api = new Uri($"unix://{_bgp.Folder}/nobody.sock") }))
        {
            var outcome = await enforcer.ApplyAsync(Plan(Rule("one", "203.0.113.7")), Stop);
            Assert.StartsWith("gobgpd does not answer", outcome.Error);
            Assert.NotNull((await enforcer.ReadHitsAsync(Stop)).Error);
        }

        Assert.Empty(_bgp.AtRouter());
    }

    [Fact]
    public async Task What_the_meter_sees_of_a_rule_is_counted()
    {
        await using var enforcer = Enforcer(Settings());
        await enforcer.ApplyAsync(Plan(Rule("one", "203.0.113.7")), Stop);
        enforcer.Observer.Count(new PacketHeader { Source = HostAddress.From(IPAddress.Parse("203.0.113.7")), Destination = HostAddress.From(IPAddress.Parse("198.51.100.1")) }, 3, 180);
        enforcer.Observer.Count(new PacketHeader { Source = HostAddress.From(IPAddress.Parse("203.0.113.8")), Destination = HostAddress.From(IPAddress.Parse("198.51.100.1")) }, 5, 300);
        var hits = Assert.Single((await enforcer.ReadHitsAsync(Stop)).Hits);
        Assert.Equal((3UL, 180UL), (hits.Packets, hits.Octets));
    }

    private static BgpEnforcer Enforcer(BgpSettings settings) => new(settings, s_sensor, TimeProvider.System, NullLogger.Instance);

    private BgpSettings Settings() => new() { Api = new Uri(_bgp.Api), RateLimitOctetsPerSecond = 5000, HeartbeatPath = Path.Combine(_bgp.Folder, "heartbeat") };

    private string Heard() => "the router has " + string.Join(", ", _bgp.AtRouter());

    /// <summary>One pair for all tests, since a session takes seconds to come up.</summary>
    public sealed class Daemons : IDisposable
    {
        private GobgpPair? _pair;

        internal async Task<GobgpPair> StartOrSkipAsync(CancellationToken cancellationToken) => _pair ??= await GobgpPair.StartOrSkipAsync(cancellationToken);

        public void Dispose() => _pair?.Dispose();
    }
}
