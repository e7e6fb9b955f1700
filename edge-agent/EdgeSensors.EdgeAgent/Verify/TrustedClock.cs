using System.Globalization;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// The wall clock with a floor: never before the newest moment at which signed, unexpired metadata was verified, nor before its witnesses saw it, through restarts. A clock that was set back, by whomever, cannot
/// bring an expired authorisation or rule to life again.
/// </summary>
internal sealed class TrustedClock : TimeProvider
{
    private readonly TimeProvider _clock;
    private readonly string _path;
    private long _floorMs;
    private long _storedMs;

    /// <param name="clock">The system's.</param>
    /// <param name="directory">The state directory, where the floor is kept.</param>
    public TrustedClock(TimeProvider clock, string directory)
    {
        _clock = clock;
        _path = Path.Combine(directory, "time-floor");
        try
        {
            _ = long.TryParse(File.ReadAllText(_path), NumberStyles.None, CultureInfo.InvariantCulture, out _floorMs);
            _floorMs = Math.Min(_floorMs, Protocol.UnixMilliseconds.MaxValue);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The first start.
        }

        _storedMs = _floorMs;
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => _clock.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        var now = _clock.GetUtcNow();
        var floor = DateTimeOffset.FromUnixTimeMilliseconds(Volatile.Read(ref _floorMs));
        return now < floor ? floor : now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => _clock.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => _clock.CreateTimer(callback, state, dueTime, period);

    /// <summary>Metadata verified now, which its witnesses saw at a moment: it cannot be earlier than either. Written to disk at most once a minute.</summary>
    public void Raise(DateTimeOffset witnessed)
    {
        var now = GetUtcNow();
        var nowMs = (witnessed > now ? witnessed : now).ToUnixTimeMilliseconds();
        Volatile.Write(ref _floorMs, nowMs);
        if (nowMs - _storedMs < 60_000)
        {
            return;
        }

        try
        {
            var beside = _path + ".new";
            File.WriteAllText(beside, nowMs.ToString(CultureInfo.InvariantCulture));
            File.Move(beside, _path, overwrite: true);
            _storedMs = nowMs;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A full disk: the floor holds in memory and is written at the next chance.
        }
    }
}
