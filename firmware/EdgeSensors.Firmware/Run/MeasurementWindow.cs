using EdgeSensors.Firmware.Capture;
using EdgeSensors.Firmware.Report;

namespace EdgeSensors.Firmware.Run;

/// <summary>The window that is being measured: when it began, whether anything was looked at in it, and the report that it ends in.</summary>
internal sealed class MeasurementWindow
{
    private const int MostWaits = 100; // looks of a gate's millisecond
    private const int LeapMs = 2_000;

    private readonly TapMeter _meter;
    private readonly GatedSampler _sampler;
    private readonly TrustedTime _time;
    private readonly TapLimits _limits;
    private long _startUs;
    private bool _measured;
    private bool _measures;

    /// <summary>The windows of a meter.</summary>
    public MeasurementWindow(TapMeter meter, GatedSampler sampler, TrustedTime time, TapLimits limits)
    {
        _meter = meter;
        _sampler = sampler;
        _time = time;
        _limits = limits;
    }

    /// <summary>Whether it has lasted as long as it is to, and is to be closed.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Begins the first one.</summary>
    /// <param name="nowUs">The clock.</param>
    /// <param name="previousLost">Whether there was one before it, which no report tells of.</param>
    public void Start(long nowUs, bool previousLost)
    {
        _startUs = nowUs;
        _meter.Start(_time.UnixMs);
        _meter.Quality.PreviousLost = previousLost;
    }

    /// <summary>Takes some frames, if there are and it may. False when there was nothing to do.</summary>
    public bool Step(bool measures)
    {
        bool worked = false;
        if (measures)
        {
            if (!_measures)
            {
                Restart(_time.Microseconds); // what came before was not looked at
            }

            _measured = true;
            bool takes = true;
            for (int i = 0; takes && i < (_sampler.IsWaiting ? MostWaits : _limits.FramesASlice); i++)
            {
                takes = _sampler.Step() || _sampler.IsWaiting;
                worked |= takes;
            }
        }

        _measures = measures;
        return worked;
    }

    /// <summary>The clock has leapt. A window cannot go over it: what was in it is told of under the time that it began with.</summary>
    public void Leap(long nowUs)
    {
        long expected = _meter.WindowStartMs + (_time.Microseconds - _startUs) / 1_000;
        long leap = _time.UnixMs - expected;
        if (leap > LeapMs || leap < -LeapMs)
        {
            Restart(nowUs);
        }
    }

    /// <summary>Looks whether it is over.</summary>
    public void Check(long nowUs)
    {
        if (nowUs - _startUs >= 1_000L * _limits.WindowMs)
        {
            IsOver = true;
        }
    }

    /// <summary>A slice of its end; frames are taken between. True when the report is there.</summary>
    /// <param name="nowUs">The clock.</param>
    /// <param name="header">The report's.</param>
    /// <param name="report">The report; nothing was written where it does not fit.</param>
    public bool StepClose(long nowUs, MessageHeader header, out CborWriter? report)
    {
        report = null;
        if (!_meter.StepPrepare())
        {
            return false;
        }

        IsOver = false;
        _sampler.EndWindow(nowUs - _startUs, _meter.Quality);
        if (!_measured)
        {
            // Nothing was looked at: that is no gate, and no loss that is known.
            _meter.Quality.SamplingSize = 1;
            _meter.Quality.SamplingPopulation = 1;
            _meter.Quality.IsBounded = false;
            _meter.Quality.Dropped = -1;
        }

        _meter.IsHealthOnly = !_time.IsTrusted;
        report = _meter.CloseWindow(header, _time.UnixMs);
        _meter.Quality.PreviousLost = false;
        _startUs = nowUs;
        _measured = false;
        return true;
    }

    private void Restart(long nowUs)
    {
        _meter.Restart(_time.UnixMs);
        _sampler.EndWindow(1, _meter.Quality);
        _meter.Quality.PreviousLost = _meter.Quality.PreviousLost || _measured;
        _startUs = nowUs;
        _measured = false;
    }
}
