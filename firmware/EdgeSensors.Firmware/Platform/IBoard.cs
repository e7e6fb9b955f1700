namespace EdgeSensors.Firmware.Platform;

/// <summary>What is on the board besides the tap port, the flash and the uplink.</summary>
public interface IBoard
{
    /// <summary>Whether the case is open, or its switch cut.</summary>
    bool IsTampered { get; }

    /// <summary>Says that the program runs; without it the watchdog restarts the module after 1.6 s.</summary>
    void FeedWatchdog();

    /// <summary>What the owner did since it was last asked.</summary>
    ButtonAction TakeButton();

    /// <summary>The temperature in the case, thousandths of a degree Celsius. False if the sensor does not answer.</summary>
    bool TryReadMilliCelsius(out int value);

    /// <summary>Connects the tap port's wires, or opens the relay: the last resort, and so what happens without power.</summary>
    void ConnectTapPort(bool connected);

    /// <summary>Shows a condition.</summary>
    void Show(TapCondition condition);
}
