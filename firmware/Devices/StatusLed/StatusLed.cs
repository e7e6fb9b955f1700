using System;
using System.Device.Gpio;

namespace EdgeSensors.Firmware.Devices;

/// <summary>An LED that shows a pattern; high is on.</summary>
public sealed class StatusLed : IDisposable
{
    /// <summary>Milliseconds of one slot of a pattern.</summary>
    public const int SlotMs = 125;

    private const int Slots = 32;
    private readonly GpioPin _pin;
    private bool _on;

    /// <summary>An LED on a pin that is an output.</summary>
    public StatusLed(GpioPin pin)
    {
        _pin = pin ?? throw new ArgumentNullException(nameof(pin));
        _pin.Write(PinValue.Low);
    }

    /// <summary>What it shows; a change shows at the next update.</summary>
    public LedPattern Pattern { get; set; }

    /// <summary>Sets the LED as the pattern has it at a time. To be called at least every 50 ms, or the eye sees uneven flashes.</summary>
    /// <param name="milliseconds">From anywhere, never backwards.</param>
    public void Update(long milliseconds)
    {
        int slot = (int)(milliseconds / SlotMs) & (Slots - 1);
        bool on = (((uint)Pattern >> (Slots - 1 - slot)) & 1) != 0;
        if (on != _on)
        {
            _on = on;
            _pin.Write(on ? PinValue.High : PinValue.Low);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pin.Write(PinValue.Low);
        _pin.Dispose();
    }
}
