using EdgeSensors.Hardware.Time;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>
/// The clocks of an emulated module: one oscillator counts the microseconds since the start and moves the time of day, which is wrong at a start, after a leap, or while the oscillator
/// runs wrong, until SNTP next sets it right. Times are nanoseconds since the run's start.
/// </summary>
internal sealed class BoardClock(EmulatedTime time)
{
    private const long HeededMs = 500; // less is not what the program heeds (TrustedTime)

    private long _setNs;
    private long _countedNs;
    private long _zeroNs;
    private long _sntpNs = long.MaxValue;
    private double _ppm;

    /// <summary>How wrong the time of day is at a start, milliseconds.</summary>
    public long StartErrorMs { get; init; }

    /// <summary>After how many nanoseconds SNTP first sets the time of day right; null for never.</summary>
    public long? SntpNs { get; init; }

    /// <summary>And again so long after the last time.</summary>
    public long SntpEveryNs { get; init; }

    /// <summary>How wrong the time of day is now, milliseconds.</summary>
    public long ErrorMs => (_zeroNs + CountedNs - time.Nanoseconds) / 1_000_000;

    /// <summary>The time of day for the program, Unix milliseconds.</summary>
    public long UnixMs
    {
        get
        {
            var error = ErrorMs;
            WrongLooks += Math.Abs(error) >= HeededMs ? 1 : 0;
            return time.GetUtcNow().ToUnixTimeMilliseconds() + error;
        }
    }

    /// <summary>Microseconds since the start, by the oscillator.</summary>
    public long Microseconds => CountedNs / 1_000;

    /// <summary>How often the program was told a time of day that was wrong by half a second or more.</summary>
    public long WrongLooks { get; private set; }

    private long CountedNs => _countedNs + (time.Nanoseconds - _setNs) + (long)((time.Nanoseconds - _setNs) * _ppm / 1e6);

    /// <summary>The module starts.</summary>
    public void Start()
    {
        (_setNs, _countedNs) = (time.Nanoseconds, 0);
        _sntpNs = SntpNs is { } after ? time.Nanoseconds + after : long.MaxValue;
        Leap(StartErrorMs);
    }

    /// <summary>The time of day is wrong by so many milliseconds from now on.</summary>
    public void Leap(long milliseconds) => _zeroNs = time.Nanoseconds + (milliseconds * 1_000_000) - CountedNs;

    /// <summary>The oscillator runs wrong by so many millionths from now on.</summary>
    public void Drift(double ppm)
    {
        (_countedNs, _setNs) = (CountedNs, time.Nanoseconds);
        _ppm = ppm;
    }

    /// <summary>SNTP sets the time of day, if it is due.</summary>
    public void Synchronize()
    {
        if (time.Nanoseconds >= _sntpNs)
        {
            Leap(0);
            _sntpNs = time.Nanoseconds + SntpEveryNs;
        }
    }
}
