using System.Device.Gpio;
using EdgeSensors.Hardware.Power;

namespace EdgeSensors.Hardware.Buses;

/// <summary>The module's pins and what is soldered to them. At a reset of the module all are inputs.</summary>
public sealed class ModulePins : GpioDriver
{
    private const int Count = 49; // ESP32-S3: GPIO 0 to 48

    private readonly Supply _supply;
    private readonly IPinPart?[] _parts = new IPinPart?[Count];
    private readonly PinMode[] _modes = new PinMode[Count];
    private readonly PinValue[] _outputs = new PinValue[Count];
    private readonly PinValue[] _seen = new PinValue[Count];
    private readonly List<(PinEventTypes Types, PinChangeEventHandler Handler)>[] _handlers = [.. Enumerable.Range(0, Count).Select(_ => new List<(PinEventTypes, PinChangeEventHandler)>())];

    /// <summary>Pins of a module on a supply; they let go when it goes.</summary>
    public ModulePins(Supply supply)
    {
        _supply = supply;
        supply.Lost += _ => Reset();
    }

    /// <inheritdoc/>
    protected override int PinCount => Count;

    /// <summary>Solders a part to a pin.</summary>
    public void Attach(int pin, IPinPart part)
    {
        _parts[pin] = part;
        _seen[pin] = LevelOf(pin);
    }

    /// <summary>The module is reset: every pin lets go.</summary>
    public void Reset()
    {
        for (int pin = 0; pin < Count; pin++)
        {
            _handlers[pin].Clear();
            _outputs[pin] = PinValue.Low;
            Drive(pin, PinMode.Input);
        }
    }

    /// <summary>A part has changed what it drives: tells the program that waits for it.</summary>
    public void Changed(int pin)
    {
        PinValue now = LevelOf(pin);
        if (now == _seen[pin])
        {
            return;
        }

        _seen[pin] = now;
        PinEventTypes edge = now == PinValue.High ? PinEventTypes.Rising : PinEventTypes.Falling;
        foreach ((PinEventTypes types, PinChangeEventHandler handler) in _handlers[pin].ToArray())
        {
            if (types.HasFlag(edge))
            {
                handler(this, new PinValueChangedEventArgs(edge, pin));
            }
        }
    }

    /// <inheritdoc/>
    protected override void OpenPin(int pinNumber) => _supply.Demand();

    /// <inheritdoc/>
    protected override void ClosePin(int pinNumber)
    {
        // As on the module, a pin that is closed stays as it was.
    }

    /// <inheritdoc/>
    protected override void SetPinMode(int pinNumber, PinMode mode)
    {
        _supply.Demand();
        Drive(pinNumber, mode);
    }

    /// <inheritdoc/>
    protected override void SetPinMode(int pinNumber, PinMode mode, PinValue initialValue)
    {
        _supply.Demand();
        _outputs[pinNumber] = initialValue;
        Drive(pinNumber, mode);
    }

    /// <inheritdoc/>
    protected override PinMode GetPinMode(int pinNumber)
    {
        _supply.Demand(); // the controller asks before each write, and writes nothing to an input
        return _modes[pinNumber];
    }

    /// <inheritdoc/>
    protected override bool IsPinModeSupported(int pinNumber, PinMode mode) => true;

    /// <inheritdoc/>
    protected override PinValue Read(int pinNumber)
    {
        _supply.Demand();
        return LevelOf(pinNumber);
    }

    /// <inheritdoc/>
    protected override void Toggle(int pinNumber) => Write(pinNumber, !_outputs[pinNumber]);

    /// <inheritdoc/>
    protected override void Write(int pinNumber, PinValue value)
    {
        _supply.Demand();
        _outputs[pinNumber] = value;
        Drive(pinNumber, _modes[pinNumber]);
    }

    /// <inheritdoc/>
    protected override WaitForEventResult WaitForEvent(int pinNumber, PinEventTypes eventTypes, CancellationToken cancellationToken) =>
        throw new NotSupportedException("An emulated program polls or takes events; it does not block.");

    /// <inheritdoc/>
    protected override void AddCallbackForPinValueChangedEvent(int pinNumber, PinEventTypes eventTypes, PinChangeEventHandler callback) =>
        _handlers[pinNumber].Add((eventTypes, callback));

    /// <inheritdoc/>
    protected override void RemoveCallbackForPinValueChangedEvent(int pinNumber, PinChangeEventHandler callback) =>
        _handlers[pinNumber].RemoveAll(h => h.Handler == callback);

    private void Drive(int pin, PinMode mode)
    {
        _modes[pin] = mode;
        _parts[pin]?.Driven(mode == PinMode.Output ? _outputs[pin] : null);
    }

    private PinValue LevelOf(int pin) => _modes[pin] == PinMode.Output ? _outputs[pin]
        : _parts[pin]?.Level ?? (_modes[pin] == PinMode.InputPullUp ? PinValue.High : PinValue.Low);
}
