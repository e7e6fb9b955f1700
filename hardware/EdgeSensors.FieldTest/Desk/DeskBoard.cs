using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.FieldTest.Desk;

/// <summary>The board's panel as the program drives it, with what it shows and is asked remembered for the screen.</summary>
internal sealed class DeskBoard(IBoard board) : IBoard
{
    /// <summary>What the LED says.</summary>
    public TapCondition Condition { get; private set; } = TapCondition.HealthOnly;

    /// <summary>Called when the program has taken what the button asked for.</summary>
    public Action<ButtonAction>? OnButton { get; init; }

    /// <inheritdoc/>
    public bool IsTampered => board.IsTampered;

    /// <inheritdoc/>
    public void Poll(long milliseconds) => board.Poll(milliseconds);

    /// <inheritdoc/>
    public ButtonAction TakeButton()
    {
        var action = board.TakeButton();
        if (action != ButtonAction.None)
        {
            OnButton?.Invoke(action);
        }

        return action;
    }

    /// <inheritdoc/>
    public bool TryReadTemperature(out int sixteenths) => board.TryReadTemperature(out sixteenths);

    /// <inheritdoc/>
    public void ConnectTapPort(bool connected) => board.ConnectTapPort(connected);

    /// <inheritdoc/>
    public void Show(TapCondition condition)
    {
        Condition = condition;
        board.Show(condition);
    }
}
