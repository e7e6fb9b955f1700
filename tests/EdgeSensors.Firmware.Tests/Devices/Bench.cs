using System.Device.Gpio;
using System.Device.I2c;
using System.Device.Spi;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Hardware.Buses;
using EdgeSensors.Hardware.Chips;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Time;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>The emulated chips on one bench with the real drivers, wired as tap-1 is.</summary>
internal sealed class Bench : IClock, IDisposable
{
    public Bench(int seed = 1, int ethernetClock = EdgeSensors.Firmware.Devices.W5500.MaxClockFrequency, bool resetWired = true)
    {
        Supply = new Supply(Time);
        Pins = new ModulePins(Supply);
        Gpio = new GpioController(Pins);
        Ethernet = new W5500Chip(new SpiConnectionSettings(1, 10) { ClockFrequency = ethernetClock }, Time, Supply, seed);
        Flash = new W25Q128Chip(new SpiConnectionSettings(2, 15) { ClockFrequency = 20_000_000 }, Time, Supply, seed);
        I2c = new BoardI2cBus(Time, Supply, seed);
        I2c.Attach(new Tmp102Chip(Time, Supply, () => Celsius));
        Watchdog = new Tps3823Chip(Time, Supply, seed);
        Led = new PanelLed(Time);
        Relay = new PanelRelay(Time);
        Button = new PanelSwitch(Time, seed);
        Lid = new PanelSwitch(Time, seed, closed: true);
        Pins.Attach(9, Ethernet.ResetPin);
        Pins.Attach(14, Ethernet.InterruptPin);
        Pins.Attach(38, Led);
        Pins.Attach(1, Button);
        Pins.Attach(2, Lid);
        Pins.Attach(21, Relay);
        Pins.Attach(47, Watchdog);
        Time.Advance(5_000_000);
        Chip = new W5500(Ethernet, resetWired ? Gpio.OpenPin(9, PinMode.Output) : null);
    }

    public EmulatedTime Time { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_000));

    public Supply Supply { get; }

    public ModulePins Pins { get; }

    public GpioController Gpio { get; }

    public W5500Chip Ethernet { get; }

    public W25Q128Chip Flash { get; }

    public BoardI2cBus I2c { get; }

    public Tps3823Chip Watchdog { get; }

    public PanelLed Led { get; }

    public PanelRelay Relay { get; }

    public PanelSwitch Button { get; }

    public PanelSwitch Lid { get; }

    /// <summary>The driver of the Ethernet chip.</summary>
    public W5500 Chip { get; }

    /// <summary>How warm the board is.</summary>
    public double Celsius { get; set; } = 25;

    public long UnixMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public long Microseconds => Time.Nanoseconds / 1_000;

    /// <summary>What the button and the like are polled with.</summary>
    public long Milliseconds => Time.Nanoseconds / 1_000_000;

    /// <summary>The cable is in, and both ends have agreed.</summary>
    public void LinkUp()
    {
        Ethernet.Plug(true);
        Time.Advance(TimeSpan.FromMilliseconds(Ethernet.NegotiationMs));
    }

    public I2cDevice OpenI2c(int address) => I2c.CreateDevice(address);

    public void Dispose()
    {
        Chip.Dispose();
        Ethernet.Dispose();
        Flash.Dispose();
        I2c.Dispose();
        Gpio.Dispose();
    }
}
