using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>Which routes shall stand for a plan, and what is said of each of its rules.</summary>
internal sealed class BgpDesired
{
    private readonly Dictionary<BgpRoute, float> _routes = [];

    private BgpDesired(IReadOnlyList<RuleEnforcement> verdicts) => Verdicts = verdicts;

    /// <summary>The routes with what each lets pass, in octets/s. Of several rules for the same packets the strictest counts.</summary>
    public IReadOnlyDictionary<BgpRoute, float> Routes => _routes;

    /// <summary>One for each rule of the plan, in its order.</summary>
    public IReadOnlyList<RuleEnforcement> Verdicts { get; }

    /// <summary>Lays a plan out within the budget. Rules that stand already go before new ones, so that none is displaced.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="standing">The routes of ours that stand.</param>
    /// <param name="settings">The budget, the limit and the blackholes.</param>
    /// <param name="now">Rules that end by now are expired.</param>
    public static BgpDesired Of(EnforcementPlan plan, IReadOnlySet<BgpRoute> standing, BgpSettings settings, UnixMilliseconds now)
    {
        var verdicts = plan.Rules.Select(rule => Judge(rule, plan.Allowlist, now)).ToArray();
        var desired = new BgpDesired(verdicts);
        var enforced = Enumerable.Range(0, verdicts.Length).Where(i => verdicts[i].State == RuleState.Enforced)
            .Select(i => (Index: i, Rule: plan.Rules[i], Routes: RoutesOf(plan.Rules[i], settings)));
        foreach (var (index, rule, routes) in enforced.OrderBy(entry => entry.Routes.All(standing.Contains) ? 0 : 1))
        {
            if (desired._routes.Count + routes.Count(route => !desired._routes.ContainsKey(route)) > settings.MaxRules)
            {
                verdicts[index] = new RuleEnforcement(rule.Id, RuleState.Refused, RefusalReason.BgpBudget);
                continue;
            }

            var rate = rule.Step == MitigationStep.RateLimit ? settings.RateLimitOctetsPerSecond : 0f;
            foreach (var route in routes)
            {
                desired._routes[route] = desired._routes.TryGetValue(route, out var other) ? Math.Min(rate, other) : rate;
            }
        }

        return desired;
    }

    private static RuleEnforcement Judge(EnforcedRule rule, IReadOnlyList<Prefix> allowlist, UnixMilliseconds now)
    {
        var (state, reason) = rule switch
        {
            _ when rule.ExpiresAt <= now => (RuleState.Expired, null),
            _ when rule.Objection(allowlist) is { } objection => (RuleState.Refused, objection),
            { Step: MitigationStep.Observe } => (RuleState.Observed, null),
            // A router knows no exception inside a route, so none is announced.
            _ when allowlist.Any(allowed => rule.Accused.Any(accused => accused.Contains(allowed))) => (RuleState.Refused, RefusalReason.CoversOwnerAllowlist),
            _ => (RuleState.Enforced, (string?)null),
        };
        return new RuleEnforcement(rule.Id, state, reason);
    }

    private static List<BgpRoute> RoutesOf(EnforcedRule rule, BgpSettings settings) => [.. rule.Parts.Select(part =>
        rule.Target.Net is { } net && part.Egress && rule.Step == MitigationStep.Drop && settings.BlackholeNextHop(net.IsIPv4) is not null
            ? BgpRoute.Blackhole(net)
            : BgpRoute.Flow(part.Match))];
}
