using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// Keeps what is enforced at what is signed: applies each verified rule set, ends rules at their time or at their bound of hits, puts back what somebody
/// else removed, and tells the hub in receipts. One receipt for each update, and one when hits or states have changed.
/// </summary>
/// <param name="sensor">This sensor.</param>
/// <param name="settings">The owner's limits and allowlist.</param>
/// <param name="enforcer">Carries rules out.</param>
/// <param name="outbox">Where receipts wait.</param>
/// <param name="time">The clock that rules end by.</param>
/// <param name="logger">Where each rule's change of state is said.</param>
internal sealed class RuleKeeper(SensorName sensor, AgentConfiguration settings, IEnforcer enforcer, DurableOutbox outbox, TimeProvider time, ILogger logger) : IDisposable
{
    private const string HitBound = "hit-bound";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // What the enforcer could not do it may be able to do later: a program that was missing is back, a table is free again.
    private static readonly TimeSpan TryAgainEvery = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<DocumentId, RuleOutcome> _told = [];
    private readonly HashSet<DocumentId> _reverted = [];
    private TrustedState _state = TrustedState.None;
    private RuleVerdict[] _standing = [];
    private long? _failedAt;
    private string? _saidFailure;

    /// <summary>Revision of the rule set in force; null before the first.</summary>
    public ulong? Revision { get; private set; }

    /// <summary>Takes what was verified, or why the newest was refused.</summary>
    public async Task ApplyAsync(TrustedState state, TufError? refusal, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A hub out of reach is no update to answer; a refused update is one, once.
            if (refusal is not null)
            {
                if (refusal.Kind is not (TufErrorKind.Unreachable or TufErrorKind.TooSlow or TufErrorKind.NotFound))
                {
                    Send(Receipt([]) with { Refusal = UpdateRefusal.Token(refusal) });
                }

                return;
            }

            if (state.TimestampVersion == _state.TimestampVersion)
            {
                return;
            }

            _state = state;
            if (state.RulesRefusal is { } token)
            {
                Send(Receipt([]) with { Refusal = token });
                return;
            }

            await EnforceAsync(answersUpdate: true, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Looks after what is in force until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (_told.Count > 0 || _standing.Length > 0)
                {
                    await LookAfterAsync(cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                _gate.Release();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async Task LookAfterAsync(CancellationToken cancellationToken)
    {
        var hits = await enforcer.ReadHitsAsync(cancellationToken).ConfigureAwait(false);
        if (!hits.Intact)
        {
            VerifyLog.Tampered(logger);
        }

        var now = UnixMilliseconds.Now(time);
        var byRule = hits.Hits.ToDictionary(h => h.Id);
        foreach (var verdict in _standing)
        {
            if (verdict.Rule.RevertAtHits is { } bound && byRule.TryGetValue(verdict.Rule.Id, out var hit) && hit.Packets >= (ulong)bound)
            {
                _reverted.Add(verdict.Rule.Id);
            }
        }

        var due = (_failedAt is { } failed && time.GetElapsedTime(failed) >= TryAgainEvery) || _standing.Any(v => _reverted.Contains(v.Rule.Id) || v.Rule.EffectiveUntil <= now)
            || (_state.Rules?.Rules.Any(r => r.IsFor(sensor.Operator, sensor.Sensor) && _told.TryGetValue(r.Id, out var told)
                && told.Reason == RuleJudgement.NotStarted && StartOf(r) <= now) ?? false);
        if (!hits.Intact || due)
        {
            await EnforceAsync(answersUpdate: false, cancellationToken).ConfigureAwait(false);
            return;
        }

        Tell([.. _standing.Select(v => Outcome(v.Rule.Id, _told[v.Rule.Id].State, _told[v.Rule.Id].Reason, byRule))], answersUpdate: false);
    }

    private async Task EnforceAsync(bool answersUpdate, CancellationToken cancellationToken)
    {
        var now = UnixMilliseconds.Now(time);
        var verdicts = (_state.Rules is { } rules ? RuleJudgement.Judge(rules, _state.Grants, sensor, settings.Limits, now) : [])
            .Select(v => v.Refusal is null && _reverted.Contains(v.Rule.Id) ? v with { Refusal = HitBound } : v).ToArray();
        var standing = verdicts.Where(v => v.Refusal is null).ToArray();
        var plan = new EnforcementPlan
        {
            Rules = [.. standing.Select(v => v.ToEnforced())],
            Allowlist = settings.Limits.Allowlist,
            RateLimitPacketsPerSecond = settings.RateLimitPacketsPerSecond,
        };
        var outcome = await enforcer.ApplyAsync(plan, cancellationToken).ConfigureAwait(false);
        var failed = outcome.Error is not null;
        if (failed && outcome.Error != _saidFailure)
        {
            VerifyLog.EnforcementFailed(logger, outcome.Error!);
        }

        (_failedAt, _saidFailure) = (failed ? time.GetTimestamp() : null, outcome.Error);

        var hits = (await enforcer.ReadHitsAsync(cancellationToken).ConfigureAwait(false)).Hits.ToDictionary(h => h.Id);
        var outcomes = outcome.Rules.Select(r => Outcome(r.Id, r.State, r.Reason, hits))
            .Concat(verdicts.Where(v => v.Refusal is not null).Select(v => Outcome(v.Rule.Id, Ended(v.Refusal!) ? RuleState.Expired : RuleState.Refused, v.Refusal, hits)))
            .ToList();
        // What stood and is in the set no more was taken back, or ran out before it was taken out; where the enforcer failed it stands still.
        var present = verdicts.Select(v => v.Rule.Id).ToHashSet();
        var leaving = _standing.Where(v => !present.Contains(v.Rule.Id)).ToArray();
        outcomes.AddRange(failed ? [] : leaving.Select(gone => Outcome(gone.Rule.Id, gone.Rule.EffectiveUntil <= now ? RuleState.Expired : RuleState.Revoked, null, hits)));
        _standing = failed ? [.. standing, .. leaving] : standing;
        Revision = _state.Rules is { } set ? (ulong)set.Revision : Revision;
        Tell(outcomes, answersUpdate);
        foreach (var id in _told.Keys.Where(id => !present.Contains(id) && !failed).ToArray())
        {
            _told.Remove(id);
            _reverted.Remove(id);
        }
    }

    // Its stage's start: the hub's clock may go before this one's by a little.
    private UnixMilliseconds StartOf(MitigationRule rule) =>
        new(rule.OpenC2.StartTime.Value + (_state.Grants.TryGetValue(rule.Grant, out var grant) && grant.FindTier(rule.Tier) is { } tier ? tier.EarliestMs(rule.Stage) : 0));

    private static bool Ended(string reason) => reason is HitBound or "rule-expired";

    private RuleOutcome Outcome(DocumentId id, RuleState state, string? reason, Dictionary<DocumentId, RuleHits> hits)
    {
        // Counters of an ended rule go with it; what was told last stays true.
        var known = hits.TryGetValue(id, out var hit) ? (hit.Packets, hit.Octets) : _told.TryGetValue(id, out var told) ? (told.HitPackets, told.HitOctets) : default;
        return new RuleOutcome { RuleId = id.Text, State = state, Reason = reason, HitPackets = known.Item1, HitOctets = known.Item2 };
    }

    private void Tell(IReadOnlyList<RuleOutcome> outcomes, bool answersUpdate)
    {
        var news = outcomes.Where(o => !_told.TryGetValue(DocumentId.Parse(o.RuleId), out var told) || told != o).ToArray();
        foreach (var outcome in news)
        {
            var id = DocumentId.Parse(outcome.RuleId);
            if (!_told.TryGetValue(id, out var told) || told.State != outcome.State || told.Reason != outcome.Reason)
            {
                VerifyLog.Rule(logger, outcome.RuleId, outcome.State.ToString().ToLowerInvariant(), outcome.Reason ?? "");
            }

            _told[id] = outcome;
        }

        if (news.Length == 0 && answersUpdate)
        {
            Send(Receipt([]) with { TimestampVersion = (ulong?)_state.TimestampVersion });
        }

        foreach (var part in news.Chunk(ReceiptMessage.MaxRules))
        {
            Send(Receipt(part) with { TimestampVersion = answersUpdate ? (ulong?)_state.TimestampVersion : null });
        }
    }

    private ReceiptMessage Receipt(IReadOnlyList<RuleOutcome> rules) => new()
    {
        Id = default,
        ObservedAt = UnixMilliseconds.Now(time),
        RulesRevision = Revision,
        Witness = _state.Witness,
        Enforcer = enforcer.Name,
        Rules = rules,
    };

    private void Send(ReceiptMessage receipt)
    {
        if (outbox.Commit([new OutboxEntry(Channel.Receipt, id => ReceiptCodec.Encode(receipt with { Id = id }))]) != OutboxCommit.Durable)
        {
            outbox.CountDropped(Channel.Receipt, 1);
        }
    }
}
