namespace EdgeSensors.Hub.Inbox;

/// <summary>
/// Takes what is committed from the inbox, in order, as soon as it is there. What it made of a batch and its place in the inbox are kept in one
/// transaction by whoever derives from it, so nothing is used twice or skipped, whenever the hub is killed.
/// </summary>
internal abstract class InboxFollower(long position, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _signal = new(0);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private long _position = position;
    private long _wanted = 1;
    private long _done;

    /// <summary>The last inbox row that was used.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Rows up to here are not needed any more: the last one used, or every one when nothing is waiting.</summary>
    public long SettledUpTo => Volatile.Read(ref _done) == Volatile.Read(ref _wanted) ? long.MaxValue : Position;

    /// <summary>Least time between two batches, where batching pays more than latency.</summary>
    protected virtual TimeSpan Rest => TimeSpan.Zero;

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>There is something new in the inbox.</summary>
    public void Wake()
    {
        Interlocked.Increment(ref _wanted);
        _signal.Release();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _signal.Dispose();
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Once, before the first batch.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>Uses the next messages after a row; gives the last row used, or null when there are none.</summary>
    protected abstract long? TakeBatch(long after);

    private async Task RunAsync()
    {
        var begun = false;
        var failing = false;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (!begun)
                {
                    Begin();
                    begun = true;
                }

                var seen = Volatile.Read(ref _wanted);
                if (TakeBatch(_position) is { } last)
                {
                    Volatile.Write(ref _position, last);
                    if (failing)
                    {
                        failing = false;
                        logger.FollowerGoesOn(GetType().Name);
                    }
                }
                else
                {
                    Volatile.Write(ref _done, seen);
                    await _signal.WaitAsync(_stop.Token);
                    if (Rest > TimeSpan.Zero)
                    {
                        await Task.Delay(Rest, _stop.Token);
                    }

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
                if (!failing)
                {
                    failing = true;
                    logger.FollowerFailed(GetType().Name, e.Message.ReplaceLineEndings(" "));
                }

                await Task.Delay(RetryDelay, CancellationToken.None);
            }
        }
    }
}
