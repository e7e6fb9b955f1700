using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <content>Taking back: one mitigation, or all at once; and the word of those who bear it.</content>
internal sealed partial class Mitigations
{
    private IReadOnlyList<Hold> _holds = store.Holds();

    /// <summary>Whose activations are stopped; known without the disk, for who asks how the hub is while that is slow.</summary>
    public IReadOnlyList<Hold> Holds => Volatile.Read(ref _holds);

    /// <summary>Since when everything is stopped, blocklists too; null while it is not. A hold of one issuer is of its mitigations alone: lists are nobody's grant.</summary>
    public UnixMilliseconds? EverythingHeldSince => Holds.FirstOrDefault(hold => hold.Issuer == Hold.Everything)?.At;

    /// <summary>Takes back, or turns down while proposed.</summary>
    public Decision Revoke(string id, string who, string reason)
    {
        if (!MitigationRule.IsText(reason))
        {
            return Wrong($"a reason is one line of at most {MaxReasonLength} characters");
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

            changed = mitigation.IsRunning;
            return Revoke(change, mitigation, who, reason, UnixMilliseconds.Now(time));
        });
        if (changed)
        {
            RulesChanged?.Invoke();
        }

        return decision;
    }

    /// <summary>A partner takes back what it asked for, as long as nobody has approved it: from then on it is the people's who did.</summary>
    /// <param name="id">The mitigation.</param>
    /// <param name="partner">What the record calls the partner.</param>
    public Decision Withdraw(string id, string partner) => store.Change<Decision>(change => change.FindMitigation(id) switch
    {
        null => NotFound(id),
        var other when other.ProposedBy != partner => new Refusal(RefusalKind.Forbidden, "others have asked for the same; theirs stays"),
        { IsOpen: true, IsMerelyAsked: false } => new Refusal(RefusalKind.Forbidden, "people have approved it; ask them to take it back"),
        { IsOpen: true } asked => Revoke(change, asked, partner, "the partner took it back", UnixMilliseconds.Now(time)),
        var ended => ended,
    });

    /// <summary>Ends one in force that cannot be in the rule set.</summary>
    public void GiveUp(string id, string reason) => store.Change(change =>
    {
        if (change.FindMitigation(id) is not { IsRunning: true } mitigation)
        {
            return false;
        }

        var now = UnixMilliseconds.Now(time);
        change.Save(mitigation with { State = MitigationState.Reverted, EndedBy = RolloutName, EndedAt = now, EndReason = reason });
        change.Audit(new AuditEntry(now, RolloutName, "revert", id, reason));
        return true;
    });

    /// <summary>Somebody who bears a mitigation objects. It goes no further while there is a complaint, and is taken back at its tier's bound.</summary>
    /// <param name="id">The mitigation.</param>
    /// <param name="sensor">The sensor whose certificate the complaint came with; null when a person complains.</param>
    /// <param name="who">The person, where there is no sensor.</param>
    /// <param name="reason">For a person.</param>
    public Decision Complain(string id, SensorName? sensor, string who, string reason)
    {
        if (!IsReason(reason))
        {
            return Wrong($"a reason is one line of 1 to {MaxReasonLength} characters");
        }

        var counted = false;
        var decision = store.Change<Decision>(change =>
        {
            if (change.FindMitigation(id) is not { } mitigation)
            {
                return NotFound(id);
            }

            if (sensor is { } named && !mitigation.IsFor(named))
            {
                return new Refusal(RefusalKind.Forbidden, $"{id} is not for {named}");
            }

            if (!mitigation.IsRunning)
            {
                return mitigation.IsOpen ? new Refusal(RefusalKind.Forbidden, $"{id} is not in force") : new Refusal(RefusalKind.Ended, $"{id} has ended");
            }

            var complaint = new Complaint(sensor?.Operator.Text ?? who, sensor?.ToString() ?? who, UnixMilliseconds.Now(time), reason);
            if (mitigation.Complaints.Any(known => known.Operator == complaint.Operator))
            {
                return mitigation;
            }

            change.SaveComplaint(id, complaint);
            change.Audit(new AuditEntry(complaint.At, complaint.By, "complain", id, reason));
            counted = true;
            return change.FindMitigation(id)!;
        });
        if (counted)
        {
            Stir(id);
            RulesChanged?.Invoke(); // Wakes who tends, so that a bound counts at once.
        }

        return decision;
    }

    /// <summary>The kill switch: takes back everything of an issuer, or everything, blocklists too, and lets nothing new begin until somebody releases it.</summary>
    /// <returns>The hold, and how many were taken back.</returns>
    public (Hold Hold, int Revoked) StopAll(OperatorId? issuer, string who, string reason)
    {
        var (hold, revoked) = store.Change(change =>
        {
            var now = UnixMilliseconds.Now(time);
            var asked = new Hold(issuer?.Text ?? Hold.Everything, who, now, reason);
            var standing = change.Holds().FirstOrDefault(known => known.Issuer == asked.Issuer);
            if (standing is null)
            {
                change.SaveHold(asked);
                change.Audit(new AuditEntry(now, who, "hold", asked.Issuer, reason));
            }

            var running = change.OpenMitigations().Where(m => m.IsRunning && asked.Covers(m.Grant.Issuer)).ToList();
            foreach (var mitigation in running)
            {
                Revoke(change, mitigation, who, $"everything was stopped: {reason}", now);
            }

            return (standing ?? asked, running.Count);
        });
        Volatile.Write(ref _holds, store.Holds());
        RulesChanged?.Invoke(); // though there may be no rule to take back, lists are held by it
        return (hold, revoked);
    }

    /// <summary>Lets new activations begin again, and blocklists be enforced as they are signed. Mitigations that were taken back stay so.</summary>
    /// <returns>False when nothing was held.</returns>
    public bool Release(OperatorId? issuer, string who, string reason)
    {
        var released = store.Change(change =>
        {
            var name = issuer?.Text ?? Hold.Everything;
            if (!change.RemoveHold(name))
            {
                return false;
            }

            change.Audit(new AuditEntry(UnixMilliseconds.Now(time), who, "release", name, reason));
            return true;
        });
        Volatile.Write(ref _holds, store.Holds());
        RulesChanged?.Invoke();
        return released;
    }

    private static Mitigation Revoke(IDecisionChange change, Mitigation mitigation, string who, string reason, UnixMilliseconds now)
    {
        mitigation = mitigation with { State = MitigationState.Revoked, EndedBy = who, EndedAt = now, EndReason = reason };
        change.Save(mitigation);
        change.Audit(new AuditEntry(now, who, "revoke", mitigation.Id, reason));
        return mitigation;
    }
}
