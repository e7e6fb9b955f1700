using System.Device.Gpio;
using System.Device.Spi;
using EdgeSensors.Hardware.Buses;
using EdgeSensors.Hardware.Chips;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Wire;

namespace EdgeSensors.Hardware.Boards;

/// <summary>The reference board tap-1 with every part soldered where its page says (hardware/boards/tap-1), a cable for its jack, and somebody's finger.</summary>
public sealed class Tap1Board : IDisposable
{
    // A part's seed is the board's and its own, so that one part's chance does not move another's.
    private const int EthernetSeed = 0x1000, FlashSeed = 0x2000, I2cSeed = 0x3000, WatchdogSeed = 0x4000, ButtonSeed = 0x5000, LidSeed = 0x6000;
    private bool _cable;

    /// <summary>A board that has had power for long enough to be used.</summary>
    /// <param name="time">Emulated, or the machine's for a demonstration.</param>
    /// <param name="seed">For everything that is left to chance.</param>
    /// <param name="ethernetClock">Of the Ethernet controller's bus, hertz.</param>
    /// <param name="flashClock">Of the flash's, hertz.</param>
    public Tap1Board(TimeProvider time, int seed, int ethernetClock = 33_300_000, int flashClock = 20_000_000)
    {
        Time = time;
        Supply = new Supply(time);
        Pins = new ModulePins(Supply);
        Gpio = new GpioController(Pins);
        Ethernet = new W5500Chip(new SpiConnectionSettings(1, 10) { ClockFrequency = ethernetClock }, time, Supply, seed ^ EthernetSeed);
        Flash = new W25Q128Chip(new SpiConnectionSettings(2, 15) { ClockFrequency = flashClock }, time, Supply, seed ^ FlashSeed);
        I2c = new BoardI2cBus(time, Supply, seed ^ I2cSeed);
        I2c.Attach(new Tmp102Chip(time, Supply, () => Celsius));
        Watchdog = new Tps3823Chip(time, Supply, seed ^ WatchdogSeed) { OnReset = _ => ResetModule() };
        Led = new PanelLed(time);
        Relay = new PanelRelay(time) { OnChange = _ => Ethernet.Plug(_cable && Relay!.IsFed) };
        Button = new PanelSwitch(time, seed ^ ButtonSeed);
        Lid = new PanelSwitch(time, seed ^ LidSeed, closed: true);
        Pins.Attach(1, Button);
        Pins.Attach(2, Lid);
        Pins.Attach(9, Ethernet.ResetPin);
        Pins.Attach(14, Ethernet.InterruptPin);
        Pins.Attach(21, Relay);
        Pins.Attach(38, Led);
        Pins.Attach(47, Watchdog);
    }

    /// <summary>The board's time.</summary>
    public TimeProvider Time { get; }

    /// <summary>The 3.3 V rail.</summary>
    public Supply Supply { get; }

    /// <summary>The module's pins.</summary>
    public ModulePins Pins { get; }

    /// <summary>What the program reaches them by.</summary>
    public GpioController Gpio { get; }

    /// <summary>U2.</summary>
    public W5500Chip Ethernet { get; }

    /// <summary>U3.</summary>
    public W25Q128Chip Flash { get; }

    /// <summary>The bus that U4 is on.</summary>
    public BoardI2cBus I2c { get; }

    /// <summary>U5.</summary>
    public Tps3823Chip Watchdog { get; }

    /// <summary>D1.</summary>
    public PanelLed Led { get; }

    /// <summary>K1 and K2.</summary>
    public PanelRelay Relay { get; }

    /// <summary>S1.</summary>
    public PanelSwitch Button { get; }

    /// <summary>S2, closed by the lid.</summary>
    public PanelSwitch Lid { get; }

    /// <summary>How warm it is in the case.</summary>
    public double Celsius { get; set; } = 25;

    /// <summary>Called when the module is reset, by the watchdog or a brown-out: the program starts anew.</summary>
    public Action? OnModuleReset { get; set; }

    /// <summary>Plugs a mirror port in. There is a link when the relays connect and both ends have agreed.</summary>
    /// <param name="line">What comes over it; null pulls the cable.</param>
    public void PlugIn(ILine? line)
    {
        _cable = line is not null;
        Ethernet.Line = line;
        Ethernet.Plug(_cable && Relay.IsFed);
    }

    /// <summary>The supply dips: the supervisor resets the module below 2.93 V, and the flash heeds no write below 2.0 V.</summary>
    public void BrownOut(double volts)
    {
        Watchdog.Volts = volts;
        Flash.BrownOut(volts < 2.0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Ethernet.Dispose();
        Flash.Dispose();
        I2c.Dispose();
        Gpio.Dispose();
    }

    private void ResetModule()
    {
        Pins.Reset();
        OnModuleReset?.Invoke();
    }
}
