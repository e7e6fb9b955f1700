namespace EdgeSensors.Hardware.Time;

/// <summary>
/// Time that stands until it is moved: the same run moves it alike every time. It counts nanoseconds, as an octet at 33 MHz takes 242. Timers
/// fire while it is moved, in order of their time and then of their making.
/// </summary>
public sealed class EmulatedTime : TimeProvider
{
    private readonly DateTimeOffset _start;
    private readonly PriorityQueue<EmulatedTimer, (long DueNs, long Order)> _timers = new();
    private long _nanoseconds;
    private long _order;

    /// <summary>Time that begins at an instant.</summary>
    public EmulatedTime(DateTimeOffset start)
    {
        _start = start;
    }

    /// <summary>Nanoseconds since the start.</summary>
    public long Nanoseconds => _nanoseconds;

    /// <inheritdoc/>
    public override long TimestampFrequency => 1_000_000_000;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long GetTimestamp() => _nanoseconds;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start.AddTicks(_nanoseconds / 100);

    /// <summary>Moves time on, firing the timers that come due on the way.</summary>
    /// <param name="nanoseconds">Not negative.</param>
    public void Advance(long nanoseconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanoseconds);
        long end = _nanoseconds + nanoseconds;
        while (_timers.TryPeek(out EmulatedTimer? timer, out (long DueNs, long Order) key) && key.DueNs <= end)
        {
            _timers.Dequeue();
            _nanoseconds = Math.Max(_nanoseconds, key.DueNs);
            timer.Fire(key.Order);
        }

        // A timer's callback may itself have moved time.
        _nanoseconds = Math.Max(_nanoseconds, end);
    }

    /// <summary>Moves time on.</summary>
    public void Advance(TimeSpan by) => Advance(by.Ticks * 100);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        EmulatedTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private long Schedule(EmulatedTimer timer, TimeSpan after)
    {
        _timers.Enqueue(timer, (_nanoseconds + after.Ticks * 100, ++_order));
        return _order;
    }

    private sealed class EmulatedTimer(EmulatedTime time, TimerCallback callback, object? state) : ITimer
    {
        private long _scheduled;
        private TimeSpan _period;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            _scheduled = dueTime == Timeout.InfiniteTimeSpan ? 0 : time.Schedule(this, dueTime);
            return true;
        }

        public void Fire(long order)
        {
            if (order != _scheduled)
            {
                return; // changed or disposed of since
            }

            _scheduled = _period > TimeSpan.Zero ? time.Schedule(this, _period) : 0;
            callback(state);
        }

        public void Dispose() => _scheduled = 0;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
