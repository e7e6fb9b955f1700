using EdgeSensors.EdgeAgent.Doctor;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using static EdgeSensors.EdgeAgent.Tests.Enforce.EnforcerNetwork;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

/// <summary>Real packets over a virtual cable: dropped at the interface, with nftables behind.</summary>
public sealed class XdpEnforcerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Sources_are_dropped_at_the_interface_and_the_rest_is_left_to_nftables()
    {
        using var network = new EnforcerNetwork();
        using var enforcer = InFront(network);
        Assert.Equal("xdp+nftables", enforcer.Name);
        Assert.Contains("the agent's program stands there", XdpCheck.Judge("inside0", network.Gateway.Run("ip", "-j", "-d", "link", "show", "dev", "inside0")).Detail, StringComparison.Ordinal);
        var plan = Plan(
            Rule("four", "192.0.2.10"), Rule("six", "2001:db8::10"), Rule("wide", "192.0.2.12/31"), Rule("out", "192.0.2.11", direction: SlpfDirection.Egress)) with
        {
            Allowlist = [Prefix.Parse("192.0.2.13")],
        };
        var outcome = await enforcer.ApplyAsync(plan, TestContext.Current.CancellationToken);
        Assert.Null(outcome.Error);
        Assert.All(outcome.Rules, rule => Assert.Equal(RuleState.Enforced, rule.State));

        Assert.Equal(0, network.Arriving("192.0.2.10", 5));
        Assert.Equal(0, network.Arriving("2001:db8::10", 3));
        Assert.Equal(0, network.Arriving("192.0.2.12", 2));
        Assert.Equal(2, network.Arriving("192.0.2.13", 2)); // the owner's
        Assert.Equal(2, network.Arriving("192.0.2.11", 2));
        Assert.Equal(3, network.Arriving("2001:db8::11", 3));
        Assert.Equal(0, network.Leaving("192.0.2.11", 4));

        var (both, behind) = (await Hits(enforcer), await Hits(network.Enforcer));
        Assert.Equal([5ul, 2ul, 4ul], [both["four"], both["wide"], both["out"]]);
        Assert.True(both["six"] >= 3);
        Assert.Equal([0ul, 0ul, 4ul], [behind["four"], behind["wide"], behind["out"]]);
    }

    [Fact]
    public async Task A_connection_is_left_to_nftables_and_the_receipt_says_so()
    {
        using var network = new EnforcerNetwork();
        using var enforcer = InFront(network);
        var outcome = await enforcer.ApplyAsync(
            Plan(Rule("whole", "192.0.2.10"), Rule("port", "udp 192.0.2.11 > *:9999"), Rule("refused", "udp * > 192.0.2.1")), TestContext.Current.CancellationToken);
        Assert.Equal(
            [(RuleState.Enforced, null), (RuleState.Enforced, "not-at-interface"), (RuleState.Refused, "every-address")], outcome.Rules.Select(rule => (rule.State, rule.Reason)));
        Assert.Equal(0, network.Arriving("192.0.2.10", 2) + network.Arriving("192.0.2.11", 3));
        var (both, behind) = (await Hits(enforcer), await Hits(network.Enforcer));
        Assert.Equal([(2ul, 0ul), (3ul, 3ul)], [(both["whole"], behind["whole"]), (both["port"], behind["port"])]);
    }

    [Fact]
    public async Task Hits_go_on_over_a_change_and_are_told_once_more_after_a_rule_was_taken_back()
    {
        using var network = new EnforcerNetwork();
        using var enforcer = InFront(network);
        await Apply(enforcer, Plan(Rule("kept", "192.0.2.10"), Rule("revoked", "192.0.2.11")));
        Assert.Equal(0, network.Arriving("192.0.2.10", 3) + network.Arriving("192.0.2.11", 4));
        await Apply(enforcer, Plan(Rule("kept", "192.0.2.10", seconds: 900), Rule("new", "192.0.2.12")));
        Assert.Equal(0, network.Arriving("192.0.2.10", 2) + network.Arriving("192.0.2.12", 1));
        Assert.Equal(4, network.Arriving("192.0.2.11", 4));
        Assert.Equal([("kept", 5ul), ("new", 1ul), ("revoked", 4ul)], (await Hits(enforcer)).Select(h => (h.Key, h.Value)).Order());
        await Apply(enforcer, Plan(Rule("kept", "192.0.2.10", seconds: 900)));
        await Apply(enforcer, Plan(Rule("kept", "192.0.2.10", seconds: 900)));
        Assert.Equal([("kept", 5ul)], (await Hits(enforcer)).Select(h => (h.Key, h.Value)));

        await Apply(enforcer, EnforcementPlan.Empty);
        Assert.Equal(2, network.Arriving("192.0.2.10", 2));
    }

    [Fact]
    public async Task What_is_observed_is_counted_though_a_rule_drops_around_it()
    {
        using var network = new EnforcerNetwork();
        using var enforcer = InFront(network);
        await Apply(enforcer, Plan(Rule("watch", "192.0.2.10", MitigationStep.Observe), Rule("wide", "192.0.2.8/30"), Rule("other", "192.0.2.12")));
        Assert.Equal(0, network.Arriving("192.0.2.10", 3) + network.Arriving("192.0.2.12", 2));
        var hits = await Hits(enforcer);
        Assert.Equal([3ul, 3ul, 2ul], [hits["watch"], hits["wide"], hits["other"]]);
    }

    [Fact]
    public void A_narrow_rule_that_ends_first_opens_nothing_in_a_wide_one()
    {
        var plan = Plan(
            Rule("wide", "192.0.2.0/24", seconds: 900), Rule("narrow", "192.0.2.10", seconds: 10), Rule("alone", "198.51.100.7", seconds: 10),
            Rule("limit", "198.51.100.8", MitigationStep.RateLimit), Rule("refused", "198.51.100.9"));
        var desired = XdpDesired.Of(plan, plan.Rules.Take(4).Select(rule => rule.Id).ToHashSet());
        Assert.Equal(["192.0.2.0/24", "192.0.2.10", "198.51.100.7"], desired.Keys.Order().Select(prefix => prefix.ToString()));
        Assert.Equal(plan.Rules[0].ExpiresAt, desired[Prefix.Parse("192.0.2.10")].ExpiresAt);
        Assert.Equal(plan.Rules[2].ExpiresAt, desired[Prefix.Parse("198.51.100.7")].ExpiresAt);
    }

    [Fact]
    public void An_entry_lapses_at_the_interface_while_the_agent_does_nothing()
    {
        using var network = new EnforcerNetwork();
        using var filter = XdpFilterTests.FilterOrSkip();
        Assert.Null(network.Gateway.Inside(() => filter.Attach("inside0", out _)));
        Assert.Null(filter.Change(
            [new XdpEntry(Prefix.Parse("192.0.2.10"), BootClock.Nanoseconds + 4_000_000_000), new XdpEntry(Prefix.Parse("192.0.2.11"), ulong.MaxValue)], [], out _));
        Assert.Equal(0, network.Arriving("192.0.2.10", 2) + network.Arriving("192.0.2.11", 2));
        Assert.True(SpinWait.SpinUntil(() => network.Arriving("192.0.2.10", 1) == 1, 20_000));
        Assert.Equal(0, network.Arriving("192.0.2.11", 1));
    }

    [Fact]
    public async Task When_the_list_is_let_go_of_the_program_is_gone_and_nftables_goes_on()
    {
        using var network = new EnforcerNetwork();
        var enforcer = InFront(network);
        Assert.Contains("xdp", network.Gateway.Run("ip", "link", "show", "dev", "inside0"), StringComparison.Ordinal);
        await Apply(enforcer, Plan(Rule("block", "192.0.2.10")));
        Assert.Equal(0, network.Arriving("192.0.2.10", 2));
        enforcer.Dispose();
        Assert.Equal("nftables", enforcer.Name);
        Assert.DoesNotContain("xdp", network.Gateway.Run("ip", "link", "show", "dev", "inside0"), StringComparison.Ordinal);
        Assert.Equal(0, network.Arriving("192.0.2.10", 3));
        Assert.Equal(3ul, (await Hits(network.Enforcer))["block"]);
    }

    [Fact]
    public void Where_it_cannot_stand_nftables_enforces_alone_and_it_says_why()
    {
        using var network = new EnforcerNetwork();
        using var first = InFront(network);
        foreach (var (name, expected) in (ReadOnlySpan<(string, string)>)[("inside0", "another XDP program stands at inside0"), ("absent0", "there is no interface absent0")])
        {
            var (chosen, without) = network.Gateway.Inside(() => (XdpEnforcer.Choose(network.Enforcer, [name], TimeProvider.System, out var why), why));
            Assert.Same(network.Enforcer, chosen);
            Assert.Contains(expected, without, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', without!);
        }
    }

    private XdpEnforcer InFront(EnforcerNetwork network)
    {
        XdpFilterTests.FilterOrSkip().Dispose();
        var (chosen, without) = network.Gateway.Inside(() => (XdpEnforcer.Choose(network.Enforcer, ["inside0"], TimeProvider.System, out var why), why));
        Assert.Null(without);
        output.WriteLine(network.Gateway.Run("ip", "-o", "link", "show", "dev", "inside0"));
        return Assert.IsType<XdpEnforcer>(chosen);
    }

    private static async Task Apply(XdpEnforcer enforcer, EnforcementPlan plan) =>
        Assert.Null((await enforcer.ApplyAsync(plan, TestContext.Current.CancellationToken)).Error);

    private static async Task<Dictionary<string, ulong>> Hits(IEnforcer enforcer)
    {
        var reading = await enforcer.ReadHitsAsync(TestContext.Current.CancellationToken);
        Assert.Null(reading.Error);
        return reading.Hits.ToDictionary(hits => hits.Id.Text, hits => hits.Packets);
    }
}
