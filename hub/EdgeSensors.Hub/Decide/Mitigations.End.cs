using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <content>Taking back: one mitigation, or all at once; and the word of those who bear it.</content>
internal sealed partial class Mitigations
{
    private readonly HashSet<string> _unread = new(StringComparer.Ordinal);
    private readonly Lock _telling = new();
    private IReadOnlyList<Hold> _holds = store.Holds();

    /// <summary>Whose activations are stopped; known without the disk, for who asks how the hub is while that is slow.</summary>
    public IReadOnlyList<Hold> Holds => Volatile.Read(ref _holds);

    /// <summary>Since when everything is stopped, blocklists too, as it is stored; null while it is not. A hold of one issuer is of its mitigations alone: lists are nobody's grant.</summary>
    public UnixMilliseconds? EverythingHeldSince => store.Holds().FirstOrDefault(hold => hold.Issuer == Hold.Everything)?.At;

    /// <summary>How many mitigations were met that cannot be read.</summary>
    public int Unreadable => store.Unreadable.Count;

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

    /// <summary>Ends what was met and cannot be read: nobody could approve it, look after it or take it back. Called again and again, by one alone.</summary>
    /// <returns>What was not told of before, and why it cannot be read.</returns>
    public IReadOnlyList<(string Id, string Why)> EndUnreadable()
    {
        var met = store.Unreadable.Where(row => !_unread.Contains(row.Key)).Select(row => (Id: row.Key, Why: row.Value)).ToList();
        if (met.Count == 0)
        {
            return [];
        }

        store.Change(change =>
        {
            var now = UnixMilliseconds.Now(time);
            foreach (var (id, _) in met)
            {
                if (change.EndUnreadable(id, RolloutName, now, UnreadableReason))
                {
                    change.Audit(new AuditEntry(now, RolloutName, "revert", id, UnreadableReason));
                }
            }

            return true;
        });
        _unread.UnionWith(met.Select(row => row.Id));
        RulesChanged?.Invoke();
        return met;
    }

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
        Hold Save(IDecisionChange change)
        {
            var asked = new Hold(issuer?.Text ?? Hold.Everything, who, UnixMilliseconds.Now(time), reason);
            if (change.Holds().FirstOrDefault(known => known.Issuer == asked.Issuer) is { } standing)
            {
                return standing;
            }

            change.SaveHold(asked);
            change.Audit(new AuditEntry(asked.At, who, "hold", asked.Issuer, reason));
            return asked;
        }

        try
        {
            return store.Change(change =>
            {
                var hold = Save(change);
                var running = change.OpenMitigations().Where(m => m.IsRunning && hold.Covers(m.Grant.Issuer)).ToList();
                running.ForEach(mitigation => Revoke(change, mitigation, who, Stopped(reason), UnixMilliseconds.Now(time)));
                return (hold, running.Count);
            });
        }
        catch
        {
            store.Change(Save); // by itself: what could not be taken back one by one is at least not signed any more, and is at the next look that goes through
            throw;
        }
        finally
        {
            TellHolds();
            RulesChanged?.Invoke(); // though there may be no rule to take back, lists are held by it
        }
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
        TellHolds();
        RulesChanged?.Invoke();
        return released;
    }

    // One at a time, so that the last to be told is the last that was read.
    private void TellHolds()
    {
        lock (_telling)
        {
            Volatile.Write(ref _holds, store.Holds());
        }
    }

    private static string Stopped(string reason) => $"everything was stopped: {reason}";

    private static Mitigation Revoke(IDecisionChange change, Mitigation mitigation, string who, string reason, UnixMilliseconds now)
    {
        mitigation = mitigation with { State = MitigationState.Revoked, EndedBy = who, EndedAt = now, EndReason = reason };
        change.Save(mitigation);
        change.Audit(new AuditEntry(now, who, "revoke", mitigation.Id, reason));
        return mitigation;
    }
}
