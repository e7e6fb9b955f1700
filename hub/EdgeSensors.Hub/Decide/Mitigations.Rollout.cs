using System.Collections.Concurrent;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <content>What goes by itself: from stage to stage, back when a bound is crossed, and out when the time is over.</content>
internal sealed partial class Mitigations
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, bool> _stirred = new(StringComparer.Ordinal);
    private SignedDocuments? _looked;
    private DateTimeOffset _nextLook;

    /// <summary>Something is new about a mitigation: a receipt, a complaint, an approval. It is looked at with the next <see cref="Tend"/>.</summary>
    public void Stir(string id) => _stirred[id] = true;

    /// <summary>Does what is due. Called again and again; what a crash cut off is done at the next call.</summary>
    public void Tend()
    {
        var clock = time.GetUtcNow();
        var signed = documents();
        var all = !ReferenceEquals(signed, _looked);
        if (clock < _nextLook && _stirred.IsEmpty && !all)
        {
            return;
        }

        _nextLook = clock + LookEvery;
        var now = new UnixMilliseconds(clock.ToUnixTimeMilliseconds());
        _looked = null; // Should this be cut off, everything is looked at the next time.
        var stirred = _stirred.Keys.Where(id => _stirred.TryRemove(id, out _)).ToHashSet(StringComparer.Ordinal);
        var holds = store.Holds();
        var due = store.OpenMitigations(MitigationParts.Bare)
            .Where(m => IsDue(m, now) || (m.IsRunning && (all || HoldOf(holds, m) is not null || stirred.Contains(m.Id) || m.StageSensors.Count == 0 || IsUnderWay(m, signed))))
            .Select(m => m.Id).ToList();
        var changed = due.Count > 0 && store.Change(change => due.Aggregate(false, (acted, id) => Look(change, id, signed, now) || acted));
        _looked = signed;
        if (changed)
        {
            RulesChanged?.Invoke();
        }
    }

    /// <summary>What its grant asks of a mitigation now; null when it asks nothing any more.</summary>
    public GrantTier? TierOf(Mitigation mitigation) => documents().FindGrant(mitigation.Grant)?.FindTier(mitigation.Tier);

    /// <summary>Why a mitigation is where it is and not further, for a person.</summary>
    public string Outlook(Mitigation mitigation)
    {
        if (!mitigation.IsOpen)
        {
            return mitigation.EndReason ?? "";
        }

        if (TierOf(mitigation) is not { } tier)
        {
            return "its grant is gone";
        }

        return mitigation.IsRunning
            ? Rollout.Next(mitigation, tier, FleetOf(mitigation), _ => false, UnixMilliseconds.Now(time)).Reason
            : Text($"{mitigation.Approvals.Count} of {tier.Approvals} approvals");
    }

    // A canary that goes away after its stage began stays one of those that are looked at.
    private IReadOnlyList<SensorName> FleetOf(Mitigation mitigation) => fleet.Enforcers(mitigation.StageAt ?? UnixMilliseconds.Now(time));

    private static bool IsUnderWay(Mitigation mitigation, SignedDocuments signed) =>
        signed.FindGrant(mitigation.Grant)?.FindTier(mitigation.Tier) is not { } tier || mitigation.Stage < tier.Stages.Count;

    private static Hold? HoldOf(IReadOnlyList<Hold> holds, Mitigation mitigation) => holds.FirstOrDefault(hold => hold.Covers(mitigation.Grant.Issuer));

    private bool IsDue(Mitigation m, UnixMilliseconds now) => m.State is MitigationState.Proposed
        ? now - m.ProposedAt >= settings.MaxDuration
        : m.IsRunning && m.StopTime <= now;

    // One mitigation, one step; true when the rule set follows.
    private bool Look(IDecisionChange change, string id, SignedDocuments signed, UnixMilliseconds now)
    {
        if (change.FindMitigation(id) is not { IsOpen: true } mitigation)
        {
            return false;
        }

        if (IsDue(mitigation, now))
        {
            change.Save(mitigation with { State = MitigationState.Expired, EndedBy = "time", EndedAt = now });
            change.Audit(new AuditEntry(now, "time", "expire", id, ""));
            return mitigation.IsRunning;
        }

        if (!mitigation.IsRunning)
        {
            return false;
        }

        // A stop that was cut off after its hold.
        if (HoldOf(change.Holds(), mitigation) is { } hold)
        {
            Revoke(change, mitigation, hold.By, Stopped(hold.Reason), now);
            return true;
        }

        var grant = signed.FindGrant(mitigation.Grant);
        var tier = grant?.FindTier(mitigation.Tier);
        var violation = grant is null ? GrantViolation.NoSuchGrant : tier is null ? GrantViolation.OutsideTier : null as GrantViolation?;
        if (violation is null && mitigation.StageSensors.Count == 0)
        {
            var entered = Enter(change, mitigation, tier!, mitigation.Stage, now);
            if (entered.StageSensors.Count > 0)
            {
                change.Save(entered);
            }

            return entered.StageSensors.Count > 0;
        }

        violation ??= grant!.Check(mitigation.ToRule(), now);
        var (verdict, reason) = violation is { } broken
            ? new RolloutStep(RolloutVerdict.Revert, $"its grant no longer covers it ({broken})")
            : Rollout.Next(mitigation, tier!, FleetOf(mitigation), fleet.IsLost, now);
        switch (verdict)
        {
            case RolloutVerdict.Revert:
                change.Save(mitigation with { State = MitigationState.Reverted, EndedBy = RolloutName, EndedAt = now, EndReason = reason });
                change.Audit(new AuditEntry(now, RolloutName, "revert", id, reason));
                return true;
            case RolloutVerdict.Advance:
                change.Save(Enter(change, mitigation, tier!, mitigation.Stage + 1, now, reason));
                return true;
            default:
                return false;
        }
    }

    // The stage and its sensors are stored together, so that after a crash the same canaries go on.
    private Mitigation Enter(IDecisionChange change, Mitigation mitigation, GrantTier tier, int stage, UnixMilliseconds now, string? because = null)
    {
        var sensors = Rollout.Choose(mitigation, tier, stage, stage < tier.Stages.Count ? fleet.Enforcers(now) : [], fleet.IsConnected);
        if (sensors.Count == 0)
        {
            return mitigation with { Stage = stage, StageSensors = [] };
        }

        var atFleet = stage >= tier.Stages.Count;
        var entered = mitigation with { Stage = stage, StageSensors = sensors, StageAt = now, StagePublishedAt = null };
        if (tier.Stages.Count > 0)
        {
            change.Audit(new AuditEntry(
                now, RolloutName, "stage", mitigation.Id,
                Text($"{(atFleet ? "fleet" : $"stage {stage + 1} of {tier.Stages.Count}, {sensors.Count} canaries: {string.Join(' ', sensors.Take(32))}")}{(because is null ? "" : $"; {because}")}")));
        }

        if (atFleet && mitigation.Escalates is { } lower && change.FindMitigation(lower) is { IsRunning: true } before)
        {
            change.Save(before with { State = MitigationState.Superseded, EndedBy = RolloutName, EndedAt = now, EndReason = $"{mitigation.Id} took its place" });
            change.Audit(new AuditEntry(now, RolloutName, "supersede", lower, mitigation.Id));
        }

        return entered;
    }
}
