using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// Which of the signed rules this sensor carries out (wall 4): those that a verified grant covers, that are for it, whose time is now, and that
/// stay inside the owner's own limits. What the whole Internet rests on is not dropped, whoever signed it.
/// </summary>
internal static class RuleJudgement
{
    /// <summary>The reason of a rule whose time, or whose stage's time, has not begun; it is looked at again when it does.</summary>
    public const string NotStarted = "not-started";

    /// <summary>Judges every rule that is for this sensor, in the order of the set.</summary>
    public static IReadOnlyList<RuleVerdict> Judge(RuleSet rules, IReadOnlyDictionary<GrantRef, Grant> grants, SensorName sensor, OwnerLimits owner, UnixMilliseconds now)
    {
        var verdicts = new List<RuleVerdict>();
        var accepted = 0;
        foreach (var (rule, violation) in rules.Judge(grants, now))
        {
            if (!rule.IsFor(sensor.Operator, sensor.Sensor))
            {
                continue;
            }

            var refusal = violation is { } broken ? Token(broken) : Owner(rule, owner, accepted) ?? (now < rule.OpenC2.StartTime ? NotStarted : null);
            accepted += refusal is null ? 1 : 0;
            verdicts.Add(new RuleVerdict(rule, refusal));
        }

        return verdicts;
    }

    private static string? Owner(MitigationRule rule, OwnerLimits owner, int accepted)
    {
        var accused = rule.OpenC2.Target.Accused(rule.OpenC2.Direction);
        return rule switch
        {
            _ when accused.Any(prefix => prefix.Length < (prefix.IsIPv4 ? owner.MinPrefixLengthV4 : owner.MinPrefixLengthV6)) => "owner-prefix-too-wide",
            _ when rule.OpenC2.StopTime - rule.OpenC2.StartTime > owner.MaxDuration => "owner-too-long",
            _ when accepted >= owner.MaxRules => "owner-too-many-rules",
            _ when rule.Step == MitigationStep.Drop && accused.Any(NeverList.IsCritical) => "critical-service",
            _ => null,
        };
    }

    private static string Token(GrantViolation violation) => violation switch
    {
        GrantViolation.NoSuchGrant => "grant-missing",
        GrantViolation.GrantNotYetValid => "grant-not-yet-valid",
        GrantViolation.GrantExpired => "grant-expired",
        GrantViolation.RuleExpired => "rule-expired",
        GrantViolation.StepNotGranted => "grant-step",
        GrantViolation.PrefixTooWide => "grant-prefix-too-wide",
        GrantViolation.TooLong => "grant-too-long",
        GrantViolation.SensorNotGranted => "grant-sensor",
        GrantViolation.PrefixExcluded => "grant-prefix-excluded",
        GrantViolation.ProtocolNotGranted => "grant-protocol",
        GrantViolation.PortNotGranted => "grant-port",
        GrantViolation.TooManyRules => "grant-too-many-rules",
        GrantViolation.StepUnexplained => "grant-step-unexplained",
        GrantViolation.OutsideTier => "grant-tier",
        GrantViolation.TooFewApprovals => "grant-approvals",
        GrantViolation.BoundMissing => "grant-bound-missing",
        GrantViolation.StageTooWide => "grant-stage",
        GrantViolation.StageTooEarly => NotStarted,
        _ => "grant-violated",
    };
}

/// <summary>A rule that is for this sensor.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Refusal">Why it is not carried out, as a token; null when it is.</param>
internal readonly record struct RuleVerdict(MitigationRule Rule, string? Refusal)
{
    /// <summary>The rule as an enforcer needs it.</summary>
    public EnforcedRule ToEnforced() =>
        new(Rule.Id, Rule.OpenC2.Target, Rule.OpenC2.Direction, Rule.Step, Rule.EffectiveUntil, Rule.OpenC2.DropProcess);
}
