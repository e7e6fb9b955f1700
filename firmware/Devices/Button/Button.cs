using System;
using System.Device.Gpio;

namespace EdgeSensors.Firmware.Devices;

/// <summary>
/// A button to ground. A level counts when it has stood for 30 ms. One that is down from the start, as when it is stuck, is not heeded until it
/// has been let go.
/// </summary>
public sealed class Button : IDisposable
{
    /// <summary>Milliseconds that a level must stand: contacts bounce for 5 to 10 ms.</summary>
    public const int DebounceMs = 30;

    /// <summary>Milliseconds after which letting go changes the consent.</summary>
    public const int ConsentMs = 5_000;

    /// <summary>Milliseconds after which everything is forgotten.</summary>
    public const int ResetMs = 15_000;

    private readonly GpioPin _pin;
    private bool _level;
    private long _levelSince = -1;
    private bool _down;
    private long _downSince;
    private bool _armed;

    /// <summary>A button on a pin that is an input with pull-up.</summary>
    public Button(GpioPin pin)
    {
        _pin = pin ?? throw new ArgumentNullException(nameof(pin));
    }

    /// <summary>Whether it is held, for how long: the LED tells the person what letting go will do.</summary>
    public ButtonAction Pending { get; private set; }

    /// <summary>Looks at the button. To be called at least every 20 ms or so; a press between two looks is not seen.</summary>
    /// <param name="milliseconds">From anywhere, never backwards.</param>
    /// <returns>What was asked for, once.</returns>
    public ButtonAction Poll(long milliseconds)
    {
        bool pressed = _pin.Read() == PinValue.Low;
        if (_levelSince < 0 || pressed != _level)
        {
            _level = pressed;
            _levelSince = milliseconds;
        }

        if (milliseconds - _levelSince >= DebounceMs && _level != _down)
        {
            _down = _level;
            _downSince = _levelSince;
            if (!_down)
            {
                ButtonAction action = Pending;
                Pending = ButtonAction.None;
                _armed = true;
                return action;
            }
        }

        if (!_down)
        {
            _armed |= milliseconds - _levelSince >= DebounceMs && !_level;
            return ButtonAction.None;
        }

        return _armed ? Hold(milliseconds - _downSince) : ButtonAction.None;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pin.Dispose();
    }

    private ButtonAction Hold(long heldMs)
    {
        if (heldMs >= ResetMs)
        {
            Pending = ButtonAction.None;
            _armed = false;
            return ButtonAction.FactoryReset;
        }

        // What was released within the debounce time still counts as held until it is known.
        Pending = heldMs >= ConsentMs ? ButtonAction.ToggleConsent : ButtonAction.ShowState;
        return ButtonAction.None;
    }
}
