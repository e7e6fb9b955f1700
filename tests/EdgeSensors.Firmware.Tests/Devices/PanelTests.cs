using System.Device.Gpio;
using EdgeSensors.Firmware.Devices;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>Light, button, lid, relay, watchdog and thermometer: the drivers on the emulated parts.</summary>
public sealed class PanelTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(100, ButtonAction.ShowState)]
    [InlineData(4_900, ButtonAction.ShowState)]
    [InlineData(5_100, ButtonAction.ToggleConsent)]
    [InlineData(14_900, ButtonAction.ToggleConsent)]
    [InlineData(15_100, ButtonAction.FactoryReset)]
    [InlineData(60_000, ButtonAction.FactoryReset)]
    public void How_long_the_button_is_held_says_what_is_asked_for_once(int heldMs, ButtonAction expected)
    {
        using Button button = new(_bench.Gpio.OpenPin(1, PinMode.InputPullUp));
        List<ButtonAction> actions = [.. Poll(button, 100)];
        _bench.Board.Button.IsClosed = true;
        actions.AddRange(Poll(button, heldMs));
        _bench.Board.Button.IsClosed = false;
        actions.AddRange(Poll(button, 1_000));
        Assert.Equal([expected], actions);
    }

    [Fact]
    public void A_bounce_and_a_spike_are_no_press_and_each_press_counts_once()
    {
        using Button button = new(_bench.Gpio.OpenPin(1, PinMode.InputPullUp));
        List<ButtonAction> actions = [.. Poll(button, 100)];
        for (int i = 0; i < 10; i++)
        {
            _bench.Board.Button.IsClosed = true;
            actions.AddRange(Poll(button, 15));
            _bench.Board.Button.IsClosed = false;
            actions.AddRange(Poll(button, 200));
        }

        Assert.Empty(actions);
        for (int i = 0; i < 10; i++)
        {
            _bench.Board.Button.IsClosed = true;
            actions.AddRange(Poll(button, 80));
            _bench.Board.Button.IsClosed = false;
            actions.AddRange(Poll(button, 80));
        }

        Assert.Equal(Enumerable.Repeat(ButtonAction.ShowState, 10), actions);
    }

    [Fact]
    public void A_button_that_is_stuck_at_the_start_resets_nothing_until_it_was_let_go()
    {
        _bench.Board.Button.IsClosed = true;
        _bench.Time.Advance(10_000_000);
        using Button button = new(_bench.Gpio.OpenPin(1, PinMode.InputPullUp));
        Assert.Empty(Poll(button, 30_000));
        _bench.Board.Button.IsClosed = false;
        Assert.Equal([], Poll(button, 100));
        _bench.Board.Button.IsClosed = true;
        Assert.Equal([ButtonAction.FactoryReset], Poll(button, 16_000));
    }

    [Fact]
    public void While_it_is_held_the_person_is_told_what_letting_go_will_do()
    {
        using Button button = new(_bench.Gpio.OpenPin(1, PinMode.InputPullUp));
        Assert.Empty(Poll(button, 100));
        _bench.Board.Button.IsClosed = true;
        Assert.Empty(Poll(button, 1_000));
        Assert.Equal(ButtonAction.ShowState, button.Pending);
        Assert.Empty(Poll(button, 5_000));
        Assert.Equal(ButtonAction.ToggleConsent, button.Pending);
    }

    [Fact]
    public void An_opened_lid_is_told_once_and_stays_until_it_is_closed_and_rearmed()
    {
        using TamperSwitch lid = new(_bench.Gpio.OpenPin(2, PinMode.InputPullUp));
        Assert.Equal(0, Opened(lid, 1_000));
        _bench.Board.Lid.IsClosed = false;
        Assert.Equal(0, Opened(lid, 30));
        _bench.Board.Lid.IsClosed = true;
        Assert.Equal(0, Opened(lid, 1_000)); // a knock
        _bench.Board.Lid.IsClosed = false;
        Assert.Equal(1, Opened(lid, 1_000));
        Assert.False(lid.Rearm());
        _bench.Board.Lid.IsClosed = true;
        Assert.Equal(0, Opened(lid, 100));
        Assert.True(lid.WasOpened);
        Assert.True(lid.Rearm());
        _bench.Board.Lid.IsCut = true;
        Assert.Equal(1, Opened(lid, 1_000)); // a cut wire is an open lid
    }

    [Fact]
    public void The_relay_is_off_at_first_on_when_told_and_off_in_any_reset()
    {
        using IsolationRelay relay = new(_bench.Gpio.OpenPin(21, PinMode.Output));
        Assert.False(_bench.Board.Relay.IsConnected);
        relay.Connect();
        _bench.Time.Advance(IsolationRelay.SettleMs * 1_000_000L);
        Assert.True(_bench.Board.Relay.IsConnected && relay.IsConnected);
        _bench.Pins.Reset();
        _bench.Time.Advance(IsolationRelay.SettleMs * 1_000_000L);
        Assert.False(_bench.Board.Relay.IsConnected);
    }

    [Fact]
    public void A_watchdog_that_is_kicked_in_time_does_not_bite_and_one_that_is_not_does()
    {
        using Tps3823 watchdog = new(_bench.Gpio.OpenPin(47, PinMode.Input));
        for (int i = 0; i < 1_000; i++)
        {
            watchdog.Kick();
            _bench.Time.Advance(TimeSpan.FromMilliseconds(Tps3823.LongestIntervalMs));
            Assert.False(_bench.Board.Watchdog.Watch());
        }

        _bench.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(_bench.Board.Watchdog.Watch());
    }

    [Theory]
    [InlineData(25, 400)]
    [InlineData(-10.5, -168)]
    [InlineData(0, 0)]
    [InlineData(127.9, 2046)]
    public void The_temperature_is_read_in_sixteenths_of_a_degree(double celsius, int sixteenths)
    {
        _bench.Board.Celsius = celsius;
        using Tmp102 sensor = new(_bench.Board.I2c.CreateDevice(Tmp102.DefaultAddress));
        Assert.True(sensor.TryInitialize());
        _bench.Time.Advance(TimeSpan.FromSeconds(8));
        Assert.True(sensor.TryRead(out int value));
        Assert.Equal(sixteenths, value);
    }

    [Fact]
    public void A_sensor_that_is_not_there_or_a_bus_that_floats_gives_no_temperature()
    {
        using Tmp102 absent = new(_bench.Board.I2c.CreateDevice(0x4b));
        Assert.False(absent.TryInitialize());
        Assert.False(absent.TryRead(out _));
        using Tmp102 sensor = new(_bench.Board.I2c.CreateDevice(Tmp102.DefaultAddress));
        Assert.True(sensor.TryInitialize());
        _bench.Board.I2c.IsStuck = true;
        Assert.False(sensor.TryRead(out _));
        using Tmp102 floating = new(new FloatingI2c());
        Assert.False(floating.TryInitialize());
        Assert.False(floating.TryRead(out _));
    }

    [Fact]
    public void No_two_patterns_of_the_light_look_alike_whenever_one_begins_to_look()
    {
        LedPattern[] patterns = Enum.GetValues<LedPattern>();
        foreach (LedPattern one in patterns)
        {
            foreach (LedPattern other in patterns.Where(p => p != one))
            {
                for (int turn = 0; turn < 32; turn++)
                {
                    Assert.NotEqual((uint)one, uint.RotateLeft((uint)other, turn));
                }
            }
        }
    }

    [Fact]
    public void The_light_shows_its_pattern_slot_by_slot_and_the_pin_is_written_at_changes_only()
    {
        using StatusLed led = new(_bench.Gpio.OpenPin(38, PinMode.Output)) { Pattern = LedPattern.NoTapLink };
        long from = (_bench.Milliseconds / 4_000 + 1) * 4_000;
        _bench.Time.Advance(TimeSpan.FromMilliseconds(from - _bench.Milliseconds));
        string seen = "";
        for (int slot = 0; slot < 32; slot++)
        {
            for (int i = 0; i < 5; i++)
            {
                led.Update(_bench.Milliseconds);
                _bench.Time.Advance(25_000_000);
            }

            seen += _bench.Board.Led.IsOn ? '1' : '0';
        }

        Assert.Equal(Convert.ToString((uint)LedPattern.NoTapLink, 2), seen);
        Assert.Equal(6, _bench.Board.Led.Changes.Count);
    }

    private List<ButtonAction> Poll(Button button, int milliseconds)
    {
        List<ButtonAction> actions = [];
        for (int at = 0; at < milliseconds; at += 5)
        {
            ButtonAction action = button.Poll(_bench.Milliseconds);
            if (action != ButtonAction.None)
            {
                actions.Add(action);
            }

            _bench.Time.Advance(5_000_000);
        }

        return actions;
    }

    private int Opened(TamperSwitch lid, int milliseconds)
    {
        int opened = 0;
        for (int at = 0; at < milliseconds; at += 5)
        {
            opened += lid.Poll(_bench.Milliseconds) ? 1 : 0;
            _bench.Time.Advance(5_000_000);
        }

        return opened;
    }

    /// <summary>A bus whose lines are pulled up and whose acknowledgements are noise.</summary>
    private sealed class FloatingI2c : System.Device.I2c.I2cDevice
    {
        public override System.Device.I2c.I2cConnectionSettings ConnectionSettings { get; } = new(1, Tmp102.DefaultAddress);

        public override void Read(Span<byte> buffer) => buffer.Fill(0xff);

        public override byte ReadByte() => 0xff;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
        }

        public override void WriteByte(byte value)
        {
        }

        public override void WriteRead(ReadOnlySpan<byte> writeBuffer, Span<byte> readBuffer) => readBuffer.Fill(0xff);
    }
}
