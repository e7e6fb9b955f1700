using System.Device.Gpio;
using EdgeSensors.Hardware.Buses;
using EdgeSensors.Hardware.Chips;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Time;

namespace EdgeSensors.Hardware.Tests.Buses;

/// <summary>Pins, and the simple parts on them.</summary>
public sealed class ModulePinsTests : IDisposable
{
    private readonly EmulatedTime _time = new(DateTimeOffset.UnixEpoch);
    private readonly Supply _supply;
    private readonly ModulePins _pins;
    private readonly GpioController _gpio;

    public ModulePinsTests()
    {
        _supply = new Supply(_time);
        _pins = new ModulePins(_supply);
        _gpio = new GpioController(_pins);
    }

    public void Dispose() => _gpio.Dispose();

    [Fact]
    public void A_contact_bounces_for_up_to_8_milliseconds_and_then_stands()
    {
        HashSet<int> seen = [];
        PanelSwitch button = new(_time, seed: 3);
        _pins.Attach(1, button);
        GpioPin pin = _gpio.OpenPin(1, PinMode.InputPullUp);
        Assert.Equal(PinValue.High, pin.Read());
        for (int press = 0; press < 20; press++)
        {
            button.IsClosed = true;
            for (int i = 0; i < 80; i++)
            {
                seen.Add((int)pin.Read());
                _time.Advance(100_000);
            }

            Assert.Equal(PinValue.Low, pin.Read());
            button.IsClosed = false;
            _time.Advance(8_000_000);
            Assert.Equal(PinValue.High, pin.Read());
        }

        Assert.Equal([0, 1], seen.Order());
        button.IsClosed = true;
        button.IsCut = true;
        _time.Advance(8_000_000);
        Assert.Equal(PinValue.High, pin.Read());
    }

    [Fact]
    public void A_relay_operates_in_3_milliseconds_and_falls_off_when_the_module_is_reset()
    {
        PanelRelay relay = new(_time);
        List<bool> changes = [];
        relay.OnChange = changes.Add;
        _pins.Attach(21, relay);
        GpioPin pin = _gpio.OpenPin(21, PinMode.Output);
        pin.Write(PinValue.High);
        Assert.False(relay.IsConnected);
        _time.Advance(3_000_000);
        Assert.True(relay.IsConnected);
        _pins.Reset();
        _time.Advance(3_000_000);
        Assert.False(relay.IsConnected);
        pin = _gpio.OpenPin(22, PinMode.Output);
        pin.Write(PinValue.High);
        _supply.Cut();
        Assert.Throws<PowerCutException>(() => pin.Write(PinValue.Low));
        Assert.Equal([true, false], changes);
    }

    [Fact]
    public void The_watchdog_bites_when_no_edge_comes_and_not_while_WDI_floats()
    {
        Tps3823Chip watchdog = new(_time, _supply, seed: 1);
        List<int> resets = [];
        watchdog.OnReset = resets.Add;
        _pins.Attach(47, watchdog);
        Assert.InRange(watchdog.TimeoutMs, 900, 2_500);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(watchdog.Watch());
        GpioPin pin = _gpio.OpenPin(47, PinMode.Output);
        for (int i = 0; i < 100; i++)
        {
            pin.Toggle();
            _time.Advance(TimeSpan.FromMilliseconds(800));
            Assert.False(watchdog.Watch());
        }

        pin.Write(pin.Read()); // no edge
        _time.Advance(TimeSpan.FromMilliseconds(watchdog.TimeoutMs));
        Assert.True(watchdog.Watch());
        Assert.Equal(1, watchdog.Bites);
        watchdog.Volts = 2.8;
        Assert.Equal(2, resets.Count);
    }

    [Fact]
    public void An_edge_of_an_input_calls_back()
    {
        PanelSwitch lid = new(_time, seed: 1, closed: true);
        _pins.Attach(2, lid);
        GpioPin pin = _gpio.OpenPin(2, PinMode.InputPullUp);
        List<PinEventTypes> edges = [];
        _gpio.RegisterCallbackForPinValueChangedEvent(2, PinEventTypes.Rising, (_, e) => edges.Add(e.ChangeType));
        lid.IsClosed = false;
        _time.Advance(10_000_000);
        _pins.Changed(2);
        lid.IsClosed = true;
        _time.Advance(10_000_000);
        _pins.Changed(2);
        Assert.Equal([PinEventTypes.Rising], edges);
        Assert.Equal(PinValue.Low, pin.Read());
    }

    [Fact]
    public void An_LED_remembers_what_a_person_saw()
    {
        PanelLed led = new(_time);
        _pins.Attach(38, led);
        GpioPin pin = _gpio.OpenPin(38, PinMode.Output);
        pin.Write(PinValue.High);
        _time.Advance(5);
        pin.Write(PinValue.High);
        pin.Write(PinValue.Low);
        Assert.Equal([(0L, true), (5L, false)], led.Changes);
    }
}
