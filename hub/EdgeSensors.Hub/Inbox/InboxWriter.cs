using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Inbox;

/// <summary>
/// Group commit: one thread takes whatever waits and commits it in one transaction, so that the disk's latency is paid per batch and no
/// publisher waits for another. While the disk is slow the queue fills and publishers are held back (TCP does the rest); while it refuses,
/// the batch is kept and tried again, and nothing is acknowledged.
/// </summary>
internal sealed class InboxWriter : IAsyncDisposable
{
    /// <summary>Most octets that may wait; every connection may add one message to it.</summary>
    private const long MaxQueuedOctets = 64 << 20;

    private const long MaxBatchOctets = 8 << 20;

    /// <summary>Most epochs of one sensor. A new epoch is a new outbox file, so an honest sensor sees a few in its life.</summary>
    private const int MaxEpochsPerSensor = 1_024;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly IInbox _inbox;
    private readonly InboxSettings _settings;
    private readonly TimeProvider _time;
    private readonly InboxMeters _meters;
    private readonly ILogger _logger;
    private readonly System.Threading.Channels.Channel<Arrival> _queue;
    private readonly Dictionary<(SensorName, ulong), SourceState> _sources = [];
    private readonly Dictionary<SensorName, int> _epochs = [];
    private readonly ConcurrentDictionary<SensorName, MessageId> _acknowledged = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _queuedOctets;
    private ITimer? _ticker;
    private volatile bool _tick;

    public InboxWriter(IInbox inbox, InboxSettings settings, TimeProvider time, InboxMeters meters, ILogger<InboxWriter> logger)
    {
        _inbox = inbox;
        _settings = settings;
        _time = time;
        _meters = meters;
        _logger = logger;
        _queue = System.Threading.Channels.Channel.CreateBounded<Arrival>(new BoundedChannelOptions(settings.QueueMessages) { SingleReader = true });
        foreach (var source in inbox.LoadSources())
        {
            Register(source);
            _acknowledged[source.Sensor] = new MessageId(source.Epoch, source.Sequences.UpTo);
        }

        _thread = new Thread(Run) { IsBackground = true, Name = "inbox" };
    }

    /// <summary>Called on the writer's thread after each commit. It must not block.</summary>
    public event Action<CommittedBatch>? Committed;

    /// <summary>Says on which connection a sensor is; null when on none. A gap is given up only while its sensor stays connected.</summary>
    public Func<SensorName, object?> ConnectionOf { get; set; } = _ => null;

    /// <summary>Reports up to this inbox row are projected, and everything else up to it was used: they may be pruned when old enough.</summary>
    public Func<long> SettledUpTo { get; set; } = () => 0;

    /// <summary>Whether the last commit was taken.</summary>
    public bool IsHealthy { get; private set; } = true;

    /// <summary>Messages that wait for the commit.</summary>
    public int Queued => _queue.Reader.Count;

    public void Start()
    {
        _thread.Start();
        _ticker = _time.CreateTimer(
            _ =>
            {
                _tick = true;
                _queue.Writer.TryWrite(Tick);
            },
            null,
            TimeSpan.FromSeconds(1),
            TimeSpan.FromSeconds(1));
    }

    /// <summary>Takes a message over; completes when there was room for it, not when it is committed.</summary>
    public async ValueTask AcceptAsync(Arrival arrival, CancellationToken cancel)
    {
        while (true)
        {
            var room = Volatile.Read(ref _room);
            if (Volatile.Read(ref _queuedOctets) < MaxQueuedOctets)
            {
                break;
            }

            await room.Task.WaitAsync(cancel);
        }

        Interlocked.Add(ref _queuedOctets, arrival.Payload.Length);
        try
        {
            await _queue.Writer.WriteAsync(arrival, cancel);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            Interlocked.Add(ref _queuedOctets, -arrival.Payload.Length);
            throw;
        }
    }

    /// <summary>What a sensor may be told to be committed: its latest epoch's unbroken run.</summary>
    public MessageId? AcknowledgedTo(SensorName sensor) => _acknowledged.TryGetValue(sensor, out var id) && id.Sequence > 0 ? id : null;

    public async ValueTask DisposeAsync()
    {
        _ticker?.Dispose();
        _queue.Writer.TryComplete();
        await _stop.CancelAsync();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _stop.Dispose();
    }

    private static readonly Arrival Tick = new(default, default, default, default, default);

    private void Run()
    {
        var batch = new List<Arrival>();
        while (Next(batch))
        {
            if (batch.Count > 0)
            {
                CommitBatch(batch);
            }

            if (_tick)
            {
                _tick = false;
                GiveUpGaps();
                PruneOld();
            }
        }
    }

    // Blocks for the first message, then takes what is there. False at the end, when everything that was accepted has been committed.
    private bool Next(List<Arrival> batch)
    {
        batch.Clear();
        if (!_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            return false;
        }

        long octets = 0;
        while (batch.Count < _settings.BatchMessages && octets < MaxBatchOctets && _queue.Reader.TryRead(out var arrival))
        {
            if (!ReferenceEquals(arrival, Tick))
            {
                batch.Add(arrival);
                octets += arrival.Payload.Length;
            }
        }

        return true;
    }

    private void CommitBatch(List<Arrival> batch)
    {
        var fresh = new List<Arrival>(batch.Count);
        var touched = new HashSet<SourceState>();
        var dirty = new HashSet<SourceState>();
        long octets = 0;
        foreach (var arrival in batch)
        {
            octets += arrival.Payload.Length;
            if (SourceOf(arrival) is not { } source)
            {
                continue; // More epochs than any honest sensor has: not kept, not acknowledged, counted.
            }

            touched.Add(source);
            if (source.Sequences.Add(arrival.Id.Sequence))
            {
                // Only what is new below the top is progress: a sensor that waits for its ack sends what it holds again and again.
                if (source.Watch is { } watch && arrival.Id.Sequence < watch.Top)
                {
                    source.Watch = null;
                }

                source.LastSeen = arrival.ReceivedAt;
                dirty.Add(source);
                fresh.Add(arrival);
            }
        }

        var started = Stopwatch.GetTimestamp();
        if (fresh.Count > 0 && !CommitUntilTaken(fresh, dirty))
        {
            return;
        }

        var rejected = fresh.Count(arrival => arrival.Rejection is not null);
        _meters.Committed(fresh.Count - rejected, rejected, batch.Count - fresh.Count, Stopwatch.GetElapsedTime(started));
        Interlocked.Add(ref _queuedOctets, -octets);
        Interlocked.Exchange(ref _room, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        Announce(touched, fresh);
    }

    private bool CommitUntilTaken(List<Arrival> fresh, HashSet<SourceState> dirty)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                _inbox.Commit(fresh, dirty);
                if (!IsHealthy)
                {
                    IsHealthy = true;
                    _logger.CommitGoesOn(attempt);
                }

                return true;
            }
            catch (InboxUnavailableException e)
            {
                _meters.Failed();
                if (IsHealthy)
                {
                    IsHealthy = false;
                    _logger.CommitStopped(e.Message);
                }
            }

            PruneOld(); // What was used already may make the room that is missing.

            if (_stop.Token.WaitHandle.WaitOne(RetryDelay))
            {
                return false; // The end of the program: what was not committed was not acknowledged and comes again.
            }
        }
    }

    private void Announce(IEnumerable<SourceState> touched, List<Arrival> fresh)
    {
        var acknowledged = new List<(SensorName, MessageId)>();
        foreach (var source in touched)
        {
            var id = new MessageId(source.Epoch, source.Sequences.UpTo);
            if (id.Sequence > 0)
            {
                _acknowledged[source.Sensor] = id;
                acknowledged.Add((source.Sensor, id));
            }
        }

        Committed?.Invoke(new CommittedBatch(
            acknowledged,
            fresh.Exists(arrival => arrival is { Rejection: null, Channel: Protocol.Channel.Report }),
            fresh.Exists(arrival => arrival.Rejection is null && arrival.Channel != Protocol.Channel.Report)));
    }

    private SourceState? SourceOf(Arrival arrival)
    {
        if (_sources.TryGetValue((arrival.Sensor, arrival.Id.Epoch), out var source))
        {
            return source;
        }

        if (_epochs.GetValueOrDefault(arrival.Sensor) >= MaxEpochsPerSensor)
        {
            _meters.Unnumbered();
            return null;
        }

        source = new SourceState(arrival.Sensor, arrival.Id.Epoch, new SequenceSet());
        Register(source);
        return source;
    }

    private void Register(SourceState source)
    {
        _sources.Add((source.Sensor, source.Epoch), source);
        _epochs[source.Sensor] = _epochs.GetValueOrDefault(source.Sensor) + 1;
    }

    // A sensor sends what it holds oldest first, alerts excepted. So a number that stays away while its sensor is connected, nothing else
    // below the top arrives either, and time passes, was dropped: its outbox was full, or the hub's own inbox is younger than the sensor.
    private void GiveUpGaps()
    {
        var now = UnixMilliseconds.Now(_time);
        var changed = new List<SourceState>();
        foreach (var source in _sources.Values)
        {
            if (!source.Sequences.HasGap)
            {
                source.Watch = null;
            }
            else if (ConnectionOf(source.Sensor) is not { } connection)
            {
                source.Watch = null;
            }
            else if (source.Watch is not { } watch || !ReferenceEquals(watch.Connection, connection))
            {
                source.Watch = new GapWatch(source.Sequences.Top, now, connection);
            }
            else if (now - watch.Since >= _settings.GapTimeout)
            {
                var missing = (long)(watch.Top - source.Sequences.UpTo) - Held(source.Sequences, watch.Top);
                source.Sequences.GiveUpTo(watch.Top);
                source.Watch = null;
                changed.Add(source);
                _meters.GivenUp(missing);
                _logger.GivenUp(source.Sensor.ToString(), missing);
            }
        }

        if (changed.Count > 0 && CommitUntilTaken([], [.. changed]))
        {
            Announce(changed, []);
        }
    }

    private static long Held(SequenceSet set, ulong top)
    {
        var from = set.UpTo;
        long held = 0;
        foreach (var (first, last) in set.Extents)
        {
            if (first > from && first <= top)
            {
                held += (long)(Math.Min(last, top) - first + 1);
            }
        }

        return held;
    }

    private void PruneOld()
    {
        try
        {
            var before = UnixMilliseconds.Now(_time).Value - (long)_settings.Retention.TotalMilliseconds;
            _inbox.Prune(SettledUpTo(), new(Math.Max(0, before)), _settings.BatchMessages);
        }
        catch (InboxUnavailableException)
        {
            _meters.Failed();
        }
    }
}

/// <summary>What a commit brought.</summary>
/// <param name="Acknowledged">The run that each touched sensor may be told.</param>
/// <param name="HasReports">Whether the flow store has something to project.</param>
/// <param name="HasControl">Whether there are alerts, receipts or status to act upon.</param>
internal sealed record CommittedBatch(IReadOnlyList<(SensorName Sensor, MessageId UpTo)> Acknowledged, bool HasReports, bool HasControl);
