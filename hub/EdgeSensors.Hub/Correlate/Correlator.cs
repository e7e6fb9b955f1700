using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Correlate;

/// <summary>
/// Takes alerts, receipts and status from the inbox as soon as they are committed. Its place in the inbox is kept in the same transaction as
/// what it made of the messages, so nothing is used twice or skipped, whenever the hub is killed.
/// </summary>
internal sealed class Correlator : IAsyncDisposable
{
    private const string Watermark = "correlated";
    private const int BatchSize = 256;

    private readonly IInbox _inbox;
    private readonly IDecisionStore _store;
    private readonly IncidentJoin _join;
    private readonly Policy _policy;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _signal = new(0);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private long _position;

    public Correlator(
        IInbox inbox, IDecisionStore store, IncidentJoin join, Policy policy, TimeProvider time, ILogger<Correlator> logger)
    {
        _inbox = inbox;
        _store = store;
        _join = join;
        _policy = policy;
        _time = time;
        _logger = logger;
        _position = store.Number(Watermark);
    }

    /// <summary>The last inbox row that was used.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Whether everything committed when last looked was used.</summary>
    public bool IsIdle { get; private set; }

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>There is something new in the inbox.</summary>
    public void Wake()
    {
        IsIdle = false;
        _signal.Release();
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
        // An incident that was saved just before a kill may have missed its decision.
        foreach (var incident in _store.Incidents(UnixMilliseconds.FromNanoseconds((_time.GetUtcNow().AddHours(-1).ToUnixTimeMilliseconds()) * 1_000_000), BatchSize))
        {
            _policy.Consider(incident);
        }

        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (!TakeBatch())
                {
                    IsIdle = true;
                    await _signal.WaitAsync(_stop.Token);
                    while (_signal.CurrentCount > 0 && await _signal.WaitAsync(0))
                    {
                    }
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The disk, as far as it is foreseeable: the messages stay in the inbox and are taken again.
                _logger.CorrelationFailed(e, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
            }
        }
    }

    private bool TakeBatch()
    {
        var messages = _inbox.Read(_position, InboxView.Control, BatchSize);
        if (messages.Count == 0)
        {
            return false;
        }

        var now = UnixMilliseconds.Now(_time);
        var incidents = _store.Change(change =>
        {
            var changed = new Dictionary<long, Incident>();
            foreach (var message in messages)
            {
                if (Use(change, message, now) is { Id: > 0 } incident)
                {
                    changed[incident.Id] = incident;
                }
            }

            change.SetNumber(Watermark, messages[^1].Row);
            return changed.Values;
        });
        Volatile.Write(ref _position, messages[^1].Row);
        foreach (var incident in incidents)
        {
            _policy.Consider(incident);
        }

        return true;
    }

    private Incident? Use(IDecisionChange change, InboxMessage message, UnixMilliseconds now)
    {
        switch (message.Channel)
        {
            case Channel.Alert when AlertCodec.TryDecode(message.Payload, out var alert, out _):
                return _join.Add(change, message, alert!, now);
            case Channel.Receipt when ReceiptCodec.TryDecode(message.Payload, out var receipt, out _):
                Mitigations.Record(change, message.Sensor, receipt!, message.ReceivedAt);
                return null;
            case Channel.Status when StatusCodec.TryDecode(message.Payload, out var status, out _):
                change.Save(new SensorRecord { Name = message.Sensor, Status = status!, ReceivedAt = message.ReceivedAt });
                return null;
            default:
                return null; // What cannot be decoded is not in this view of the inbox.
        }
    }
}
