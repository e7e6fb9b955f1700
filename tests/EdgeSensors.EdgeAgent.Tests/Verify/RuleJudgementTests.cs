using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Tests.Verify;

/// <summary>Wall 4: a rule counts only inside a verified grant and inside the owner's own limits.</summary>
public class RuleJudgementTests
{
    private static readonly UnixMilliseconds Now = new(1_790_000_000_000);
    private static readonly SensorName Sensor = new(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1"));

    [Fact]
    public void A_rule_that_a_grant_covers_and_the_owner_allows_is_carried_out() => Assert.Null(Refusal(Rule()));

    [Fact]
    public void Without_its_grant_it_is_refused() =>
        Assert.Equal("grant-missing", Assert.Single(RuleJudgement.Judge(Set(Rule()), new Dictionary<GrantRef, Grant>(), Sensor, new OwnerLimits(), Now)).Refusal);

    [Fact]
    public void A_rule_for_another_sensor_is_nothing_to_this_one() =>
        Assert.Empty(RuleJudgement.Judge(Set(Rule() with { Sensors = [SensorPattern.Parse("isp-b/*")] }), Grants, Sensor, new OwnerLimits(), Now));

    [Fact]
    public void Wider_than_the_owner_allows_is_refused_whatever_is_signed() =>
        Assert.Equal("owner-prefix-too-wide", Refusal(Rule("203.0.113.0/24"), new OwnerLimits { MinPrefixLengthV4 = 32 }));

    [Fact]
    public void Longer_than_the_owner_allows_is_refused() =>
        Assert.Equal("owner-too-long", Refusal(Rule(), new OwnerLimits { MaxDuration = TimeSpan.FromMinutes(1) }));

    [Fact]
    public void More_than_the_owner_allows_are_refused_from_the_first_too_many() =>
        Assert.Equal(
            [null, "owner-too-many-rules"],
            RuleJudgement.Judge(Set(Rule(), Rule("198.51.100.2")), Grants, Sensor, new OwnerLimits { MaxRules = 1 }, Now).Select(v => v.Refusal));

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("198.41.0.0/24")] // a.root-servers.net is in it
    public void What_the_internet_rests_on_is_not_dropped_whoever_signed_it(string target)
    {
        Assert.Equal("critical-service", Refusal(Rule(target)));
        Assert.Null(Refusal(Rule(target) with { Step = MitigationStep.Observe }));
    }

    [Fact]
    public void A_rule_whose_time_has_not_begun_waits() =>
        Assert.Equal("not-started", Refusal(Rule(start: Now.Value + 1000)));

    [Fact]
    public void A_rule_whose_time_is_over_is_refused() =>
        Assert.Equal("rule-expired", Refusal(Rule(start: Now.Value - 7_200_000)));

    [Fact]
    public void Every_way_to_break_the_grant_has_its_token()
    {
        Assert.Equal("grant-prefix-too-wide", Refusal(Rule("198.51.0.0/16"), new OwnerLimits { MinPrefixLengthV4 = 0 }));
        Assert.Equal("grant-prefix-excluded", Refusal(Rule("192.0.2.9")));
        Assert.Equal("grant-step", Refusal(Rule() with { Step = MitigationStep.RateLimit }));
        Assert.Equal("grant-step-unexplained", Refusal(Rule() with { Because = "" }));
        Assert.Equal("grant-tier", Refusal(Rule() with { Tier = DocumentId.Parse("none") }));
        Assert.Equal("grant-approvals", Refusal(Rule() with { Approvals = new RuleApprovals(0, false) }));
        Assert.Equal("grant-bound-missing", Refusal(Staged()));
        Assert.Equal("grant-stage", Refusal(Staged() with { RevertAtHits = 1, Sensors = [SensorPattern.Parse("isp-a/*")] }));
    }

    [Fact]
    public void A_sensor_that_is_no_canary_waits_until_the_stages_before_its_own_have_soaked()
    {
        var rule = Staged() with { RevertAtHits = 1, Stage = 1, Sensors = [SensorPattern.Parse("isp-a/*")] };

        Assert.Equal("not-started", Refusal(rule));
        Assert.Null(Assert.Single(RuleJudgement.Judge(Set(rule), Grants, Sensor, new OwnerLimits(), new UnixMilliseconds(Now.Value + 60_000))).Refusal);
    }

    private static MitigationRule Staged() => Rule() with { Tier = DocumentId.Parse("staged"), Sensors = [SensorPattern.Of(Sensor.Operator, Sensor.Sensor)] };

    private static string? Refusal(MitigationRule rule, OwnerLimits? owner = null) =>
        Assert.Single(RuleJudgement.Judge(Set(rule), Grants, Sensor, owner ?? new OwnerLimits(), Now)).Refusal;

    private static RuleSet Set(params MitigationRule[] rules) => new() { Revision = 1, Rules = rules };

    private static readonly Grant Standing = new()
    {
        Id = DocumentId.Parse("standing"),
        Issuer = OperatorId.Parse("authority"),
        Actions = new HashSet<MitigationStep> { MitigationStep.Observe, MitigationStep.Drop },
        MinPrefixLengthV4 = 24,
        MinPrefixLengthV6 = 64,
        MaxDurationMs = 3_600_000,
        MaxRules = 10,
        Sensors = [SensorPattern.All],
        Tiers =
        [
            OpenTier.Tier,
            OpenTier.Tier with
            {
                Id = DocumentId.Parse("staged"),
                Stages = [new RolloutStage { SharePercent = 10, MaxSensors = 1, SoakMs = 60_000, AppliedPercent = 100, RefusedPercent = 0 }],
                Bounds = OpenTier.Tier.Bounds with { Hits = new HitBound(10, 1_000) },
            },
        ],
        ExcludedPrefixes = [Prefix.Parse("192.0.2.0/24")],
        NotBefore = new(Now.Value - 86_400_000),
        NotAfter = new(Now.Value + 86_400_000),
    };

    private static Dictionary<GrantRef, Grant> Grants => new() { [Standing.Reference] = Standing };

    private static MitigationRule Rule(string target = "198.51.100.7", long? start = null) => new()
    {
        Id = DocumentId.Parse("rule-" + target.Replace('.', '-').Replace('/', '-')),
        Grant = Standing.Reference,
        Tier = OpenTier.Id,
        Approvals = new RuleApprovals(1, false),
        Because = "the source is proven",
        OpenC2 = new SlpfCommand
        {
            Target = Prefix.Parse(target),
            Direction = SlpfDirection.Ingress,
            StartTime = new(start ?? Now.Value),
            StopTime = new((start ?? Now.Value) + 3_600_000),
        },
        ReasonText = "scan",
        Sensors = [SensorPattern.All],
        Step = MitigationStep.Drop,
        ExpectedCollateral = "none",
        NotAfter = new((start ?? Now.Value) + 3_600_000),
    };
}
