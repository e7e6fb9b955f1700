using System.Diagnostics;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Transparency;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Sign;

/// <summary>
/// Keeps the signed rule set equal to what is decided, with the online keys only. It wakes on a decision, ends what runs out, renews
/// signatures before they expire, and announces every new timestamp, also one that another process (<c>sensor add</c>) published. Nothing is announced, nor counts as
/// published, before it is logged and cosigned.
/// </summary>
internal sealed class Publisher : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    // What a rule set has around its rules, at most.
    private const int RuleSetFrame = 256;

    private static readonly TimeSpan RenewalInterval = TimeSpan.FromMinutes(1);

    private readonly TufRepository _repository;
    private readonly OnlineRing _keys;
    private readonly ExpiryWatch _watch;
    private readonly Sequencer _sequencer;
    private readonly IDecisionStore _store;
    private readonly Mitigations _mitigations;
    private readonly PublishMeters _meters;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _signal = new(0);
    private readonly CancellationTokenSource _stop = new();
    private SignedDocuments _documents = SignedDocuments.None;
    private byte[] _read = [];
    private bool _keysBehind;
    private string? _keysStay;
    private string? _lastFailure;
    private ReadOnlyMemory<byte> _announced;
    private DateTimeOffset _nextRenewal;
    private long _wokenAt;
    private Task _loop = Task.CompletedTask;

    public Publisher(
        TufRepository repository, OnlineRing keys, ExpiryWatch watch, Sequencer sequencer, IDecisionStore store, Mitigations mitigations, PublishMeters meters, TimeProvider time, ILogger<Publisher> logger)
    {
        _repository = repository;
        _keys = keys;
        _watch = watch;
        _sequencer = sequencer;
        _store = store;
        _mitigations = mitigations;
        _meters = meters;
        _time = time;
        _logger = logger;
        mitigations.RulesChanged += Wake;
    }

    /// <summary>What is signed now.</summary>
    public SignedDocuments Documents => Volatile.Read(ref _documents);

    /// <summary>Whether the last publication went through.</summary>
    public bool IsHealthy { get; private set; } = true;

    /// <summary>Takes the bytes of a new <c>timestamp.json</c> to the sensors.</summary>
    public Func<ReadOnlyMemory<byte>, Task> Announce { get; set; } = _ => Task.CompletedTask;

    public void Wake()
    {
        Interlocked.CompareExchange(ref _wokenAt, Stopwatch.GetTimestamp(), 0);
        _signal.Release();
    }

    /// <summary>Reads the repository, announces its timestamp and begins to follow decisions.</summary>
    public async Task StartAsync()
    {
        FollowRepository();
        await ProveAsync();
        _signal.Release(); // A decision may have been taken just before the last end.
        _loop = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _signal.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var behind = false;
        while (true)
        {
            try
            {
                var woken = await _signal.WaitAsync(behind ? RetryDelay : Beat, _stop.Token);
                while (_signal.CurrentCount > 0 && await _signal.WaitAsync(0))
                {
                }

                // What fails in one step keeps no other from its own: signatures expire whatever is decided.
                var done = await TryAsync(() => Task.FromResult(FollowRepository()));
                // Before the grants were read once, every mitigation would seem to have lost its own.
                if (_read.Length > 0)
                {
                    done &= await TryAsync(() =>
                    {
                        _mitigations.Tend();
                        return Task.FromResult(true);
                    });
                    done &= await TryAsync(() =>
                    {
                        TellUnreadable();
                        return Task.FromResult(true);
                    });
                    done &= !(woken || behind || Documents.IsHoldUnreadable) || await TryAsync(PublishRulesAsync);
                }

                done &= await TryAsync(() =>
                {
                    Renew();
                    return Task.FromResult(true);
                });
                done &= await TryAsync(ProveAsync);
                IsHealthy |= done;
                behind = !done;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<bool> TryAsync(Func<Task<bool>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception e)
        {
            Fail(e.Message);
            return false;
        }
    }

    private async Task<bool> PublishRulesAsync()
    {
        var woken = Interlocked.Exchange(ref _wokenAt, 0);
        var active = Signable();
        var rules = active.Select(m => m.ToRule()).ToList();
        var current = Documents.Rules;
        var sameRules = current is not null && SameRules(current, rules);
        var held = _mitigations.EverythingHeldSince;
        if (sameRules && Documents.Hold?.Since == held && !Documents.IsHoldUnreadable)
        {
            if (!await ProveAsync())
            {
                return false;
            }

            _mitigations.MarkPublished(active, current!.Revision, UnixMilliseconds.Now(_time));
            return true;
        }

        var revision = sameRules ? current!.Revision : Math.Max(current?.Revision ?? 0, _store.Number("rules_revision")) + 1;
        var set = new RuleSet { Revision = revision, Rules = rules };
        var hold = held is { } since ? new EnforcementHold { Since = since } : null;
        var change = hold is null ? new RepositoryChange().RemoveTarget(TargetNames.Hold) : new RepositoryChange().Set(hold);
        var started = woken != 0 ? woken : Stopwatch.GetTimestamp();
        if (!_repository.Publish(sameRules ? change : change.Set(set), _keys.Current).TryGet(out var publication, out var error))
        {
            Fail(error.ToString());
            return false;
        }

        Volatile.Write(ref _documents, Documents with { Rules = set, Hold = hold, IsHoldUnreadable = false });
        Own(publication);
        if (!await ProveAsync())
        {
            return false;
        }

        _mitigations.MarkPublished(active, revision, UnixMilliseconds.Now(_time));
        var took = Stopwatch.GetElapsedTime(started);
        _meters.Published(took);
        _logger.Published(revision, rules.Count, publication.TimestampVersion, took.TotalMilliseconds);
        return true;
    }

    // One rule that cannot be written, or that is one too many, must not keep the others, or what was taken back, from being signed: it is ended. The older ones stay.
    private List<Mitigation> Signable()
    {
        var kept = new List<Mitigation>();
        var left = RuleSet.MaxBytes - RuleSetFrame;
        foreach (var mitigation in _mitigations.Active())
        {
            var fault = RuleSet.FindFault(mitigation.ToRule(), out var octets);
            if (fault is null && kept.Count < RuleSet.MaxRules && octets <= left)
            {
                kept.Add(mitigation);
                left -= octets;
                continue;
            }

            var reason = fault is null ? "the rule set is full" : $"it cannot be signed ({fault})";
            _mitigations.GiveUp(mitigation.Id, reason);
            _logger.RuleGivenUp(mitigation.Id, reason);
        }

        return kept;
    }

    private void TellUnreadable()
    {
        foreach (var (id, why) in _mitigations.EndUnreadable())
        {
            _logger.MitigationUnreadable(id, why);
        }
    }

    private static bool SameRules(RuleSet current, List<MitigationRule> rules) =>
        current.Rules.Count == rules.Count
        && new RuleSet { Revision = current.Revision, Rules = rules }.ToCanonicalJson().AsSpan().SequenceEqual(current.ToCanonicalJson());

    private bool FollowRepository()
    {
        if (!_repository.ReadTimestamp().TryGet(out var timestamp, out var error))
        {
            Fail(error.ToString());
            return false;
        }

        if (timestamp.AsSpan().SequenceEqual(_read))
        {
            FollowKeys();
            return true;
        }

        if (!DocumentReader.TryRead(_repository, out var documents, out var faults, out var why))
        {
            Fail(why!);
            return false;
        }

        foreach (var fault in faults)
        {
            _logger.DocumentLeftOut(fault);
        }

        Volatile.Write(ref _documents, documents);
        if (_read.Length > 0)
        {
            _logger.ChangedOutside();
            _keysBehind = true;
            _nextRenewal = default; // what was signed anew is not to be warned of any longer
        }

        _read = timestamp;
        FollowKeys();
        return true;
    }

    // A rotation takes the old keys away just after it published, so that a first look may find one gone under its hands; it is taken anew until it succeeds.
    private void FollowKeys()
    {
        if (!_keysBehind)
        {
            return;
        }

        var reason = _keys.Reload();
        _keysBehind = reason is not null;
        if (reason is not null && reason != _keysStay)
        {
            _logger.KeysStay(reason);
        }

        _keysStay = reason;
    }

    // What somebody else published since the last look lies under this publication and is still to be read.
    private void Own(Publication publication)
    {
        if (publication.Follows.Span.SequenceEqual(_read))
        {
            _read = publication.TimestampFile.ToArray();
        }
    }

    // Logs what is new, and announces what is proved. False when something stays to be done.
    private async Task<bool> ProveAsync()
    {
        var done = await _sequencer.RunAsync(_stop.Token);
        if (!_sequencer.Timestamp.Span.SequenceEqual(_announced.Span))
        {
            await Announce(_sequencer.Timestamp);
            _announced = _sequencer.Timestamp;
        }

        if (!done)
        {
            Fail(_sequencer.Behind!);
        }

        return done;
    }

    private void Renew()
    {
        var now = _time.GetUtcNow();
        if (now < _nextRenewal)
        {
            return;
        }

        _nextRenewal = now + RenewalInterval;
        WatchExpiry(now); // first: a renewal that fails must not silence it
        if (!_repository.RenewExpiring(_keys.Current).TryGet(out var publication, out var error))
        {
            _logger.RenewalFailed(error.ToString());
            return;
        }

        Own(publication);
        if (_sequencer.Behind is null && !_repository.Forget().TryGet(out _, out error))
        {
            _logger.RenewalFailed(error.ToString());
        }
    }

    private void WatchExpiry(DateTimeOffset now)
    {
        if (!_repository.ReadRoles().TryGet(out var roles, out var error))
        {
            _logger.RepositoryUnreadable(error.ToString());
            return;
        }

        foreach (var item in _watch.Look(roles, now))
        {
            _logger.Expires(item.What, item.Expires, item.Expires > now ? $"in {(item.Expires - now).TotalDays:0.#} days" : "already", item.How);
        }

        _meters.Watched(_watch.All);
    }

    private void Fail(string reason)
    {
        // At the end others may have stopped before this one, or were not waited for.
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        _meters.Failed();
        if (IsHealthy || reason != _lastFailure)
        {
            _logger.PublishFailed(reason);
        }

        (IsHealthy, _lastFailure) = (false, reason);
    }
}
