using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Run;

/// <summary>The tap port: its chip, and the relay that cuts it where the case was opened or is too hot.</summary>
internal sealed class TapPort
{
    private readonly W5500 _chip;
    private readonly IBoard _board;
    private readonly TapLimits _limits;
    private bool _isConnected;

    /// <summary>The port of a board.</summary>
    public TapPort(W5500 chip, IBoard board, TapLimits limits)
    {
        _chip = chip;
        _board = board;
        _limits = limits;
    }

    /// <summary>Whether the chip is initialised.</summary>
    public bool IsChipReady { get; private set; }

    /// <summary>Whether the case is too hot.</summary>
    public bool IsHot { get; private set; }

    /// <summary>Whether frames can be taken.</summary>
    public bool IsOpen => _isConnected && IsChipReady;

    /// <summary>Looks at the case and at the chip.</summary>
    public void Check()
    {
        if (_board.TryReadTemperature(out int temperature))
        {
            IsHot = temperature >= (IsHot ? _limits.CoolSixteenths : _limits.HotSixteenths);
        }

        bool connect = !_board.IsTampered && !IsHot;
        if (connect != _isConnected)
        {
            _isConnected = connect;
            _board.ConnectTapPort(connect);
        }

        if (!IsChipReady)
        {
            IsChipReady = _chip.TryInitialize();
        }
    }
}
