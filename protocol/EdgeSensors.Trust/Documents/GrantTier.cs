using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>
/// One kind of rule that a <see cref="Grant"/> allows, and what that kind needs: who must approve it, over which canaries it reaches the fleet, and what takes it back.
/// A rule names its tier and must fit it.
/// </summary>
public sealed record GrantTier
{
    /// <summary>The most tiers of a grant.</summary>
    public const int MaxTiers = 16;

    /// <summary>The most approvals that one may ask for, and the most stages.</summary>
    public const int MaxApprovals = 8;

    /// <summary>Names it in the grant's rules.</summary>
    public required DocumentId Id { get; init; }

    /// <summary>The steps of the ladder that it is for; at least one.</summary>
    public required IReadOnlySet<MitigationStep> Actions { get; init; }

    /// <summary>It is for IPv4 prefixes at least this long: 0 to 32.</summary>
    public required int MinPrefixLengthV4 { get; init; }

    /// <summary>It is for IPv6 prefixes at least this long: 0 to 128.</summary>
    public required int MinPrefixLengthV6 { get; init; }

    /// <summary>It is for rules that last at most this many milliseconds.</summary>
    public required long MaxDurationMs { get; init; }

    /// <summary>Whether it is only for an attacker whose address is known not to be forged. A sensor sees that the rule names its alerts; the overseer, what they say.</summary>
    public bool Proven { get; init; }

    /// <summary>How many must have approved, all of them different: 1 to 8.</summary>
    public required int Approvals { get; init; }

    /// <summary>Whether the hub's own policy counts as one of them.</summary>
    public bool PolicyCounts { get; init; }

    /// <summary>The persons who may approve, at most 256; everybody with an operator's certificate when empty.</summary>
    public IReadOnlyList<OperatorId> Approvers { get; init; } = [];

    /// <summary>The canaries, in their order, before the fleet; at most 8, none when a rule goes to the fleet at once.</summary>
    public IReadOnlyList<RolloutStage> Stages { get; init; } = [];

    /// <summary>What takes a rule back.</summary>
    public required RevertBounds Bounds { get; init; }

    /// <summary>Whether a rule is of this kind.</summary>
    public bool Fits(MitigationRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return Actions.Contains(rule.Step)
            && rule.OpenC2.Target.Accused(rule.OpenC2.Direction).All(prefix => prefix.Length >= (prefix.IsIPv4 ? MinPrefixLengthV4 : MinPrefixLengthV6))
            && (rule.OpenC2.StopTime - rule.OpenC2.StartTime).TotalMilliseconds <= MaxDurationMs
            && (!Proven || rule.ReasonAlerts.Count > 0);
    }

    /// <summary>Whether enough have approved.</summary>
    public bool IsApproved(RuleApprovals approvals) => approvals.Persons + (approvals.Policy && PolicyCounts ? 1 : 0) >= Approvals;

    /// <summary>The least milliseconds from a rule's start to a stage: the soak times of all stages before it.</summary>
    public long EarliestMs(int stage) => Stages.Take(stage).Sum(before => before.SoakMs);

    internal GrantViolation? Check(MitigationRule rule, UnixMilliseconds now) => rule switch
    {
        _ when !Fits(rule) => GrantViolation.OutsideTier,
        _ when !IsApproved(rule.Approvals) => GrantViolation.TooFewApprovals,
        _ when Bounds.Hits is not null && rule.RevertAtHits is null => GrantViolation.BoundMissing,
        _ when rule.Stage > Stages.Count || !IsWithinStage(rule) => GrantViolation.StageTooWide,
        _ when (now - rule.OpenC2.StartTime).TotalMilliseconds < EarliestMs(rule.Stage) => GrantViolation.StageTooEarly,
        _ => null,
    };

    internal void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.Strings("actions", Actions.Order().Select(step => Words.Of(Words.MitigationSteps, step)));
        writer.Integer("approvals", Approvals);
        writer.Strings("approvers", Approvers.Select(person => person.Text));
        writer.String("id", Id.Text);
        writer.Integer("max_duration_ms", MaxDurationMs);
        writer.Integer("min_prefix_length_v4", MinPrefixLengthV4);
        writer.Integer("min_prefix_length_v6", MinPrefixLengthV6);
        writer.Boolean("policy_counts", PolicyCounts);
        writer.Boolean("proven", Proven);
        writer.Member("revert");
        Bounds.Write(writer);
        writer.Member("stages");
        writer.BeginArray();
        foreach (var stage in Stages)
        {
            stage.Write(writer);
        }

        writer.EndArray();
        writer.EndObject();
    }

    internal static GrantTier Read(ObjectReader reader)
    {
        var tier = new GrantTier
        {
            Id = reader.Id("id"),
            Actions = reader.Steps("actions"),
            MinPrefixLengthV4 = (int)reader.Integer("min_prefix_length_v4", 0, 32),
            MinPrefixLengthV6 = (int)reader.Integer("min_prefix_length_v6", 0, 128),
            MaxDurationMs = reader.Integer("max_duration_ms", 1, UnixMilliseconds.MaxValue),
            Proven = reader.Boolean("proven"),
            Approvals = (int)reader.Integer("approvals", 1, MaxApprovals),
            PolicyCounts = reader.Boolean("policy_counts"),
            Approvers = reader.List("approvers", 0, 256, (item, path) =>
            {
                if (!OperatorId.TryParse(ObjectReader.AsString(item, path, reader.Faults), out var person))
                {
                    reader.Faults.Add(path, "is not a lower-case DNS label of 3 to 63 characters");
                }

                return person;
            }),
            Stages = reader.List("stages", 0, MaxApprovals, (item, path) => RolloutStage.Read(new ObjectReader(item, path, reader.Faults))),
            Bounds = RevertBounds.Read(reader.Object("revert")),
        };
        reader.RefuseUnknown();
        return tier;
    }

    // A canary is named; a pattern counts only where the stage has it.
    private bool IsWithinStage(MitigationRule rule)
    {
        if (rule.Stage >= Stages.Count)
        {
            return true;
        }

        var stage = Stages[rule.Stage];
        var named = 0;
        foreach (var pattern in rule.Sensors)
        {
            if (!Stages.Take(rule.Stage + 1).Any(reached => reached.Sensors.Any(given => given.Contains(pattern))))
            {
                named += pattern.IsOneSensor ? 1 : stage.MaxSensors + 1;
            }

            if (named > stage.MaxSensors)
            {
                return false;
            }
        }

        return true;
    }
}
