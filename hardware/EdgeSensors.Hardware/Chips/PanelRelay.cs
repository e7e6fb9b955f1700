using System.Device.Gpio;
using EdgeSensors.Hardware.Buses;

namespace EdgeSensors.Hardware.Chips;

/// <summary>The relays between the jack and the controller (Omron G6K: 3 ms to operate and to release). Their MOSFET's gate is pulled down.</summary>
public sealed class PanelRelay : IPinPart
{
    private const long OperateMs = 3;
    private readonly TimeProvider _time;
    private bool _fed;
    private long _settlesAt;

    /// <summary>Relays without current.</summary>
    public PanelRelay(TimeProvider time)
    {
        _time = time;
    }

    /// <summary>Whether the contacts connect.</summary>
    public bool IsConnected => _time.GetTimestamp() >= _settlesAt ? _fed : !_fed;

    /// <summary>Whether the coils have current.</summary>
    public bool IsFed => _fed;

    /// <summary>How often the contacts moved: the part is made for 100,000 operations under load, 50 million without.</summary>
    public int Operations { get; private set; }

    /// <summary>Called when the coils are fed or not: the link will follow.</summary>
    public Action<bool>? OnChange { get; set; }

    /// <inheritdoc/>
    public PinValue? Level => null;

    /// <inheritdoc/>
    public void Driven(PinValue? level)
    {
        bool fed = level == PinValue.High;
        if (fed == _fed)
        {
            return;
        }

        _fed = fed;
        Operations++;
        _settlesAt = _time.GetTimestamp() + OperateMs * (_time.TimestampFrequency / 1_000);
        OnChange?.Invoke(fed);
    }
}
