using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Run;

/// <summary>
/// Time with a floor (DESIGN, "Time"): the newest moment that a verified signature proves to be past. The board's clock, set by SNTP and by whoever
/// answers for it, is believed only where it is not before the floor; until both are there, the time is not trusted, and nothing may rest on it.
/// </summary>
internal sealed class TrustedTime : IClock
{
    /// <summary>How long a timestamp lasts at most (docs/protocol.md): so long before it expires, it was not yet signed.</summary>
    public const long TimestampLifetimeMs = 86_400_000;

    private const long Believable = 4_102_444_800_000; // 2100-01-01: a clock beyond it is wrong
    private const int StepMs = 500;

    private readonly IClock _clock;
    private long _offsetMs;
    private bool _isSet;

    /// <summary>Over the board's clock.</summary>
    public TrustedTime(IClock clock)
    {
        _clock = clock;
    }

    /// <summary>The floor, Unix milliseconds; 0 before anything was verified.</summary>
    public long FloorMs { get; private set; }

    /// <summary>Whether the board's clock was refused when it was last looked at.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Whether there is a floor and the clock is not below it.</summary>
    public bool IsTrusted => FloorMs > 0 && _isSet;

    /// <inheritdoc/>
    public long Microseconds => _clock.Microseconds;

    /// <inheritdoc/>
    public long UnixMs
    {
        get
        {
            long now = _offsetMs + _clock.Microseconds / 1_000;
            return now < FloorMs ? FloorMs : now;
        }
    }

    /// <summary>Looks at the board's clock. True if the time has leapt, by half a second or more.</summary>
    public bool Synchronize()
    {
        long wall = _clock.UnixMs;
        long uptime = _clock.Microseconds / 1_000;
        IsRefused = wall < FloorMs || wall > Believable;
        if (IsRefused)
        {
            return false;
        }

        long leap = wall - uptime - _offsetMs;
        bool leapt = !_isSet || leap > StepMs || leap < -StepMs;
        if (leapt)
        {
            _offsetMs = wall - uptime;
            _isSet = true;
        }

        return leapt;
    }

    /// <summary>What was signed says that it is this late, at least. A clock below that is believed no more.</summary>
    public void Raise(long unixMs)
    {
        if (unixMs <= FloorMs)
        {
            return;
        }

        FloorMs = unixMs;
        if (_isSet && _offsetMs + _clock.Microseconds / 1_000 < unixMs)
        {
            _isSet = false;
        }
    }
}
