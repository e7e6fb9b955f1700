using System.Threading.Channels;
using EdgeSensors.Hub.Store;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Log;
using EdgeSensors.Witness.Configuration;
using EdgeSensors.Witness.Cosign;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Witness.Mirror;

/// <summary>
/// Fetches what was cosigned: every entry, checked against the cosigned root, and every preimage by its hash, and reads both as an auditor would. What is missing or does not fit is
/// an alarm. Cosigning does not wait for this.
/// </summary>
internal sealed class LogMirror : IAsyncDisposable
{
    private const int PreimagesAtOnce = 64;

    private readonly TrustedLog _log;
    private readonly NoteKey _own;
    private readonly WitnessStore _store;
    private readonly TimeSpan _every;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpTransport _transport;
    private readonly LogFollower _follower;
    private readonly LogAudit _audit = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private string _said = "";

    public LogMirror(TrustedLog log, NoteKey own, WitnessStore store, TimeSpan every, TimeProvider time, ILogger<LogMirror> logger)
    {
        _log = log;
        _own = own;
        _store = store;
        _every = every;
        _time = time;
        _logger = logger;
        _handler = log.Handler();
        _transport = new HttpTransport(_handler, log.Card.Url, null, HttpPatience.Default, time);
        _follower = new LogFollower(_transport.FetchMetadataAsync);
        var entries = store.Entries(log.Origin);
        _follower.Resume(entries);
    }

    public string Origin => _log.Origin;

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>A checkpoint was cosigned.</summary>
    public void Wake() => _signal.Writer.TryWrite(true);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _transport.Dispose();
        _handler.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            try
            {
                await FollowAsync(_stop.Token);
                await Task.WhenAny(_signal.Reader.WaitToReadAsync(_stop.Token).AsTask(), Task.Delay(_every, _time, _stop.Token));
                _signal.Reader.TryRead(out _);
                _stop.Token.ThrowIfCancellationRequested();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StoreException or SqliteException or IOException)
            {
                Say(e.Message);
                await Task.Delay(_every, _time, CancellationToken.None).WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // What the log shows may bear this witness's own cosignature of more than the state knows: then the state is an older copy.
    private async Task RecollectAsync(CancellationToken cancellationToken)
    {
        var (shown, error) = await _follower.ReadCheckpointAsync(cancellationToken);
        if (shown is null || shown.Origin != Origin || shown.CosignedBy(_own) is not { } at)
        {
            if (error is not null)
            {
                Say(error);
            }

            return;
        }

        // Read after the log was, so that what was cosigned meanwhile is known.
        var (size, before, _) = _store.Newest(Origin) ?? (0, null, 0);
        if ((shown.Size > size || (shown.Size == size && before is not null && !shown.Root.Span.SequenceEqual(before.Root.Span))) && _store.Halted(Origin) is null)
        {
            var what = $"it shows {shown.Size} entries that this witness cosigned and its state knows {size}: the state is an older copy, and nothing is cosigned until a person lets it (edgesensors-witness resume)";
            _store.Halt(shown, at, what);
            Alarm(what);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await RecollectAsync(cancellationToken);
        if (_store.Newest(Origin) is not (_, { } checkpoint, _))
        {
            return;
        }

        var first = _follower.Size;
        var (entries, error) = await _follower.ReadEntriesAsync(checkpoint, cancellationToken);
        if (error is not null)
        {
            Say(error);
            return;
        }

        _said = "";

        _store.Mirror(Origin, first, entries);
        var after = -1L;
        while (_store.Missing(Origin, after, PreimagesAtOnce) is { Count: > 0 } missing)
        {
            foreach (var (index, octets) in missing)
            {
                after = index;
                if (!await FetchAsync(index, octets, cancellationToken))
                {
                    return;
                }
            }
        }

        Read();
    }

    // False when the log cannot be reached, which says nothing of the preimage: it is asked for again at the next turn.
    private async Task<bool> FetchAsync(long index, byte[] octets, CancellationToken cancellationToken)
    {
        if (!LogEntry.TryParse(octets, out var entry) || _store.Preimage(entry.Sha256) is not null)
        {
            _store.Found(Origin, index, "", null);
            return true;
        }

        var outcome = await _follower.FetchPreimageAsync(entry, cancellationToken);
        switch (outcome.Status)
        {
            case FetchStatus.Fetched:
                _store.Found(Origin, index, entry.Sha256, outcome.Bytes.ToArray());
                return true;
            case FetchStatus.Unreachable or FetchStatus.TooSlow:
                Say(outcome.Message);
                return false;
            default:
                Alarm($"the preimage of entry {index} is missing: {outcome.Message}");
                return true;
        }
    }

    // In order, from the first: after a start all is read once more.
    private void Read()
    {
        while (_store.Entries(Origin, _audit.Count, 256) is { Count: > 0 } page)
        {
            foreach (var view in page)
            {
                var octets = view.Sha256.Length == 0 ? [] : System.Text.Encoding.ASCII.GetBytes($"edgesensors/1 {view.Kind} {view.Sha256}\n");
                foreach (var fault in _audit.Add(octets, _store.Preimage(view.Sha256)))
                {
                    Alarm(fault);
                }
            }
        }
    }

    // Once, until it can be read again.
    private void Say(string reason)
    {
        if (reason != _said)
        {
            _said = reason;
            WitnessLog.CannotRead(_logger, Origin, reason);
        }
    }

    private void Alarm(string what)
    {
        if (_store.Alarm(Origin, _time.GetUtcNow().ToUnixTimeSeconds(), what, null))
        {
            WitnessLog.Alarm(_logger, Origin, what);
        }
    }
}
