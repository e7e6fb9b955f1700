using System.Globalization;
using System.Security.Cryptography;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <summary>
/// The life of a mitigation: drafted, approved as its grant asks, published to canaries and then to the fleet, ended. Each step is one durable transaction with its audit
/// entry, and may be asked for twice without harm. What is signed follows from what is stored, so a crash between two steps leaves nothing half done.
/// </summary>
internal sealed partial class Mitigations(
    IDecisionStore store, Func<SignedDocuments> documents, ImpactStudy impact, Fleet fleet, PolicySettings settings, TimeProvider time)
{
    /// <summary>What the audit calls the hub's own policy.</summary>
    public const string PolicyName = "policy";

    /// <summary>What the audit calls the hub where a bound or a gate decided.</summary>
    public const string RolloutName = "rollout";

    /// <summary>How the names of partners begin: no person's does.</summary>
    public const string PartnerPrefix = "openc2:";

    private const int MaxReasonLength = 1_024;

    private const string UnreadableReason = "it cannot be read";

    /// <summary>The set of rules that should be in force changed.</summary>
    public event Action? RulesChanged;

    /// <summary>Drafts a mitigation, with an estimate of what it would hit; where an open one for the same target and step is there, that one is given back. Every draft begins here.</summary>
    public Decision Propose(Proposal proposal, string who)
    {
        if (!IsReason(proposal.Reason))
        {
            return Wrong($"a reason is one line of 1 to {MaxReasonLength} characters");
        }

        if (!MitigationRule.IsText(proposal.Because) || (proposal.Step != MitigationStep.Observe && proposal.Because.Length == 0))
        {
            return Wrong($"a measure begins at observe; to start higher, say because of what, in one line of at most {MaxReasonLength} characters");
        }

        if (proposal.Sensors.Count > MitigationRule.MaxSensors)
        {
            return Wrong($"sensors holds {proposal.Sensors.Count} patterns, more than {MitigationRule.MaxSensors}; name whole operators");
        }

        var duration = proposal.Duration ?? settings.Duration;
        if (duration < TimeSpan.FromSeconds(1) || duration > settings.MaxDuration)
        {
            return Wrong($"a mitigation lasts from one second to {settings.MaxDuration.TotalMinutes:0} minutes (policy.max_duration_minutes)");
        }

        if (store.FindOpen(proposal.Target, proposal.Direction, proposal.Step).FirstOrDefault(m => StandsFor(m, who)) is { } known)
        {
            return known;
        }

        if (store.CountDrafts(who) >= proposal.MaxDrafts)
        {
            return TooMany(proposal);
        }

        var estimate = impact.Estimate(proposal.Target, proposal.Direction, proposal.Sensors);
        return store.Change<Decision>(change =>
        {
            var open = change.OpenMitigations();
            if (open.FirstOrDefault(m => m.Target == proposal.Target && m.Direction == proposal.Direction && m.Step == proposal.Step && StandsFor(m, who)) is { } same)
            {
                return same;
            }

            if (open.Count(m => m.State is MitigationState.Proposed && m.ProposedBy == who) >= proposal.MaxDrafts)
            {
                return TooMany(proposal);
            }

            if (proposal.Escalates is { } before && open.FirstOrDefault(m => m.Id == before) is not { IsRunning: true })
            {
                return new Refusal(RefusalKind.Ended, $"{before} is not in force; propose it anew");
            }

            var now = UnixMilliseconds.Now(time);
            var mitigation = new Mitigation
            {
                Id = $"m-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}",
                Target = proposal.Target,
                Direction = proposal.Direction,
                Step = proposal.Step,
                Because = proposal.Because,
                Escalates = proposal.Escalates,
                Sensors = proposal.Sensors,
                Reason = proposal.Reason,
                Incident = proposal.Incident,
                Alerts = proposal.Alerts,
                Grant = default,
                Tier = default,
                Duration = duration,
                State = MitigationState.Proposed,
                ProposedBy = who,
                ProposedAt = now,
                Impact = estimate,
            };
            if (Cover(mitigation, open, change, now, out var covered, out _) is { } refusal)
            {
                return refusal;
            }

            change.Save(covered!);
            var what = covered!.Escalates is null ? "propose" : "escalate";
            change.Audit(new AuditEntry(now, who, what, covered.Id, $"{covered.Step} {covered.Target}: {covered.Reason}{Why(covered)}; {estimate.ToText()}"));
            if (!covered.IsMerelyAsked)
            {
                TakeOver(change, covered, open, now);
            }

            return covered;
        });
    }

    /// <summary>Drafts the next rung of the ladder for a mitigation in force. It needs its own approvals, and takes the place of the lower one when it has reached the fleet.</summary>
    /// <param name="id">The mitigation.</param>
    /// <param name="step">The rung; the next one when null.</param>
    /// <param name="because">Why the lower rung does not do.</param>
    /// <param name="who">Who asks.</param>
    public Decision Escalate(string id, MitigationStep? step, string because, string who)
    {
        if (store.FindMitigation(id) is not { } mitigation)
        {
            return NotFound(id);
        }

        if (mitigation.Step == MitigationStep.Drop || (step is { } asked && asked <= mitigation.Step))
        {
            return Wrong($"{id} is at {Api.Word.Of(mitigation.Step)} already");
        }

        return Propose(
            new Proposal
            {
                Target = mitigation.Target,
                Direction = mitigation.Direction,
                Step = step ?? mitigation.Step + 1,
                Because = because,
                Escalates = id,
                Sensors = mitigation.Sensors,
                Reason = mitigation.Reason,
                Duration = mitigation.Duration,
                Incident = mitigation.Incident,
                Alerts = mitigation.Alerts,
            },
            who);
    }

    /// <summary>Whether somebody took back what was done about an incident, or it took itself back: the policy does not do it again.</summary>
    public bool WasTurnedDown(long incident) => store.WasTurnedDown(incident);

    /// <summary>What is to be in the rule set now.</summary>
    public IReadOnlyList<Mitigation> Active()
    {
        var now = UnixMilliseconds.Now(time);
        var signed = documents();
        var holds = store.Holds();
        if (holds.Any(hold => hold.Issuer == Hold.Everything))
        {
            return []; // also where no mitigation can be read at all
        }

        return
        [
            .. store.OpenMitigations(MitigationParts.Rule)
                .Where(m => m.IsActive(now) && !holds.Any(hold => hold.Covers(m.Grant.Issuer)) && signed.FindGrant(m.Grant) is { } grant && grant.Check(m.ToRule(), now) is null)
                .OrderBy(m => m.ApprovedAt!.Value.Value).ThenBy(m => m.Id, StringComparer.Ordinal),
        ];
    }

    /// <summary>A revision of the rule set is out.</summary>
    public void MarkPublished(IReadOnlyCollection<Mitigation> active, long revision, UnixMilliseconds at) => store.Change(change =>
    {
        foreach (var signed in active.Where(m => m.PublishedAt is null || m.StagePublishedAt is null))
        {
            // A sensor may have been faster with its receipt than this note.
            if (change.FindMitigation(signed.Id) is { IsRunning: true } mitigation && mitigation.Stage == signed.Stage)
            {
                change.Save(mitigation with
                {
                    State = mitigation.State is MitigationState.Approved ? MitigationState.Published : mitigation.State,
                    PublishedAt = mitigation.PublishedAt ?? at,
                    StagePublishedAt = mitigation.StagePublishedAt ?? at,
                    Revision = mitigation.Revision ?? revision,
                });
            }
        }

        change.SetNumber("rules_revision", revision);
        return true;
    });

    /// <summary>A sensor said what became of rules. What it says of a rule that was not sent to it, or of a category that is not enforced, is nothing.</summary>
    public void Record(IDecisionChange change, SensorName sensor, ReceiptMessage receipt, UnixMilliseconds receivedAt)
    {
        fleet.Hear(sensor);
        foreach (var rule in receipt.Rules)
        {
            var told = new MitigationReceipt
            {
                Sensor = sensor,
                State = rule.State,
                Reason = rule.Reason,
                Enforcer = receipt.Enforcer,
                ObservedAt = receipt.ObservedAt,
                ReceivedAt = receivedAt,
                HitPackets = rule.HitPackets,
                HitOctets = rule.HitOctets,
            };
            if (BlocklistEnforcement.CategoryOf(rule.RuleId) is { } category)
            {
                if (documents().Enforces(category, sensor) || change.HasListReceipt(category, sensor))
                {
                    change.SaveListReceipt(category, told);
                }

                continue;
            }

            // It may also be a rule of a time before this hub's memory.
            if (change.FindMitigation(rule.RuleId, sensor) is not { } mitigation || !mitigation.WasSentTo(sensor) || fleet.IsTap(sensor))
            {
                continue;
            }

            change.SaveReceipt(mitigation.Id, Believe(change, mitigation, told));
            Stir(mitigation.Id);
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

    // A sensor that has once said of a mitigation what cannot be is not believed of it any more.
    private static MitigationReceipt Believe(IDecisionChange change, Mitigation mitigation, MitigationReceipt told)
    {
        var known = mitigation.Receipts.FirstOrDefault(receipt => receipt.Sensor == told.Sensor);
        if (known is { IsBelieved: false } || !Hits.IsPossible(mitigation, told))
        {
            if (known is not { IsBelieved: false })
            {
                change.Audit(new AuditEntry(told.ReceivedAt, told.Sensor.ToString(), AuditEntry.Disbelieve, mitigation.Id, Text($"{told.HitPackets} packets hit, more than its lines carry")));
            }

            return told with { HitPackets = Hits.NotBelieved, HitOctets = 0 };
        }

        return told;
    }

    // What partners merely ask for stands for themselves only: everybody else gets a draft of their own.
    private static bool StandsFor(Mitigation open, string who) => !open.IsMerelyAsked || open.ProposedBy == who;

    // What people, or the policy, have in hand takes the place of what partners merely asked for; their commands say from then on how that stands.
    private static void TakeOver(IDecisionChange change, Mitigation mitigation, IReadOnlyList<Mitigation> open, UnixMilliseconds now)
    {
        foreach (var asked in open.Where(m => m.IsMerelyAsked && m.Id != mitigation.Id && m.Target == mitigation.Target && m.Direction == mitigation.Direction && m.Step == mitigation.Step))
        {
            change.Save(asked with { State = MitigationState.Superseded, EndedBy = RolloutName, EndedAt = now, EndReason = $"{mitigation.Id} took its place" });
            change.Refile(asked.Id, mitigation.Id);
            change.Audit(new AuditEntry(now, RolloutName, "supersede", asked.Id, mitigation.Id));
        }
    }

    // Finds the grant and the tier that a mitigation fits, the first of each, and says where it would act; or why it must not be.
    private Refusal? Cover(
        Mitigation asked, IReadOnlyList<Mitigation> open, IDecisionChange change, UnixMilliseconds now, out Mitigation? covered, out GrantTier? found)
    {
        (covered, found) = (null, null);
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

            if (asked.Step == MitigationStep.Drop && NeverList.IsCritical(accused))
            {
                return new Refusal(RefusalKind.Forbidden, $"{accused} takes in a root name server or a large public resolver, which no sensor drops; limit its rate instead");
            }
        }

        var proven = asked.Incident is { } number && change.FindIncident(number) is { SourceProven: true } incident && incident.Address is { } seen
            && asked.Target.Accused(asked.Direction).All(accused => accused == seen);
        GrantViolation? nearest = null;
        foreach (var grant in signed.Grants)
        {
            var candidate = asked with { Grant = grant.Reference, Sensors = asked.Sensors.Count > 0 ? asked.Sensors : grant.Sensors, ApprovedAt = now };
            candidate = candidate with { StageSensors = candidate.Sensors };
            var rule = candidate.ToRule();
            var tier = grant.Tiers.FirstOrDefault(tier => tier.Fits(rule) && (proven || !tier.Proven));
            var violation = grant.CheckBounds(rule, now)
                ?? (open.Count(m => m.Grant == grant.Reference && !m.IsMerelyAsked) >= grant.MaxRules ? GrantViolation.TooManyRules : tier is null ? GrantViolation.OutsideTier : null);
            if (violation is null && RuleSet.FindFault(rule with { Tier = tier!.Id }, out _) is { } fault)
            {
                return new Refusal(RefusalKind.Invalid, $"it could not be signed ({fault})");
            }

            if (violation is null)
            {
                covered = candidate with { Tier = tier!.Id, ApprovedAt = asked.ApprovedAt, StageSensors = asked.StageSensors };
                found = tier;
                return null;
            }

            nearest = violation;
        }

        return new Refusal(
            RefusalKind.Forbidden,
            nearest is { } why ? $"no grant covers it ({why}); ask its issuer for one that does" : "there is no grant; an issuer must sign one first");
    }

    private static bool IsReason(string text) => text.Length > 0 && MitigationRule.IsText(text);

    private static string Why(Mitigation mitigation) => mitigation.Because.Length > 0 ? $"; {Api.Word.Of(mitigation.Step)} because {mitigation.Because}" : "";

    private static Refusal TooMany(Proposal proposal) => new(RefusalKind.TooMany, $"{proposal.MaxDrafts} drafts of yours wait for people already; take some back or send it again later");

    private Refusal NotFound(string id) => store.Unreadable.TryGetValue(id, out var why)
        ? new(RefusalKind.Ended, $"{id} cannot be read ({why}), so it is not in force; propose it anew")
        : new(RefusalKind.NotFound, $"there is no mitigation {id}");

    private static Refusal Wrong(string why) => new(RefusalKind.Invalid, why);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
