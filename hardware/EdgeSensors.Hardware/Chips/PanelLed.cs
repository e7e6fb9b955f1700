using System.Device.Gpio;
using EdgeSensors.Hardware.Buses;

namespace EdgeSensors.Hardware.Chips;

/// <summary>An LED from a pin to ground, and what a person saw of it.</summary>
public sealed class PanelLed : IPinPart
{
    private const int Remembered = 4_096;
    private readonly TimeProvider _time;
    private readonly Queue<(long Timestamp, bool On)> _changes = new();

    /// <summary>An LED that is off.</summary>
    public PanelLed(TimeProvider time)
    {
        _time = time;
    }

    /// <summary>Whether it shines.</summary>
    public bool IsOn { get; private set; }

    /// <summary>The latest changes, oldest first.</summary>
    public IReadOnlyCollection<(long Timestamp, bool On)> Changes => _changes;

    /// <inheritdoc/>
    public PinValue? Level => null;

    /// <inheritdoc/>
    public void Driven(PinValue? level)
    {
        bool on = level == PinValue.High;
        if (on == IsOn)
        {
            return;
        }

        IsOn = on;
        _changes.Enqueue((_time.GetTimestamp(), on));
        if (_changes.Count > Remembered)
        {
            _changes.Dequeue();
        }
    }
}
