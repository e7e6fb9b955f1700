using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>
/// What of a plan is dropped at the interface: the sources that rules drop whole; a connection's ports are nftables' to look at. What a rule observes must reach the counter of that rule, so a source that is
/// dropped and in part observed too is left to nftables. A look-up finds the narrowest prefix only: it therefore stands as long as the longest of those around it.
/// </summary>
internal static class XdpDesired
{
    /// <summary>Each prefix with the rule that its hits are for and when it lapses.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="enforced">Those of its rules that nftables has put into force.</param>
    public static Dictionary<Prefix, (DocumentId Rule, UnixMilliseconds ExpiresAt)> Of(EnforcementPlan plan, IReadOnlySet<DocumentId> enforced)
    {
        var dropped = new Dictionary<Prefix, (DocumentId Rule, UnixMilliseconds ExpiresAt)>();
        var observed = new HashSet<Prefix>();
        foreach (var rule in plan.Rules)
        {
            foreach (var source in rule.Parts.Where(part => !part.Egress).Select(part => part.Match.Source).OfType<Prefix>())
            {
                if (rule.Step == MitigationStep.Observe)
                {
                    observed.Add(source);
                }
                else if (rule.Step == MitigationStep.Drop && rule.Target.Net is not null && enforced.Contains(rule.Id)
                    && (!dropped.TryGetValue(source, out var standing) || standing.ExpiresAt < rule.ExpiresAt))
                {
                    dropped[source] = (rule.Id, rule.ExpiresAt);
                }
            }
        }

        var aroundObserved = observed.SelectMany(prefix => Around(prefix, Lengths(dropped.Keys))).ToHashSet();
        var observedLengths = Lengths(observed);
        var kept = dropped.Where(d => !aroundObserved.Contains(d.Key) && !Around(d.Key, observedLengths).Any(observed.Contains)).ToDictionary();
        var lengths = Lengths(kept.Keys);
        return kept.ToDictionary(k => k.Key, k =>
        {
            var end = k.Value.ExpiresAt;
            foreach (var wider in Around(k.Key, lengths))
            {
                end = kept.TryGetValue(wider, out var around) && around.ExpiresAt > end ? around.ExpiresAt : end;
            }

            return (k.Value.Rule, end);
        });
    }

    private static HashSet<(bool IsIPv4, int Length)> Lengths(IEnumerable<Prefix> prefixes) => [.. prefixes.Select(prefix => (prefix.IsIPv4, prefix.Length))];

    /// <summary>A prefix and those that it lies in, of the lengths in use.</summary>
    private static IEnumerable<Prefix> Around(Prefix prefix, HashSet<(bool IsIPv4, int Length)> lengths)
    {
        var address = new byte[prefix.AddressLength];
        prefix.CopyAddress(address);
        return lengths.Where(l => l.IsIPv4 == prefix.IsIPv4 && l.Length <= prefix.Length).Select(l => Prefix.Of(address, l.Length));
    }
}
