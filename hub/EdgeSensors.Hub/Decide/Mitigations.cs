using System.Security.Cryptography;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <summary>
/// The life of a mitigation: proposed, approved, published, enforced, ended. Each step is one durable transaction with its audit entry, and
/// may be asked for twice without harm.
/// </summary>
internal sealed class Mitigations(IDecisionStore store, Func<SignedDocuments> documents, PolicySettings settings, TimeProvider time)
{
    /// <summary>What the audit calls the hub's own policy.</summary>
    public const string PolicyName = "policy";

    private const int MaxReasonLength = 1_024;

    /// <summary>The set of rules that should be in force changed.</summary>
    public event Action? RulesChanged;

    /// <summary>Proposes; where an open one for the same target and step is there, that one is given back.</summary>
    public Decision Propose(Proposal proposal, string who)
    {
        if (proposal.Reason.Length == 0 || !MitigationRule.IsText(proposal.Reason))
        {
            return new Refusal(RefusalKind.Invalid, $"a reason is one line of 1 to {MaxReasonLength} characters");
        }

        var duration = proposal.Duration ?? settings.Duration;
        if (duration < TimeSpan.FromSeconds(1) || duration > settings.MaxDuration)
        {
            return new Refusal(RefusalKind.Invalid, $"a mitigation lasts from one second to {settings.MaxDuration.TotalMinutes:0} minutes (policy.max_duration_minutes)");
        }

        return store.Change<Decision>(change =>
        {
            var open = change.OpenMitigations();
            if (open.FirstOrDefault(m => m.Target == proposal.Target && m.Direction == proposal.Direction && m.Step == proposal.Step) is { } same)
            {
                return same;
            }

            var now = UnixMilliseconds.Now(time);
            var mitigation = new Mitigation
            {
                Id = $"m-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}",
                Target = proposal.Target,
                Direction = proposal.Direction,
                Step = proposal.Step,
                Sensors = proposal.Sensors,
                Reason = proposal.Reason,
                Incident = proposal.Incident,
                Alerts = proposal.Alerts,
                Grant = default,
                Duration = duration,
                State = MitigationState.Proposed,
                ProposedBy = who,
                ProposedAt = now,
            };
            if (Cover(mitigation, open, now, out var covered) is { } refusal)
            {
                return refusal;
            }

            change.Save(covered!);
            change.Audit(new AuditEntry(now, who, "propose", covered!.Id, $"{covered.Step} {covered.Target}: {covered.Reason}"));
            return covered;
        });
    }

    /// <summary>Approves: from now on the rule is to be in force for the mitigation's duration.</summary>
    public Decision Approve(string id, string who)
    {
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
            if (Cover(mitigation, others, now, out var covered) is { } refusal)
            {
                return refusal;
            }

            covered = covered! with { State = MitigationState.Approved, ApprovedBy = who, ApprovedAt = now };
            change.Save(covered);
            change.Audit(new AuditEntry(now, who, "approve", id, $"{covered.Step} {covered.Target} for {covered.Duration.TotalMinutes:0.##} minutes under {covered.Grant}"));
            changed = true;
            return covered;
        });
        if (changed)
        {
            RulesChanged?.Invoke();
        }

        return decision;
    }

    /// <summary>Takes back, or turns down while proposed.</summary>
    public Decision Revoke(string id, string who, string reason)
    {
        if (reason.Length > MaxReasonLength)
        {
            return new Refusal(RefusalKind.Invalid, $"a reason has at most {MaxReasonLength} characters");
        }

        var changed = false;
        var decision = store.Change<Decision>(change =>
        {
            if (change.FindMitigation(id) is not { } mitigation)
            {
                return NotFound(id);
            }

            if (!mitigation.IsOpen)
            {
                return mitigation;
            }

            var now = UnixMilliseconds.Now(time);
            changed = mitigation.State is not MitigationState.Proposed;
            mitigation = mitigation with { State = MitigationState.Revoked, EndedBy = who, EndedAt = now, EndReason = reason };
            change.Save(mitigation);
            change.Audit(new AuditEntry(now, who, "revoke", id, reason));
            return mitigation;
        });
        if (changed)
        {
            RulesChanged?.Invoke();
        }

        return decision;
    }

    /// <summary>Ends what ran out. A proposal that nobody answered for as long as a mitigation may last ends too.</summary>
    public void Expire()
    {
        var now = UnixMilliseconds.Now(time);
        var due = store.Mitigations(openOnly: true, int.MaxValue).Where(m => IsDue(m, now)).Select(m => m.Id).ToList();
        if (due.Count == 0)
        {
            return;
        }

        var changed = store.Change(change =>
        {
            var acted = false;
            foreach (var id in due)
            {
                if (change.FindMitigation(id) is { } mitigation && IsDue(mitigation, now))
                {
                    acted |= mitigation.State is not MitigationState.Proposed;
                    change.Save(mitigation with { State = MitigationState.Expired, EndedBy = "time", EndedAt = now });
                    change.Audit(new AuditEntry(now, "time", "expire", id, ""));
                }
            }

            return acted;
        });
        if (changed)
        {
            RulesChanged?.Invoke();
        }
    }

    /// <summary>Whether a person took back what was done about an incident: the policy does not do it again.</summary>
    public bool WasTurnedDown(long incident) => store.WasRevoked(incident);

    /// <summary>What is to be in the rule set now.</summary>
    public IReadOnlyList<Mitigation> Active()
    {
        var now = UnixMilliseconds.Now(time);
        return [.. store.Mitigations(openOnly: true, int.MaxValue).Where(m => m.IsActive(now)).OrderBy(m => m.ApprovedAt!.Value.Value).ThenBy(m => m.Id, StringComparer.Ordinal)];
    }

    /// <summary>A revision of the rule set is out.</summary>
    public void MarkPublished(IReadOnlyCollection<string> ids, long revision, UnixMilliseconds at) => store.Change(change =>
    {
        foreach (var id in ids)
        {
            // A sensor may have been faster with its receipt than this note.
            if (change.FindMitigation(id) is { PublishedAt: null } mitigation)
            {
                var state = mitigation.State is MitigationState.Approved ? MitigationState.Published : mitigation.State;
                change.Save(mitigation with { State = state, PublishedAt = at, Revision = revision });
            }
        }

        change.SetNumber("rules_revision", revision);
        return true;
    });

    /// <summary>A sensor said what became of rules.</summary>
    public static void Record(IDecisionChange change, SensorName sensor, ReceiptMessage receipt, UnixMilliseconds receivedAt)
    {
        foreach (var rule in receipt.Rules)
        {
            if (change.FindMitigation(rule.RuleId) is not { } mitigation)
            {
                continue; // A rule of a time before this hub's memory.
            }

            change.SaveReceipt(mitigation.Id, new MitigationReceipt
            {
                Sensor = sensor,
                State = rule.State,
                Reason = rule.Reason,
                Enforcer = receipt.Enforcer,
                ObservedAt = receipt.ObservedAt,
                ReceivedAt = receivedAt,
                HitPackets = rule.HitPackets,
                HitOctets = rule.HitOctets,
            });
            if (rule.State is RuleState.Enforced && mitigation.State is MitigationState.Approved or MitigationState.Published)
            {
                change.Save(mitigation with { State = MitigationState.Enforced });
            }
        }

        if (receipt.Refusal is { } why)
        {
            change.Audit(new AuditEntry(receivedAt, sensor.ToString(), AuditEntry.RefuseUpdate, $"timestamp {receipt.TimestampVersion}", why));
        }
    }

    private bool IsDue(Mitigation m, UnixMilliseconds now) => m.State is MitigationState.Proposed
        ? now - m.ProposedAt >= settings.MaxDuration
        : m.IsOpen && m.StopTime <= now;

    // Finds the grant that covers a mitigation, and says where it would act; or why it must not be.
    private Refusal? Cover(Mitigation asked, IReadOnlyList<Mitigation> open, UnixMilliseconds now, out Mitigation? covered)
    {
        covered = null;
        var signed = documents();
        foreach (var accused in asked.Target.Accused(asked.Direction))
        {
            if (signed.OwnNetworkOf(accused) is { } own)
            {
                return new Refusal(RefusalKind.Forbidden, $"{accused} is in the own network of {own}");
            }

            if (settings.Never.Any(never => never.Overlaps(accused)))
            {
                return new Refusal(RefusalKind.Forbidden, $"{accused} is on the never list (policy.never)");
            }
        }

        GrantViolation? nearest = null;
        foreach (var grant in signed.Grants)
        {
            var candidate = asked with { Grant = grant.Reference, Sensors = asked.Sensors.Count > 0 ? asked.Sensors : grant.Sensors, ApprovedAt = now };
            var violation = grant.Check(candidate.ToRule(), now)
                ?? (open.Count(m => m.Grant == grant.Reference) >= grant.MaxRules ? GrantViolation.TooManyRules : null);
            if (violation is null)
            {
                covered = candidate with { ApprovedAt = asked.ApprovedAt };
                return null;
            }

            nearest = violation;
        }

        return new Refusal(
            RefusalKind.Forbidden,
            nearest is { } why ? $"no grant covers it ({why}); ask its issuer for one that does" : "there is no grant; an issuer must sign one first");
    }

    private static Refusal NotFound(string id) => new(RefusalKind.NotFound, $"there is no mitigation {id}");
}
