using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// Keeps what is enforced of the blocklist at what is signed: applies each list and each document that speaks of it, ends sections at their time, puts back what somebody else removed, and tells the hub each
/// category's state and hits in receipts, under the ids of <see cref="BlocklistEnforcement.RuleIdOf"/>.
/// </summary>
/// <param name="owner">The owner's limits and allowlist.</param>
/// <param name="enforcer">Enforces the list; null when nothing here can.</param>
/// <param name="outbox">Where receipts wait.</param>
/// <param name="time">The clock that entries end by.</param>
/// <param name="logger">Where each category's change of state is said.</param>
internal sealed class ListKeeper(OwnerLimits owner, IListEnforcer? enforcer, DurableOutbox outbox, TimeProvider time, ILogger logger) : IDisposable
{
    private const string Failed = RefusalReason.EnforcerFailed;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<DocumentId, RuleOutcome> _told = [];
    private TrustedState _state = TrustedState.None;
    private IReadOnlyList<EnforcedSection> _standing = [];
    private long _toldAt;
    private bool _behind;

    // What a former run left in the kernel stands there whatever is signed now: the first time nothing is brought about as well.
    private bool _begun;

    /// <summary>Takes what was verified.</summary>
    public async Task ApplyAsync(TrustedState state, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_begun || state.TimestampVersion != _state.TimestampVersion || state.Missing != _state.Missing || state.ListsHeld != _state.ListsHeld)
            {
                _state = state;
                await EnforceAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Looks after what is enforced until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                var now = UnixMilliseconds.Now(time);
                var due = _standing.Any(section => section.EndsAt <= now) || (_state.Enforcement is { } document && document.NotBefore <= now && _told.Values.Any(o => o.Reason == ListJudgement.NotStarted));
                if (due || (_behind && time.GetElapsedTime(_toldAt) >= TellEvery))
                {
                    await EnforceAsync(cancellationToken).ConfigureAwait(false);
                }
                else if (_standing.Count > 0 && time.GetElapsedTime(_toldAt) >= TellEvery)
                {
                    var reading = enforcer is null ? null : await enforcer.ReadHitsAsync(cancellationToken).ConfigureAwait(false);
                    if (reading is { Intact: false })
                    {
                        VerifyLog.Tampered(logger);
                        await EnforceAsync(cancellationToken).ConfigureAwait(false);
                    }
                    else
                    {
                        Tell([.. _told.Select(told => (told.Key, told.Value.State, told.Value.Reason))], reading?.Hits);
                    }
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

    private async Task EnforceAsync(CancellationToken cancellationToken)
    {
        var now = UnixMilliseconds.Now(time);
        var verdict = _state.Enforcement is { } document
            ? ListJudgement.Judge(
                document, _state.EnforcedList, owner, [.. NeverList.CriticalServices, .. NeverList.SpecialPurpose, .. _state.Authorization?.OwnPrefixes ?? [], .. owner.Allowlist], enforcer, now, _state.ListsHeld)
            : new ListVerdict([], []);
        string? error = null;
        if (enforcer is not null && (verdict.Sections.Count > 0 || _standing.Count > 0 || _behind || !_begun))
        {
            error = await enforcer.ApplyAsync(verdict.Sections, cancellationToken).ConfigureAwait(false);
        }

        _begun = true;
        _behind = error is not null;
        _standing = _behind ? [] : verdict.Sections;
        if (error is not null)
        {
            VerifyLog.EnforcementFailed(logger, error);
        }

        var states = new List<(DocumentId, RuleState, string?)>();
        foreach (var (category, refusal) in verdict.Categories)
        {
            var counts = _state.Enforcement!.Categories.Any(c => c.Category == category && c.Step == MitigationStep.Observe);
            var state = (refusal ?? error) switch
            {
                ListJudgement.Ended => RuleState.Expired,
                ListJudgement.Held => RuleState.Revoked,
                null => counts ? RuleState.Observed : RuleState.Enforced,
                _ => RuleState.Refused,
            };
            states.Add((category, state, refusal ?? (error is null ? null : Failed)));
        }

        var spoken = verdict.Categories.Select(c => c.Category).ToHashSet();
        states.AddRange(_told.Where(told => !spoken.Contains(told.Key) && told.Value.State != RuleState.Revoked).Select(told => (told.Key, RuleState.Revoked, (string?)null)));
        Tell(states, await HitsAsync(cancellationToken).ConfigureAwait(false));
    }

    private async Task<IReadOnlyDictionary<DocumentId, XdpHits>?> HitsAsync(CancellationToken cancellationToken) =>
        enforcer is null ? null : (await enforcer.ReadHitsAsync(cancellationToken).ConfigureAwait(false))?.Hits;

    private void Tell(IReadOnlyList<(DocumentId Category, RuleState State, string? Reason)> states, IReadOnlyDictionary<DocumentId, XdpHits>? hits)
    {
        _toldAt = time.GetTimestamp();
        var news = new List<RuleOutcome>();
        foreach (var (category, state, reason) in states)
        {
            var told = _told.GetValueOrDefault(category);
            var hit = hits?.GetValueOrDefault(category) ?? new XdpHits(told?.HitPackets ?? 0, told?.HitOctets ?? 0);
            var outcome = new RuleOutcome { RuleId = BlocklistEnforcement.RuleIdOf(category).Text, State = state, Reason = reason, HitPackets = hit.Packets, HitOctets = hit.Octets };
            if (outcome == told)
            {
                continue;
            }

            if (told?.State != state || told.Reason != reason)
            {
                VerifyLog.Rule(logger, outcome.RuleId, state.ToString().ToLowerInvariant(), reason ?? "");
            }

            news.Add(outcome);
            _told[category] = outcome;
        }

        if (news.Count == 0)
        {
            return;
        }

        var receipt = new ReceiptMessage { Id = default, ObservedAt = UnixMilliseconds.Now(time), Witness = _state.Witness, Enforcer = enforcer?.Name ?? "none", Rules = news };
        if (outbox.Commit([new OutboxEntry(Channel.Receipt, id => ReceiptCodec.Encode(receipt with { Id = id }))]) != OutboxCommit.Durable)
        {
            outbox.CountDropped(Channel.Receipt, 1);
        }
    }
}
