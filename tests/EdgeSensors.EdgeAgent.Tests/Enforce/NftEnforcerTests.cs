using System.Diagnostics;
using System.Globalization;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using static EdgeSensors.EdgeAgent.Tests.Enforce.EnforcerNetwork;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

/// <summary>Real packets through the real packet filter, in namespaces of their own.</summary>
public sealed class NftEnforcerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Packets_of_a_blocked_source_are_dropped_and_counted_and_others_pass()
    {
        using var network = new EnforcerNetwork();
        Assert.Equal(5, network.Arriving("192.0.2.10", 5));
        var outcome = await network.Apply(Plan(Rule("block-four", "192.0.2.10"), Rule("block-six", "2001:db8::10")));
        Assert.All(outcome.Rules, rule => Assert.Equal(RuleState.Enforced, rule.State));

        Assert.Equal(0, network.Arriving("192.0.2.10", 5));
        Assert.Equal(0, network.Arriving("2001:db8::10", 3));
        Assert.Equal(5, network.Arriving("192.0.2.11", 5));
        Assert.Equal(3, network.Arriving("2001:db8::11", 3));
        var hits = await network.Hits();
        Assert.Equal(5ul, hits["block-four"]);
        Assert.True(hits["block-six"] >= 3); // and what neighbour discovery sent from that address
    }

    [Fact]
    public async Task A_prefix_is_blocked_whole_and_prefixes_may_overlap()
    {
        using var network = new EnforcerNetwork();
        await network.Apply(Plan(
            Rule("wide", "192.0.2.8/29", seconds: 300), Rule("narrow", "192.0.2.10/31"), Rule("six", "2001:db8::/126"), Rule("single", "192.0.2.10")));
        foreach (var blocked in (string[])["192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13"])
        {
            Assert.Equal(0, network.Arriving(blocked, 2));
        }

        Assert.Equal(2, network.Arriving("2001:db8::10", 2));

        // The widest taken back, the others stand on their own.
        await network.Apply(Plan(Rule("narrow", "192.0.2.10/31"), Rule("single", "192.0.2.10")));
        Assert.Equal(2, network.Arriving("192.0.2.12", 2));
        Assert.Equal(0, network.Arriving("192.0.2.11", 2));
    }

    [Fact]
    public async Task Egress_rules_look_at_the_destination_and_both_means_both()
    {
        using var network = new EnforcerNetwork();
        await network.Apply(Plan(
            Rule("out", "192.0.2.10", direction: SlpfDirection.Egress), Rule("both", "192.0.2.11", direction: SlpfDirection.Both)));
        Assert.Equal(2, network.Arriving("192.0.2.10", 2));
        Assert.Equal(0, network.Leaving("192.0.2.10", 2));
        Assert.Equal(0, network.Arriving("192.0.2.11", 2));
        Assert.Equal(0, network.Leaving("192.0.2.11", 2));
        Assert.Equal(2, network.Leaving("192.0.2.12", 2));
        var hits = await network.Hits();
        Assert.Equal(2ul, hits["out"]);
        Assert.Equal(4ul, hits["both"]);
    }

    [Fact]
    public async Task A_connection_is_its_protocol_and_ports_and_no_other_packet_of_the_address()
    {
        using var network = new EnforcerNetwork();
        var plan = Plan(
            Rule("port", "udp 192.0.2.10 > *:9999"), Rule("other-port", "udp 192.0.2.11 > *:53"), Rule("other-protocol", "tcp 192.0.2.11 > *"),
            Rule("pair", "udp 192.0.2.12/31 > 192.0.2.1"), Rule("out", "udp *:9999 > 192.0.2.11", direction: SlpfDirection.Egress),
            Rule("six", "udp 2001:db8::/120 > [2001:db8::1]:9999"), Rule("watch", "udp 192.0.2.11 > 192.0.2.1:9999", MitigationStep.Observe));
        var outcome = await network.Apply(plan);
        Assert.All(outcome.Rules.SkipLast(1), rule => Assert.Equal((RuleState.Enforced, null), (rule.State, rule.Reason)));

        Assert.Equal(0, network.Arriving("192.0.2.10", 3));
        Assert.Equal(4, network.Arriving("192.0.2.11", 4));
        Assert.Equal(0, network.Arriving("192.0.2.12", 1) + network.Arriving("192.0.2.13", 1) + network.Arriving("2001:db8::10", 2));
        Assert.Equal(2, network.Leaving("192.0.2.10", 2));
        Assert.Equal(0, network.Leaving("192.0.2.11", 5));
        (string, ulong)[] expected = [("other-port", 0), ("other-protocol", 0), ("out", 5), ("pair", 2), ("port", 3), ("six", 2), ("watch", 4)];
        Assert.Equal(expected, (await network.Hits()).Select(hits => (hits.Key, hits.Value)).Order());

        // The same again and one fewer: what stands is not touched, and its hits go on.
        await network.Apply(plan with { Rules = [.. plan.Rules.Skip(1)] });
        Assert.Equal(3, network.Arriving("192.0.2.10", 3));
        Assert.Equal(0, network.Arriving("192.0.2.12", 1));
        Assert.Equal(3ul, (await network.Hits())["pair"]);
        Assert.True((await network.Enforcer.ReadHitsAsync(TestContext.Current.CancellationToken)).Intact);
    }

    [Fact]
    public async Task A_limited_connection_leaves_the_rest_of_the_address_alone()
    {
        using var network = new EnforcerNetwork();
        await network.Apply(Plan(Rule("limit", "udp 192.0.2.8/29 > *:9999", MitigationStep.RateLimit), Rule("beside", "udp 192.0.2.8/29 > *:9998", MitigationStep.RateLimit)) with { RateLimitPacketsPerSecond = 10 });
        var passed = network.Arriving("192.0.2.10", 100);
        Assert.InRange(passed, 10, 99);
        Assert.Equal((100ul - (ulong)passed, 0ul), ((await network.Hits())["limit"], (await network.Hits())["beside"]));
    }

    [Fact]
    public async Task The_owners_allowlist_holds_for_connections()
    {
        using var network = new EnforcerNetwork();
        var outcome = await network.Apply(Plan(
            Rule("wide", "udp 192.0.2.8/29 > *"), Rule("inside", "udp 192.0.2.11 > *"), Rule("both", "udp 192.0.2.8/29 > 192.0.2.1", direction: SlpfDirection.Both),
            Rule("no-source", "udp * > 192.0.2.1")) with
        {
            Allowlist = [Prefix.Parse("192.0.2.11")],
        });
        Assert.Equal([null, "owner-allowlist", "covers-owner-allowlist", "every-address"], outcome.Rules.Select(rule => rule.Reason));
        Assert.Equal(0, network.Arriving("192.0.2.10", 2));
        Assert.Equal(2, network.Arriving("192.0.2.11", 2));
    }

    [Fact]
    public async Task The_owners_allowlist_wins_over_a_rule_that_reaches_into_it()
    {
        using var network = new EnforcerNetwork();
        var outcome = await network.Apply(Plan(Rule("wide", "192.0.2.8/29"), Rule("inside", "192.0.2.11"), Rule("both", "192.0.2.12", direction: SlpfDirection.Both)) with
        {
            Allowlist = [Prefix.Parse("192.0.2.11"), Prefix.Parse("192.0.2.12/31"), Prefix.Parse("2001:db8::/64")],
        });
        Assert.Equal(
            [(RuleState.Enforced, null), (RuleState.Refused, "owner-allowlist"), (RuleState.Refused, "owner-allowlist")],
            outcome.Rules.Select(rule => (rule.State, rule.Reason)));
        Assert.Equal(0, network.Arriving("192.0.2.10", 2));
        Assert.Equal(2, network.Arriving("192.0.2.11", 2));
        Assert.Equal(2, network.Leaving("192.0.2.13", 2));
    }

    [Fact]
    public async Task The_allowlist_does_not_bypass_the_owners_own_tables()
    {
        using var network = new EnforcerNetwork();
        network.Gateway.Run("nft", "add table inet own; add chain inet own in { type filter hook input priority 0; }; add rule inet own in ip saddr 192.0.2.11 drop");
        await network.Apply(Plan(Rule("wide", "192.0.2.8/29")) with { Allowlist = [Prefix.Parse("192.0.2.11")] });
        Assert.Equal(0, network.Arriving("192.0.2.11", 2));
        network.Gateway.Run("nft", "delete table inet own");
        Assert.Equal(2, network.Arriving("192.0.2.11", 2));
    }

    [Fact]
    public async Task A_rule_lapses_by_itself()
    {
        using var network = new EnforcerNetwork();
        await network.Apply(Plan(Rule("short", "192.0.2.10", seconds: 3), Rule("long", "192.0.2.11")));
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, network.Arriving("192.0.2.10", 1));
        Assert.True(SpinWait.SpinUntil(() => network.Arriving("192.0.2.10", 1) == 1, 8000));
        output.WriteLine($"3 s lapsed after {clock.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s");
        Assert.True(clock.Elapsed.TotalSeconds > 1);
        Assert.Equal(0, network.Arriving("192.0.2.11", 1));

        // Its hits are known up to the last reading, and taking it back now is no error.
        var outcome = await network.Apply(Plan(Rule("long", "192.0.2.11")));
        Assert.Equal(RuleState.Enforced, Assert.Single(outcome.Rules).State);
    }

    [Fact]
    public async Task A_rule_that_has_ended_is_not_put_into_force()
    {
        using var network = new EnforcerNetwork();
        var outcome = await network.Apply(Plan(Rule("ended", "192.0.2.10", seconds: 0)));
        Assert.Equal(RuleState.Expired, Assert.Single(outcome.Rules).State);
        Assert.Equal(1, network.Arriving("192.0.2.10", 1));
    }

    [Fact]
    public async Task Observing_counts_and_lets_pass()
    {
        using var network = new EnforcerNetwork();
        var outcome = await network.Apply(Plan(Rule("watch", "192.0.2.10", MitigationStep.Observe)));
        Assert.Equal(RuleState.Observed, Assert.Single(outcome.Rules).State);
        Assert.Equal(7, network.Arriving("192.0.2.10", 7));
        Assert.Equal(7ul, (await network.Hits())["watch"]);
    }

    [Fact]
    public async Task A_limit_lets_a_bounded_rate_pass_and_counts_what_it_drops()
    {
        using var network = new EnforcerNetwork();
        await network.Apply(Plan(Rule("limit", "192.0.2.10", MitigationStep.RateLimit)) with { RateLimitPacketsPerSecond = 20 });
        var clock = Stopwatch.StartNew();
        var passed = network.Arriving("192.0.2.10", 200);
        Assert.InRange(passed, 20, 20 + (int)(20 * clock.Elapsed.TotalSeconds) + 1);
        Assert.True(passed < 200);
        Assert.Equal(200ul - (ulong)passed, (await network.Hits())["limit"]);
        Assert.Equal(50, network.Arriving("192.0.2.11", 50));

        // Another rate is another limiter.
        await network.Apply(Plan(Rule("limit", "192.0.2.10", MitigationStep.RateLimit)) with { RateLimitPacketsPerSecond = 1000 });
        Assert.Equal(200, network.Arriving("192.0.2.10", 200));
    }

    [Fact]
    public async Task A_limit_spares_the_owners_addresses_and_lapses_by_itself()
    {
        using var network = new EnforcerNetwork();
        await network.Apply(Plan(Rule("wide", "192.0.2.8/29", MitigationStep.RateLimit, seconds: 8), Rule("six", "2001:db8::10", MitigationStep.RateLimit)) with
        {
            RateLimitPacketsPerSecond = 1,
            Allowlist = [Prefix.Parse("192.0.2.11")],
        });

        // One limiter for the whole prefix, whichever of its hosts sends; the owner's is not of it.
        var passed = network.Arriving("192.0.2.10", 20) + network.Arriving("192.0.2.12", 20);
        Assert.InRange(passed, 1, 20);
        Assert.Equal(20, network.Arriving("192.0.2.11", 20));
        Assert.InRange(network.Arriving("2001:db8::10", 20), 0, 19); // neighbour discovery may take what may come at once
        var hits = await network.Hits();
        Assert.Equal(40ul - (ulong)passed, hits["wide"]);
        Assert.True(hits["six"] > 0);

        // With nobody looking after it.
        Assert.True(SpinWait.SpinUntil(() => network.Arriving("192.0.2.10", 20) == 20, 20_000));
    }

    [Fact]
    public async Task Counters_survive_an_update_and_an_extension()
    {
        using var network = new EnforcerNetwork();
        var kept = Rule("kept", "192.0.2.10");
        var extended = Rule("extended", "192.0.2.11");
        await network.Apply(Plan(kept, extended));
        Assert.Equal(0, network.Arriving("192.0.2.10", 3) + network.Arriving("192.0.2.11", 4));
        await network.Apply(Plan(kept, Rule("extended", "192.0.2.11", seconds: 900), Rule("new", "192.0.2.12")));
        Assert.Equal(0, network.Arriving("192.0.2.10", 1) + network.Arriving("192.0.2.11", 1) + network.Arriving("192.0.2.12", 1));
        Assert.Equal([("extended", 5ul), ("kept", 4ul), ("new", 1ul)], (await network.Hits()).Select(h => (h.Key, h.Value)).Order());
    }

    [Fact]
    public async Task What_a_rule_has_hit_is_known_once_more_after_it_was_taken_back()
    {
        using var network = new EnforcerNetwork();
        await network.Apply(Plan(Rule("revoked", "192.0.2.10"), Rule("kept", "192.0.2.11")));
        Assert.Equal(0, network.Arriving("192.0.2.10", 6));
        await network.Apply(Plan(Rule("kept", "192.0.2.11")));
        Assert.Equal(6ul, (await network.Hits())["revoked"]);
        await network.Apply(Plan(Rule("kept", "192.0.2.11")));
        await network.Apply(Plan(Rule("kept", "192.0.2.11")));
        Assert.DoesNotContain("revoked", (await network.Hits()).Keys);
    }

    [Fact]
    public async Task A_new_agent_goes_on_with_what_the_table_holds()
    {
        using var network = new EnforcerNetwork();
        var rules = Plan(Rule("kept", "192.0.2.10"), Rule("revoked", "192.0.2.11"), Rule("limited", "192.0.2.12", MitigationStep.RateLimit));
        await network.Apply(rules);
        Assert.Equal(0, network.Arriving("192.0.2.10", 3));

        var restarted = new NftEnforcer(network.Nft, TimeProvider.System);
        Assert.Equal(3ul, (await network.Hits(restarted))["kept"]);
        await network.Apply(rules with { Rules = [rules.Rules[0], rules.Rules[2]] }, restarted);
        Assert.Equal(0, network.Arriving("192.0.2.10", 2));
        Assert.Equal(2, network.Arriving("192.0.2.11", 2));
        Assert.Equal(5ul, (await network.Hits(restarted))["kept"]);
    }

    [Fact]
    public async Task A_table_of_another_make_is_built_anew_and_a_vanished_one_is_noticed()
    {
        using var network = new EnforcerNetwork();
        network.Gateway.Run("nft", "add table inet edgesensors; add chain inet edgesensors other; add rule inet edgesensors other accept; add set inet edgesensors x { type ipv4_addr; }");
        var plan = Plan(Rule("block", "192.0.2.10"));
        await network.Apply(plan);
        Assert.Equal(0, network.Arriving("192.0.2.10", 2));
        Assert.DoesNotContain("other", network.Gateway.Run("nft", "list", "ruleset"), StringComparison.Ordinal);
        Assert.True((await network.Enforcer.ReadHitsAsync(TestContext.Current.CancellationToken)).Intact);

        network.Gateway.Run("nft", "flush", "ruleset"); // what a firewall's reload does
        var reading = await network.Enforcer.ReadHitsAsync(TestContext.Current.CancellationToken);
        Assert.False(reading.Intact);
        Assert.Equal(2ul, Assert.Single(reading.Hits).Packets);
        await network.Apply(plan);
        Assert.Equal(0, network.Arriving("192.0.2.10", 1));
    }

    [Fact]
    public async Task A_failed_transaction_changes_nothing_and_says_so_in_one_line()
    {
        using var network = new EnforcerNetwork();
        var standing = Rule("standing", "192.0.2.10");
        await network.Apply(Plan(standing));
        var before = network.Gateway.Run("nft", "-s", "list", "ruleset");

        // The limiter's rate does not fit nft: the whole of the transaction goes, its good parts too.
        var outcome = await network.Enforcer.ApplyAsync(
            Plan(standing, Rule("new", "192.0.2.11"), Rule("limit", "192.0.2.12", MitigationStep.RateLimit)) with { RateLimitPacketsPerSecond = -1 },
            TestContext.Current.CancellationToken);
        Assert.NotNull(outcome.Error);
        Assert.DoesNotContain('\n', outcome.Error);
        output.WriteLine(outcome.Error);
        Assert.All(outcome.Rules, rule => Assert.Equal((RuleState.Refused, "enforcer-failed"), (rule.State, rule.Reason)));
        Assert.Equal(before, network.Gateway.Run("nft", "-s", "list", "ruleset"));
        Assert.Equal(0, network.Arriving("192.0.2.10", 1));
        Assert.Equal(1, network.Arriving("192.0.2.11", 1));
    }

    [Fact]
    public async Task An_empty_plan_leaves_a_machine_as_it_is_and_takes_all_back()
    {
        using var network = new EnforcerNetwork();
        await network.Apply(EnforcementPlan.Empty);
        Assert.Equal("", network.Gateway.Run("nft", "list", "ruleset"));
        await network.Apply(Plan(Rule("block", "192.0.2.10", direction: SlpfDirection.Both), Rule("limit", "2001:db8::10", MitigationStep.RateLimit)));
        await network.Apply(EnforcementPlan.Empty);
        Assert.Equal(2, network.Arriving("192.0.2.10", 2));
        Assert.DoesNotContain("elements", network.Gateway.Run("nft", "list", "ruleset"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused_by_rule()
    {
        using var network = new EnforcerNetwork();
        var outcome = await network.Apply(Plan(
            Rule("all", "0.0.0.0/0"), Rule("reject", "192.0.2.10") with { DropProcess = SlpfDropProcess.Reject }, Rule("good", "192.0.2.11")));
        Assert.Equal(["every-address", "drop-process-unsupported", null], outcome.Rules.Select(rule => rule.Reason));
        Assert.Equal(1, network.Arriving("192.0.2.10", 1));
        Assert.Equal(0, network.Arriving("192.0.2.11", 1));
    }

    [Fact]
    public async Task Ten_thousand_addresses_load_and_change_without_a_limit_of_the_kernels()
    {
        using var network = new EnforcerNetwork();
        var end = new UnixMilliseconds(UnixMilliseconds.Now(TimeProvider.System).Value + 3_600_000);
        EnforcedRule[] rules = [.. Enumerable.Range(0, 10_000).Select(i => new EnforcedRule(
            DocumentId.Parse($"rule-{i}"), Prefix.Of([10, 0, (byte)(i >> 8), (byte)i]), SlpfDirection.Ingress, MitigationStep.Drop, end))];
        await Timed("the first rule", () => network.Apply(Plan(Rule("first", "192.0.2.10"))));
        await Timed("one rule more", () => network.Apply(Plan(Rule("first", "192.0.2.10"), Rule("second", "192.0.2.11"))));
        await Timed("load 10,000", () => network.Apply(Plan(rules)));
        await Timed("the same again", () => network.Apply(Plan(rules)));
        await Timed("10 more, 10 fewer", () => network.Apply(Plan([.. rules[10..], .. Enumerable.Range(0, 10).Select(i => Rule($"new-{i}", $"192.0.2.{i + 10}"))])));
        await Timed("read hits", () => network.Hits());
        Assert.Equal(0, network.Arriving("192.0.2.10", 1));
        Assert.Equal(9_990 + 10 + 10, (await network.Hits()).Count); // those taken back are told once more

        async Task Timed(string what, Func<Task> action)
        {
            var clock = Stopwatch.StartNew();
            await action();
            output.WriteLine($"{what}: {clock.ElapsedMilliseconds} ms");
        }
    }
}
