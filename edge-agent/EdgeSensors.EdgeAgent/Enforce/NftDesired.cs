using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>What the table shall hold for a plan, and what is said of each of its rules.</summary>
internal sealed class NftDesired
{
    private readonly Dictionary<NftSet, Dictionary<PacketMatch, (DocumentId Rule, UnixMilliseconds ExpiresAt)?>> _sets = [];
    private readonly List<RuleEnforcement> _verdicts = [];

    /// <summary>The elements of each set; null for an owner's entry.</summary>
    public IReadOnlyDictionary<NftSet, Dictionary<PacketMatch, (DocumentId Rule, UnixMilliseconds ExpiresAt)?>> Sets => _sets;

    /// <summary>One for each rule of the plan.</summary>
    public IReadOnlyList<RuleEnforcement> Verdicts => _verdicts;

    /// <summary>Lays a plan out.</summary>
    public static NftDesired Of(EnforcementPlan plan, UnixMilliseconds now)
    {
        var desired = new NftDesired();
        foreach (var prefix in plan.Allowlist.Where(prefix => prefix.Length > 0))
        {
            foreach (var egress in (bool[])[false, true])
            {
                desired.SetOf(NftSet.Of(NftRole.Allow, egress, prefix))[PacketMatch.Of(prefix, egress)] = null;
            }
        }

        foreach (var rule in plan.Rules)
        {
            desired.Add(rule, plan.Allowlist, now);
        }

        return desired;
    }

    private void Add(EnforcedRule rule, IReadOnlyList<Prefix> allowlist, UnixMilliseconds now)
    {
        var (state, reason) = rule switch
        {
            _ when rule.ExpiresAt.Value - now.Value < 1000 => (RuleState.Expired, null), // the kernel's timeouts here are whole seconds
            _ when rule.Objection(allowlist) is { } objection => (RuleState.Refused, objection),
            // Looked up on the way to its destination, where the owner's sources are not.
            _ when rule.Accused.Count > 1 && allowlist.Any(rule.Accused[0].Overlaps) => (RuleState.Refused, RefusalReason.CoversOwnerAllowlist),
            { Step: MitigationStep.Observe } => (RuleState.Observed, (string?)null),
            _ => (RuleState.Enforced, null),
        };
        _verdicts.Add(new RuleEnforcement(rule.Id, state, reason));
        if (state is RuleState.Refused or RuleState.Expired)
        {
            return;
        }

        foreach (var (egress, match) in rule.Parts)
        {
            foreach (var role in Roles(rule.Step))
            {
                var elements = SetOf(NftSet.Of(role, egress, match));
                if (!elements.TryGetValue(match, out var standing) || standing!.Value.ExpiresAt < rule.ExpiresAt)
                {
                    elements[match] = (rule.Id, rule.ExpiresAt);
                }
            }
        }
    }

    private static NftRole[] Roles(MitigationStep step) => step switch
    {
        MitigationStep.Observe => [NftRole.Observe],
        MitigationStep.RateLimit => [NftRole.Limit, NftRole.Limited],
        _ => [NftRole.Drop],
    };

    private Dictionary<PacketMatch, (DocumentId Rule, UnixMilliseconds ExpiresAt)?> SetOf(NftSet set)
    {
        if (!_sets.TryGetValue(set, out var elements))
        {
            _sets[set] = elements = [];
        }

        return elements;
    }
}
