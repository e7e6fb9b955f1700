using System.Device.Gpio;
using EdgeSensors.Hardware.Buses;
using EdgeSensors.Hardware.Power;

namespace EdgeSensors.Hardware.Chips;

/// <summary>
/// Texas Instruments TPS3823-33 (datasheet SLVS165): resets the module when no edge came on WDI for its time-out (0.9 to 2.5 s, 1.6 typical,
/// "switching characteristics"), and when the supply is below 2.93 V. A floating WDI holds the watchdog off: its own pulses serve it.
/// </summary>
public sealed class Tps3823Chip : IPinPart
{
    private const int ResetMs = 200; // "Delay time", typical
    private const double Threshold = 2.93;
    private readonly TimeProvider _time;
    private long _lastEdge;
    private PinValue? _driven;
    private double _volts = 3.3;

    /// <summary>A supervisor.</summary>
    /// <param name="time">The board's time.</param>
    /// <param name="supply">What it watches.</param>
    /// <param name="seed">For the time-out, which differs from part to part.</param>
    public Tps3823Chip(TimeProvider time, Supply supply, int seed)
    {
        _time = time;
        TimeoutMs = 900 + new Random(seed).Next(1_601);
        supply.Lost += _ => Driven(null);
    }

    /// <summary>This part's watchdog time-out, milliseconds.</summary>
    public int TimeoutMs { get; init; }

    /// <summary>Called when the reset line goes low: the module restarts when the argument's milliseconds are over.</summary>
    public Action<int>? OnReset { get; set; }

    /// <summary>Resets by the watchdog.</summary>
    public int Bites { get; private set; }

    /// <summary>Resets by the supply's voltage.</summary>
    public int BrownOuts { get; private set; }

    /// <summary>The supply's voltage; below the threshold the module is held in reset.</summary>
    public double Volts
    {
        get => _volts;
        set
        {
            bool falls = _volts >= Threshold && value < Threshold;
            _volts = value;
            if (falls)
            {
                BrownOuts++;
                OnReset?.Invoke(ResetMs);
            }
        }
    }

    /// <inheritdoc/>
    public PinValue? Level => null;

    /// <summary>When the watchdog will bite if no edge comes, by the clock's timestamp; never while WDI floats.</summary>
    public long BitesAt => _driven is null ? long.MaxValue : _lastEdge + TimeoutMs * (_time.TimestampFrequency / 1_000);

    /// <inheritdoc/>
    public void Driven(PinValue? level)
    {
        Watch();
        if (level != _driven)
        {
            _lastEdge = _time.GetTimestamp();
        }

        _driven = level;
    }

    /// <summary>Lets the chip see what time it is: to be called by whoever runs the board. True if it bit.</summary>
    public bool Watch()
    {
        if (_time.GetTimestamp() < BitesAt)
        {
            return false;
        }

        Bites++;
        _driven = null; // in reset the module's pins float
        OnReset?.Invoke(ResetMs);
        return true;
    }
}
