using System.Device.Gpio;
using System.Device.I2c;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Run;

/// <summary>The reference board's panel and sensors (hardware/boards/tap-1).</summary>
internal sealed class PinBoard : IBoard
{
    /// <summary>The pin of the Ethernet controller's RSTn on tap-1: what frees one that hangs.</summary>
    public const int EthernetReset = 9;

    private const int PollMs = 10;
    private const int KickMs = 200;

    private readonly Button _button;
    private readonly TamperSwitch _tamper;
    private readonly IsolationRelay _relay;
    private readonly StatusLed _led;
    private readonly Tmp102 _temperature;
    private readonly Tps3823 _watchdog;
    private ButtonAction _action;
    private LedPattern _pattern;
    private long _polledMs = -PollMs;
    private long _kickedMs = -KickMs;
    private bool _hasTemperature;

    /// <summary>Over its drivers.</summary>
    public PinBoard(Button button, TamperSwitch tamper, IsolationRelay relay, StatusLed led, Tmp102 temperature, Tps3823 watchdog)
    {
        _button = button;
        _tamper = tamper;
        _relay = relay;
        _led = led;
        _temperature = temperature;
        _watchdog = watchdog;
    }

    /// <summary>The panel of tap-1, each part on its pin.</summary>
    public static PinBoard OnTap1(GpioController pins, I2cDevice temperature)
    {
        return new PinBoard(
            new Button(pins.OpenPin(1, PinMode.InputPullUp)), new TamperSwitch(pins.OpenPin(2, PinMode.InputPullUp)), new IsolationRelay(pins.OpenPin(21, PinMode.Output)),
            new StatusLed(pins.OpenPin(38, PinMode.Output)), new Tmp102(temperature), new Tps3823(pins.OpenPin(47)));
    }

    /// <inheritdoc/>
    public bool IsTampered => _tamper.WasOpened;

    /// <inheritdoc/>
    public void Poll(long milliseconds)
    {
        if (milliseconds - _polledMs < PollMs)
        {
            return;
        }

        _polledMs = milliseconds;
        if (milliseconds - _kickedMs >= KickMs)
        {
            _kickedMs = milliseconds;
            _watchdog.Kick();
        }

        ButtonAction action = _button.Poll(milliseconds);
        if (action != ButtonAction.None)
        {
            _action = action;
        }

        _tamper.Poll(milliseconds);
        _led.Pattern = _button.Pending == ButtonAction.ToggleConsent ? LedPattern.ConsentWillChange : _pattern;
        _led.Update(milliseconds);
    }

    /// <inheritdoc/>
    public ButtonAction TakeButton()
    {
        ButtonAction action = _action;
        _action = ButtonAction.None;
        return action;
    }

    /// <inheritdoc/>
    public bool TryReadTemperature(out int sixteenths)
    {
        sixteenths = 0;
        _hasTemperature = _hasTemperature || _temperature.TryInitialize();
        _hasTemperature = _hasTemperature && _temperature.TryRead(out sixteenths);
        return _hasTemperature;
    }

    /// <inheritdoc/>
    public void ConnectTapPort(bool connected)
    {
        if (connected)
        {
            _relay.Connect();
        }
        else
        {
            _relay.Isolate();
        }
    }

    /// <inheritdoc/>
    public void Show(TapCondition condition)
    {
        switch (condition)
        {
            case TapCondition.Tampered: _pattern = LedPattern.Tampered; break;
            case TapCondition.Hot: _pattern = LedPattern.Failed; break;
            case TapCondition.Faulty: _pattern = LedPattern.Failed; break;
            case TapCondition.NotEnrolled: _pattern = LedPattern.SettingUp; break;
            case TapCondition.ConsentWithdrawn: _pattern = LedPattern.NoConsent; break;
            case TapCondition.HealthOnly: _pattern = LedPattern.NoConsent; break;
            case TapCondition.NoTapLink: _pattern = LedPattern.NoTapLink; break;
            case TapCondition.Updating: _pattern = LedPattern.Updating; break;
            case TapCondition.HubAway: _pattern = LedPattern.NoUplink; break;
            default: _pattern = LedPattern.Working; break;
        }
    }
}
