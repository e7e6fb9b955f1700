using System;
using System.Device.Gpio;

namespace EdgeSensors.Firmware.Devices;

/// <summary>
/// A switch that the lid holds closed to ground: an open lid, a cut wire and a loose plug look alike and count alike. Once opened it stays so for
/// the program until <see cref="Rearm"/>, however short it was.
/// </summary>
public sealed class TamperSwitch : IDisposable
{
    /// <summary>Milliseconds that it must be open: a knock on the case is shorter.</summary>
    public const int DebounceMs = 50;

    private readonly GpioPin _pin;
    private long _openSince = -1;

    /// <summary>A switch on a pin that is an input with pull-up.</summary>
    public TamperSwitch(GpioPin pin)
    {
        _pin = pin ?? throw new ArgumentNullException(nameof(pin));
    }

    /// <summary>Whether the lid is open now.</summary>
    public bool IsOpen => _pin.Read() == PinValue.High;

    /// <summary>Whether it was opened since the last rearming.</summary>
    public bool WasOpened { get; private set; }

    /// <summary>Looks at the switch. True at the look that finds it opened, once.</summary>
    /// <param name="milliseconds">From anywhere, never backwards.</param>
    public bool Poll(long milliseconds)
    {
        if (!IsOpen)
        {
            _openSince = -1;
            return false;
        }

        if (_openSince < 0)
        {
            _openSince = milliseconds;
        }

        if (WasOpened || milliseconds - _openSince < DebounceMs)
        {
            return false;
        }

        WasOpened = true;
        return true;
    }

    /// <summary>Forgets that it was opened. False, and nothing is forgotten, while the lid is open.</summary>
    public bool Rearm()
    {
        if (IsOpen)
        {
            return false;
        }

        WasOpened = false;
        _openSince = -1;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pin.Dispose();
    }
}
