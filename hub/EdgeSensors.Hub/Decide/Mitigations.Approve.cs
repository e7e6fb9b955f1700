using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <content>Approvals: as many and of whom the tier of the grant asks for.</content>
internal sealed partial class Mitigations
{
    // Between a draft and an approval that follows at once nothing happens that an estimate could see.
    private static readonly TimeSpan EstimateFreshness = TimeSpan.FromSeconds(10);

    /// <summary>Says yes. With the last yes that its tier asks for, the mitigation begins: at its first canaries, or at the fleet.</summary>
    public Decision Approve(string id, Approver who)
    {
        if (store.FindMitigation(id) is not { } asked)
        {
            return NotFound(id);
        }

        var estimate = NeedsEstimate(asked, who) ? impact.Estimate(asked.Target, asked.Direction, asked.Sensors) : asked.Impact;
        var changed = false;
        var decision = store.Change<Decision>(change =>
        {
            if (change.FindMitigation(id) is not { } mitigation)
            {
                return NotFound(id);
            }

            if (mitigation.State is not MitigationState.Proposed)
            {
                return mitigation.IsOpen ? mitigation : new Refusal(RefusalKind.Ended, $"{id} has ended; propose it anew");
            }

            var now = UnixMilliseconds.Now(time);
            // What was allowed when it was proposed may not be now: a new own prefix, a grant that ended.
            var others = change.OpenMitigations().Where(m => m.Id != id).ToList();
            if (Cover(mitigation with { Impact = estimate }, others, change, now, out var covered, out var tier) is { } refusal)
            {
                return refusal;
            }

            if (change.Holds().FirstOrDefault(hold => hold.Covers(covered!.Grant.Issuer)) is { } hold)
            {
                return new Refusal(RefusalKind.Forbidden, $"{hold.By} stopped all activations of {hold.Issuer}: {hold.Reason}; release them first");
            }

            if (MayNot(who, tier!) is { } why)
            {
                return new Refusal(RefusalKind.Forbidden, why);
            }

            if (mitigation.Approvals.Any(approval => approval.By.Name == who.Name))
            {
                return mitigation;
            }

            // Who may approve may have changed since: a yes counts while it would be taken.
            var outdated = mitigation.Approvals.Where(approval => MayNot(approval.By, tier!) is not null).ToList();
            outdated.ForEach(approval => change.RemoveApproval(id, approval.By.Name));
            covered = covered! with { Approvals = [.. mitigation.Approvals.Except(outdated), new Approval(who, now)] };
            change.Audit(new AuditEntry(
                now, who.Name, "approve", id,
                Text($"{covered.Approvals.Count} of {tier!.Approvals}: {covered.Step} {covered.Target} for {covered.Duration.TotalMinutes:0.##} minutes under {covered.Grant}, tier {covered.Tier}; {(who.IsPolicy ? "no certificate" : $"certificate {who.Certificate}")}; {estimate!.ToText()}{(outdated.Count == 0 ? "" : $"; no longer counted: {string.Join(", ", outdated.Select(approval => approval.By.Name))}")}")));
            if (tier.IsApproved(covered.ToRuleApprovals()))
            {
                covered = Begin(change, covered, tier, now);
                changed = true;
            }

            change.Save(covered);
            TakeOver(change, covered, others, now);
            return covered;
        });
        if (changed)
        {
            Stir(id);
            RulesChanged?.Invoke();
        }

        return decision;
    }

    private bool NeedsEstimate(Mitigation asked, Approver who) =>
        asked.State is MitigationState.Proposed
        && !asked.Approvals.Any(approval => approval.By.Name == who.Name)
        && (TierOf(asked) is not { } tier || MayNot(who, tier) is null)
        && !(asked.Impact is { IsKnown: true } known && UnixMilliseconds.Now(time) - known.At < EstimateFreshness);

    private static string? MayNot(Approver who, GrantTier tier) => who switch
    {
        { IsPolicy: true } when !tier.PolicyCounts => $"tier {tier.Id} of the grant takes no approval by the policy; {(tier.Approvals == 1 ? "a person" : $"{tier.Approvals} persons")} must approve it",
        { IsPolicy: false } when tier.Approvers.Count > 0 && !tier.Approvers.Any(person => person.Text == who.Name) =>
            $"tier {tier.Id} of the grant does not name {who.Name} among those who may approve it",
        _ => null,
    };

    private Mitigation Begin(IDecisionChange change, Mitigation mitigation, GrantTier tier, UnixMilliseconds now)
    {
        var begun = mitigation with
        {
            State = MitigationState.Approved,
            ApprovedAt = now,
            HitBound = tier.Bounds.Hits?.PacketsFor(mitigation.Impact?.PacketsIn(mitigation.Duration) ?? 0),
        };
        return Enter(change, begun, tier, 0, now);
    }
}
