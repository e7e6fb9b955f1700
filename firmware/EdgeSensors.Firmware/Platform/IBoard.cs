using EdgeSensors.Firmware.Devices;

namespace EdgeSensors.Firmware.Platform;

/// <summary>What is on the board besides the tap port, the flash and the uplink.</summary>
public interface IBoard
{
    /// <summary>Whether the case was opened, or its switch cut.</summary>
    bool IsTampered { get; }

    /// <summary>Says that the program runs, and looks at the buttons: at least every 20 ms.</summary>
    /// <param name="milliseconds">From anywhere, never backwards.</param>
    void Poll(long milliseconds);

    /// <summary>What the owner did since it was last asked.</summary>
    ButtonAction TakeButton();

    /// <summary>The temperature in the case, sixteenths of a degree Celsius. False if the sensor does not answer.</summary>
    bool TryReadTemperature(out int sixteenths);

    /// <summary>Connects the tap port's wires, or opens the relay: the last resort, and so what happens without power.</summary>
    void ConnectTapPort(bool connected);

    /// <summary>Shows a condition.</summary>
    void Show(TapCondition condition);
}
