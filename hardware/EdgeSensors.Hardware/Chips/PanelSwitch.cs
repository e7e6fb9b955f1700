using System.Device.Gpio;
using EdgeSensors.Hardware.Buses;

namespace EdgeSensors.Hardware.Chips;

/// <summary>A contact to ground, a button or the lid's switch, that bounces when it moves: for up to 8 ms it is now open, now closed.</summary>
public sealed class PanelSwitch : IPinPart
{
    private const long BounceMs = 8;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private bool _closed;
    private long _bouncesUntil;

    /// <summary>A contact.</summary>
    /// <param name="time">The board's time.</param>
    /// <param name="seed">For the bouncing.</param>
    /// <param name="closed">Whether it is closed at first, as the lid's is.</param>
    public PanelSwitch(TimeProvider time, int seed, bool closed = false)
    {
        _time = time;
        _random = new Random(seed);
        _closed = closed;
    }

    /// <summary>Whether the contact is closed; a change bounces.</summary>
    public bool IsClosed
    {
        get => _closed;
        set
        {
            if (value != _closed)
            {
                _closed = value;
                _bouncesUntil = _time.GetTimestamp() + _random.NextInt64(BounceMs * (_time.TimestampFrequency / 1_000));
            }
        }
    }

    /// <summary>Whether the wire is cut: nothing is closed any more.</summary>
    public bool IsCut { get; set; }

    /// <inheritdoc/>
    public PinValue? Level
    {
        get
        {
            bool bounces = _time.GetTimestamp() < _bouncesUntil && _random.Next(2) == 0;
            return !IsCut && _closed != bounces ? PinValue.Low : null;
        }
    }

    /// <inheritdoc/>
    public void Driven(PinValue? level)
    {
        // An output onto a contact to ground would be a short; the program never does it, and the contact does not care.
    }
}
