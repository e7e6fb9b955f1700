using System.Device.Gpio;
using EdgeSensors.Hardware.Boards;
using EdgeSensors.Hardware.Time;
using EdgeSensors.Hardware.Wire;

namespace EdgeSensors.Hardware.Tests.Boards;

/// <summary>The board as a whole: parts that act on one another.</summary>
public sealed class Tap1BoardTests : IDisposable
{
    private readonly EmulatedTime _time = new(DateTimeOffset.UnixEpoch);
    private readonly Tap1Board _board;

    public Tap1BoardTests()
    {
        _board = new Tap1Board(_time, seed: 5);
    }

    public void Dispose() => _board.Dispose();

    [Fact]
    public void The_jack_has_a_link_only_while_the_relays_connect_it()
    {
        _board.PlugIn(new EthernetWire(_time, []));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(_board.Ethernet.IsLinkUp);
        GpioPin relay = _board.Gpio.OpenPin(21, PinMode.Output);
        relay.Write(PinValue.High);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(_board.Ethernet.IsLinkUp);
        relay.Write(PinValue.Low);
        Assert.False(_board.Ethernet.IsLinkUp);
        relay.Write(PinValue.High);
        _time.Advance(TimeSpan.FromSeconds(5));
        _board.PlugIn(null);
        Assert.False(_board.Ethernet.IsLinkUp);
    }

    [Fact]
    public void A_program_that_hangs_is_restarted_with_its_tap_port_disconnected()
    {
        int resets = 0;
        _board.OnModuleReset = () => resets++;
        _board.PlugIn(new EthernetWire(_time, []));
        _board.Gpio.OpenPin(21, PinMode.Output).Write(PinValue.High);
        GpioPin kick = _board.Gpio.OpenPin(47, PinMode.Output);
        for (int i = 0; i < 10; i++)
        {
            kick.Toggle();
            _time.Advance(TimeSpan.FromMilliseconds(500));
            Assert.False(_board.Watchdog.Watch());
        }

        Assert.True(_board.Ethernet.IsLinkUp);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(_board.Watchdog.Watch());
        Assert.Equal(1, resets);
        Assert.False(_board.Relay.IsFed);
        Assert.False(_board.Ethernet.IsLinkUp);
    }

    [Theory]
    [InlineData(3.0, 0, false)]
    [InlineData(2.8, 1, false)]
    [InlineData(1.9, 1, true)]
    public void A_brown_out_resets_the_module_first_and_stops_the_flash_later(double volts, int resets, bool inhibited)
    {
        int counted = 0;
        _time.Advance(TimeSpan.FromMilliseconds(10));
        _board.OnModuleReset = () => counted++;
        _board.BrownOut(volts);
        Assert.Equal((resets, inhibited), (counted, _board.Flash.WritesAreInhibited));
        _board.BrownOut(3.3);
        Assert.False(_board.Flash.WritesAreInhibited);
    }

    [Fact]
    public void A_power_cut_takes_every_part_and_all_come_back()
    {
        _board.Gpio.OpenPin(21, PinMode.Output).Write(PinValue.High);
        _board.Supply.Cut();
        Assert.False(_board.Relay.IsFed);
        Assert.Throws<EdgeSensors.Hardware.Power.PowerCutException>(() => _board.Ethernet.Write([0, 0, 0]));
        Assert.Throws<EdgeSensors.Hardware.Power.PowerCutException>(() => _board.Flash.Write([6]));
        Assert.Throws<EdgeSensors.Hardware.Power.PowerCutException>(() => _board.I2c.CreateDevice(0x48).ReadByte());
        _board.Supply.Restore();
        _time.Advance(TimeSpan.FromMilliseconds(5));
        byte[] version = [0, 0x39, 0, 0];
        _board.Ethernet.TransferFullDuplex(version, version);
        Assert.Equal(4, version[3]);
        Assert.Equal(1, _board.Supply.Cuts);
    }
}
