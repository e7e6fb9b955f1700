using System;
using System.Device.Gpio;

namespace EdgeSensors.Firmware.Devices;

/// <summary>
/// The relays between the jack and the controller. They connect while their coils are fed: without power, in reset and by a fault of the pin the
/// tap port is disconnected.
/// </summary>
public sealed class IsolationRelay : IDisposable
{
    /// <summary>Milliseconds until the contacts stand, at most (Omron G6K datasheet, "operate time" and "release time": 3 ms each, with margin).</summary>
    public const int SettleMs = 5;

    private readonly GpioPin _pin;

    /// <summary>Relays on a pin that is an output; disconnected at first.</summary>
    public IsolationRelay(GpioPin pin)
    {
        _pin = pin ?? throw new ArgumentNullException(nameof(pin));
        Isolate();
    }

    /// <summary>Whether the coils are fed.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Connects the tap port; the link comes up seconds later, as both ends negotiate.</summary>
    public void Connect()
    {
        _pin.Write(PinValue.High);
        IsConnected = true;
    }

    /// <summary>Disconnects the tap port.</summary>
    public void Isolate()
    {
        _pin.Write(PinValue.Low);
        IsConnected = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Isolate();
        _pin.Dispose();
    }
}
