using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Tests.Documents;

/// <summary>A rule counts only inside its grant (DESIGN §5, wall 4).</summary>
public sealed class GrantTests
{
    private static readonly UnixMilliseconds Now = new(Samples.Start.Value + 1000);

    [Fact]
    public void A_rule_within_its_grant_is_covered() => Assert.Null(Samples.Grant.Check(Samples.Rule, Now));

    [Fact]
    public void Each_bound_of_a_grant_binds()
    {
        var rule = Samples.Rule;
        var command = rule.OpenC2;
        Check(GrantViolation.NoSuchGrant, rule with { Grant = rule.Grant with { Id = DocumentId.Parse("others") } });
        Check(GrantViolation.GrantNotYetValid, rule, new UnixMilliseconds(Samples.Start.Value - 1));
        Check(GrantViolation.GrantExpired, rule with { NotAfter = new UnixMilliseconds(Samples.End.Value + 1) }, Samples.End);
        Check(GrantViolation.RuleExpired, rule with { NotAfter = Now });
        Check(GrantViolation.StepNotGranted, rule with { Step = MitigationStep.RateLimit });
        Check(GrantViolation.PrefixTooWide, rule with { OpenC2 = command with { Target = Prefix.Parse("198.50.0.0/23") } });
        Check(GrantViolation.PrefixTooWide, rule with { OpenC2 = command with { Target = Prefix.Parse("2001:db8::/63") } });
        Check(GrantViolation.TooLong, rule with { OpenC2 = command with { StopTime = new UnixMilliseconds(Samples.End.Value + 1) } });
        Check(GrantViolation.SensorNotGranted, rule with { Sensors = [SensorPattern.All] });
        Check(GrantViolation.SensorNotGranted, rule with { Sensors = [SensorPattern.Parse("carrier-a/edge-01"), SensorPattern.Parse("carrier-b/edge-01")] });
        Check(GrantViolation.PrefixExcluded, rule with { OpenC2 = command with { Target = Prefix.Parse("203.0.113.9") } });
        Check(GrantViolation.StepUnexplained, rule with { Because = "" });
    }

    [Fact]
    public void A_connection_is_held_to_its_grant_by_the_end_that_it_accuses()
    {
        Assert.Null(Violation("udp 198.51.100.7:53 > 203.0.113.9", SlpfDirection.Ingress)); // what is excluded is not what is accused
        Assert.Equal(GrantViolation.PrefixExcluded, Violation("udp 198.51.100.7:53 > 203.0.113.9", SlpfDirection.Egress));
        Assert.Equal(GrantViolation.PrefixExcluded, Violation("udp 198.51.100.7:53 > 203.0.113.9", SlpfDirection.Both));
        Assert.Equal(GrantViolation.PrefixTooWide, Violation("udp 198.51.0.0/16 > 192.0.2.1", SlpfDirection.Ingress));
        Assert.Equal(GrantViolation.PrefixTooWide, Violation("udp * > 192.0.2.1:53", SlpfDirection.Ingress));
        Assert.Null(Violation("udp * > 198.51.100.7:53", SlpfDirection.Both));
    }

    [Fact]
    public void A_grant_may_be_for_some_protocols_and_ports_only()
    {
        var narrow = Samples.Grant with { Protocols = new HashSet<L4Protocol> { L4Protocol.Udp }, Ports = new HashSet<int> { 53, 123 } };

        Assert.Null(Violation("udp 198.51.100.7:53 > *", SlpfDirection.Ingress, narrow));
        Assert.Null(Violation("udp 198.51.100.7:4000 > *:123", SlpfDirection.Ingress, narrow));
        Assert.Equal(GrantViolation.ProtocolNotGranted, Violation("tcp 198.51.100.7:53 > *", SlpfDirection.Ingress, narrow));
        Assert.Equal(GrantViolation.ProtocolNotGranted, Violation("any 198.51.100.7 > *", SlpfDirection.Ingress, narrow));
        Assert.Equal(GrantViolation.ProtocolNotGranted, Violation("198.51.100.7", SlpfDirection.Ingress, narrow));
        Assert.Equal(GrantViolation.PortNotGranted, Violation("udp 198.51.100.7:54 > *", SlpfDirection.Ingress, narrow));
        Assert.Equal(GrantViolation.PortNotGranted, Violation("198.51.100.7", SlpfDirection.Ingress, narrow with { Protocols = null }));
    }

    [Fact]
    public void A_rule_keeps_to_the_tier_that_it_names()
    {
        Check(GrantViolation.OutsideTier, Samples.Rule with { Tier = DocumentId.Parse("none") });
        Check(GrantViolation.OutsideTier, Samples.Rule with { ReasonAlerts = [] }); // nothing that could prove the source
        Check(GrantViolation.OutsideTier, Wide with { Tier = Samples.Single.Id });
        Check(GrantViolation.OutsideTier, Wide with { OpenC2 = Wide.OpenC2 with { Target = Prefix.Parse("198.51.100.0/24") }, Step = MitigationStep.Drop, Tier = Samples.Single.Id });
        Check(GrantViolation.BoundMissing, Wide with { RevertAtHits = null });
    }

    [Theory]
    [InlineData(0, false, false)]
    [InlineData(0, true, false)]
    [InlineData(1, false, false)]
    [InlineData(1, true, true)]
    [InlineData(2, false, true)]
    public void A_rule_needs_as_many_approvals_as_its_tier_says(int persons, bool policy, bool covered)
    {
        var rule = Wide with { Approvals = new RuleApprovals(persons, policy) };

        Check(covered ? null : GrantViolation.TooFewApprovals, rule);
        Assert.Equal(persons >= 2, (Samples.Wide with { PolicyCounts = false }).IsApproved(rule.Approvals));
    }

    [Fact]
    public void A_stage_names_its_canaries_and_no_more_of_them_than_the_tier_allows()
    {
        Check(null, Wide);
        Check(null, Wide with { Sensors = [SensorPattern.Parse("carrier-a/edge-01"), SensorPattern.Parse("carrier-a/edge-02")] });
        Check(GrantViolation.StageTooWide, Wide with { Sensors = [.. Enumerable.Range(1, 3).Select(i => SensorPattern.Parse($"carrier-a/edge-0{i}"))] });
        Check(GrantViolation.StageTooWide, Wide with { Sensors = [SensorPattern.Parse("carrier-a/*")] });
        Check(GrantViolation.StageTooWide, Wide with { Stage = 3 });

        // What the second stage has beside its share counts there only.
        var soaked = new UnixMilliseconds(Samples.Start.Value + 60_000);
        Assert.Equal(GrantViolation.StageTooWide, Granting("carrier-b/*").Check(Wide with { Sensors = [SensorPattern.Parse("carrier-b/*")] }, soaked));
        Assert.Null(Granting("carrier-b/*").Check(Wide with { Stage = 1, Sensors = [SensorPattern.Parse("carrier-b/*"), SensorPattern.Parse("carrier-a/edge-01")] }, soaked));
    }

    [Fact]
    public void A_stage_begins_when_those_before_it_have_soaked()
    {
        foreach (var (stage, soakMs) in new[] { (1, 60_000), (2, 660_000) })
        {
            var rule = Wide with { Stage = stage };
            Check(GrantViolation.StageTooEarly, rule, new UnixMilliseconds(Samples.Start.Value + soakMs - 1));
            Check(null, rule, new UnixMilliseconds(Samples.Start.Value + soakMs));
        }
    }

    [Fact]
    public void The_fleet_is_reached_after_the_last_stage() =>
        Check(null, Wide with { Stage = 2, Sensors = [SensorPattern.Parse("carrier-a/*")] }, new UnixMilliseconds(Samples.Start.Value + 660_000));

    [Fact]
    public void One_tier_twice_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => (Samples.Grant with { Tiers = [Samples.Single, Samples.Single] }).ToCanonicalJson());

    [Theory]
    [InlineData(0, 1_000)]
    [InlineData(50, 1_000)]
    [InlineData(1_000, 10_000)]
    [InlineData(double.MaxValue, 1L << 52)]
    public void A_bound_of_hits_is_a_multiple_of_what_was_expected_and_never_below_its_floor(double expected, long bound) =>
        Assert.Equal(bound, new HitBound(10, 1_000).PacketsFor(expected));

    [Fact]
    public void More_rules_than_the_grant_allows_do_not_push_out_the_first()
    {
        var rules = new RuleSet
        {
            Revision = 1,
            Rules =
            [
                Samples.Rule with { Id = DocumentId.Parse("a"), Step = MitigationStep.RateLimit }, // not covered, so it takes no place
                Samples.Rule with { Id = DocumentId.Parse("b") },
                Samples.Rule with { Id = DocumentId.Parse("c") },
                Samples.Rule with { Id = DocumentId.Parse("d") },
                Samples.Rule with { Id = DocumentId.Parse("e"), Grant = new GrantRef(OperatorId.Parse("nobody"), DocumentId.Parse("x")) },
            ],
        };

        var judged = rules.Judge(new Dictionary<GrantRef, Grant> { [Samples.Grant.Reference] = Samples.Grant }, Now);

        Assert.Equal(
            [GrantViolation.StepNotGranted, null, null, GrantViolation.TooManyRules, GrantViolation.NoSuchGrant], judged.Select(rule => rule.Violation));
    }

    [Fact]
    public void A_grant_that_lies_at_another_issuers_place_is_refused()
    {
        var bytes = Samples.Grant.ToCanonicalJson();

        Assert.True(Grant.TryParse(bytes, "mitigations/national-soc/scanners.json", out _, out _));
        Assert.False(Grant.TryParse(bytes, "mitigations/carrier-a/scanners.json", out _, out _));
    }

    [Theory]
    [InlineData("*", "carrier-a/edge-01", true)]
    [InlineData("carrier-a/*", "carrier-a/edge-01", true)]
    [InlineData("carrier-a/edge-01", "carrier-a/edge-01", true)]
    [InlineData("carrier-a/edge-01", "carrier-a/*", false)]
    [InlineData("carrier-a/*", "*", false)]
    [InlineData("carrier-a/*", "carrier-b/edge-01", false)]
    public void A_pattern_contains_what_it_covers_whole(string wide, string narrow, bool contains) =>
        Assert.Equal(contains, SensorPattern.Parse(wide).Contains(SensorPattern.Parse(narrow)));

    [Theory]
    [InlineData("")]
    [InlineData("*/*")]
    [InlineData("*/edge-01")]
    [InlineData("carrier-a")]
    [InlineData("carrier-a/edge-01/x")]
    public void Other_patterns_are_none(string text) => Assert.False(SensorPattern.TryParse(text, out _));

    private static GrantViolation? Violation(string target, SlpfDirection direction, Grant? grant = null) =>
        (grant ?? Samples.Grant).Check(Samples.Rule with { OpenC2 = Samples.Rule.OpenC2 with { Target = SlpfTarget.Parse(target), Direction = direction } }, Now);

    private static MitigationRule Wide => Samples.Rule with
    {
        Tier = Samples.Wide.Id,
        Approvals = new RuleApprovals(2, false),
        OpenC2 = Samples.Rule.OpenC2 with { Target = Prefix.Parse("198.51.100.0/25") },
        Sensors = [SensorPattern.Parse("carrier-a/edge-01")],
    };

    private static Grant Granting(string sensors) => Samples.Grant with { Sensors = [.. Samples.Grant.Sensors, SensorPattern.Parse(sensors)] };

    private static void Check(GrantViolation? expected, MitigationRule rule, UnixMilliseconds? now = null) =>
        Assert.Equal(expected, Samples.Grant.Check(rule, now ?? Now));
}
