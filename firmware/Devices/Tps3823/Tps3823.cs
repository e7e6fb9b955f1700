using System;
using System.Device.Gpio;

namespace EdgeSensors.Firmware.Devices;

/// <summary>
/// Texas Instruments TPS3823: supervises the supply, and resets the module when no edge has come on WDI for its time-out (datasheet SLVS165,
/// switching characteristics: 0.9 s at least, 1.6 s typical). It begins to watch at the first edge; a floating WDI holds it off.
/// </summary>
public sealed class Tps3823 : IDisposable
{
    /// <summary>Milliseconds within which an edge must come, with margin to the shortest time-out.</summary>
    public const int LongestIntervalMs = 800;

    private readonly GpioPin _pin;

    /// <summary>A watchdog on a pin; from here on it watches.</summary>
    public Tps3823(GpioPin pin)
    {
        _pin = pin ?? throw new ArgumentNullException(nameof(pin));
        _pin.SetPinMode(PinMode.Output);
        _pin.Write(PinValue.Low);
    }

    /// <summary>An edge: the program lives. Only the loop that does the work may call it, so that it stops when that stops.</summary>
    public void Kick()
    {
        _pin.Toggle();
    }

    /// <summary>Lets WDI float, which holds the watchdog off: only for a stop that is meant.</summary>
    public void Dispose()
    {
        _pin.SetPinMode(PinMode.Input);
        _pin.Dispose();
    }
}
