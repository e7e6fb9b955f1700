using System.Device.Gpio;

namespace EdgeSensors.Hardware.Buses;

/// <summary>What is soldered to one of the module's pins.</summary>
public interface IPinPart
{
    /// <summary>The level that the part drives the pin to; null when it lets go of it.</summary>
    PinValue? Level { get; }

    /// <summary>The module drives the pin, or lets go of it (null), as at every reset.</summary>
    void Driven(PinValue? level);
}
