using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.OpenC2;

/// <summary>
/// Carries out partners' commands, which is: files them. A <c>deny</c> becomes a draft of a mitigation that people approve within a grant, as everybody's does; a partner sees and
/// takes back its own and no other. A command that comes twice is one, and its answer says how it stands by then.
/// </summary>
internal sealed class OpenC2Consumer(Mitigations mitigations, IDecisionStore store, TimeProvider time)
{
    /// <summary>What the hub calls itself.</summary>
    public const string DeviceId = "edgesensors-hub";

    /// <summary>Drafts of one producer that may wait for people at a time.</summary>
    public const int MaxOpenDrafts = 100;

    private static readonly TimeSpan s_now = TimeSpan.FromMinutes(1);

    private readonly ProducerQuota _quota = new(time);

    /// <summary>What the record calls a partner.</summary>
    public static string NameOf(OperatorId producer) => $"{Mitigations.PartnerPrefix}{producer}";

    /// <summary>Carries out what a message says.</summary>
    /// <param name="producer">Whom the certificate names.</param>
    /// <param name="message">What it sent.</param>
    /// <returns>The answer; null where none is wanted.</returns>
    public OpenC2Response? Handle(OperatorId producer, OpenC2Message message)
    {
        if (!_quota.TryTake(producer))
        {
            return new OpenC2Response(OpenC2Status.Unavailable, $"more than {ProducerQuota.CommandsPerMinute} commands a minute; send it again later");
        }

        if (message.Command is not { } command)
        {
            return message.Refusal;
        }

        OpenC2Response response;
        try
        {
            response = Do(producer, command, command.Id ?? message.RequestId, message.Digest);
        }
        catch (Exception exception) when (exception is StoreException or Microsoft.Data.Sqlite.SqliteException)
        {
            response = new OpenC2Response(OpenC2Status.InternalError, "the hub cannot file it now; send it again later");
        }

        return command.Wanted switch
        {
            OpenC2Wanted.None => null,
            OpenC2Wanted.Ack when response.Status == OpenC2Status.Ok => response with { Status = OpenC2Status.Processing },
            OpenC2Wanted.Status => response with { RuleNumber = null },
            _ => response,
        };
    }

    private OpenC2Response Do(OperatorId producer, OpenC2Command command, string? id, string digest)
    {
        if (command.Action == OpenC2Action.Query)
        {
            return new OpenC2Response(OpenC2Status.Ok) { Features = command.Features };
        }

        if (id is null)
        {
            return new OpenC2Response(OpenC2Status.BadRequest, "it has neither a command_id nor a request_id, so it could not be told from its repetition");
        }

        return command.Action switch
        {
            OpenC2Action.Deny => Deny(producer, command, id, digest),
            OpenC2Action.Delete => Delete(producer, command.RuleNumber),
            _ => Allow(producer, command),
        };
    }

    private OpenC2Response Deny(OperatorId producer, OpenC2Command command, string id, string digest)
    {
        if (store.FindCommand(producer, id) is { } known)
        {
            return known.Digest == digest
                ? Standing(known)
                : new OpenC2Response(OpenC2Status.BadRequest, $"{id} was another command; give each its own id");
        }

        var now = UnixMilliseconds.Now(time);
        if (command.StartTime is { } start && start - now > s_now)
        {
            return new OpenC2Response(OpenC2Status.NotImplemented, "a rule begins when it is approved: start_time may not be in the future");
        }

        var duration = command.Duration ?? (command.StopTime is { } stop ? stop - now : null);
        if (duration <= TimeSpan.Zero)
        {
            return new OpenC2Response(OpenC2Status.BadRequest, "its time is over");
        }

        var decision = mitigations.Propose(
            new Proposal
            {
                Target = command.Target!,
                Direction = command.Direction,
                Step = MitigationStep.Drop,
                Because = $"the partner {producer} asks for a deny",
                Reason = $"asked for by the partner {producer} (OpenC2 {id})",
                Duration = duration,
                MaxDrafts = MaxOpenDrafts,
            },
            NameOf(producer));
        if (decision.Refusal is { } refusal)
        {
            return Refused(refusal);
        }

        return Standing(store.Change(change => change.FileCommand(producer, id, digest, decision.Mitigation!.Id, now)));
    }

    private OpenC2Response Delete(OperatorId producer, long ruleNumber)
    {
        if (store.FindCommand(ruleNumber) is not { } filed || filed.Producer != producer)
        {
            return new OpenC2Response(OpenC2Status.NotFound, $"you have no rule {ruleNumber}");
        }

        return TakeBack([filed.Mitigation], producer) with { RuleNumber = ruleNumber };
    }

    private OpenC2Response Allow(OperatorId producer, OpenC2Command command)
    {
        var own = store.FindOpen(command.Target!, command.Direction, NameOf(producer));
        return own.Count > 0
            ? TakeBack([.. own.Select(m => m.Id)], producer)
            : new OpenC2Response(OpenC2Status.NotImplemented, "you have no deny of it to take back, and nothing else is allowed by a command: what owners allow is theirs to say");
    }

    private OpenC2Response TakeBack(IReadOnlyList<string> ids, OperatorId producer)
    {
        foreach (var id in ids)
        {
            if (mitigations.Withdraw(id, NameOf(producer)).Refusal is { } refusal)
            {
                return Refused(refusal);
            }
        }

        return new OpenC2Response(OpenC2Status.Ok, "taken back");
    }

    private static OpenC2Response Refused(Refusal refusal) => new(
        refusal.Kind switch
        {
            RefusalKind.Invalid => OpenC2Status.BadRequest,
            RefusalKind.NotFound => OpenC2Status.NotFound,
            RefusalKind.TooMany => OpenC2Status.Unavailable,
            _ => OpenC2Status.Forbidden,
        },
        refusal.Reason);

    private OpenC2Response Standing(FiledCommand filed)
    {
        var mitigation = store.FindMitigation(filed.Mitigation);
        var (status, text) = mitigation?.State switch
        {
            MitigationState.Proposed => (OpenC2Status.Processing, "a draft; people decide on it"),
            MitigationState.Approved => (OpenC2Status.Processing, "approved; it is on its way"),
            MitigationState.Published or MitigationState.Enforced => (OpenC2Status.Ok, "in force"),
            null => (OpenC2Status.NotFound, "it is no longer known"),
            var ended => (OpenC2Status.NotFound, $"it has ended: {ended.ToString()!.ToLowerInvariant()}"),
        };
        return new OpenC2Response(status, text) { RuleNumber = filed.RuleNumber };
    }
}
