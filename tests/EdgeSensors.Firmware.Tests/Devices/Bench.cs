using System.Device.Gpio;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Hardware.Boards;
using EdgeSensors.Hardware.Buses;
using EdgeSensors.Hardware.Chips;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Time;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>The emulated board with the real driver of its Ethernet chip.</summary>
internal sealed class Bench : IClock, IDisposable
{
    public Bench(int seed = 1, int ethernetClock = EdgeSensors.Firmware.Devices.W5500.MaxClockFrequency, bool resetWired = true)
    {
        Board = new Tap1Board(Time, seed, ethernetClock);
        Time.Advance(5_000_000);
        Chip = new W5500(Ethernet, resetWired ? Gpio.OpenPin(9, PinMode.Output) : null);
    }

    public EmulatedTime Time { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_000));

    public Tap1Board Board { get; }

    public Supply Supply => Board.Supply;

    public ModulePins Pins => Board.Pins;

    public GpioController Gpio => Board.Gpio;

    public W5500Chip Ethernet => Board.Ethernet;

    public W25Q128Chip Flash => Board.Flash;

    /// <summary>The driver of the Ethernet chip.</summary>
    public W5500 Chip { get; }

    public long UnixMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public long Microseconds => Time.Nanoseconds / 1_000;

    /// <summary>What the button and the like are polled with.</summary>
    public long Milliseconds => Time.Nanoseconds / 1_000_000;

    /// <summary>A cable is in, past the relays, and both ends have agreed.</summary>
    public void LinkUp()
    {
        Ethernet.Plug(true);
        Time.Advance(TimeSpan.FromMilliseconds(Ethernet.NegotiationMs));
    }

    public void Dispose()
    {
        Chip.Dispose();
        Board.Dispose();
    }
}
