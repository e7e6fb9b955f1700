using System;

namespace EdgeSensors.Firmware.Devices;

/// <summary>Bits of the configuration register (datasheet SBOS397, "Configuration Register"), the first octet above.</summary>
[Flags]
public enum Tmp102Configuration
{
    /// <summary>12 bits, awake, and a conversion every 4 s: 26 ms of work each, so it warms itself least.</summary>
    None = 0,

    /// <summary>EM: 13 bits instead of 12.</summary>
    ExtendedMode = 0x0010,

    /// <summary>AL: the alert's state, read only.</summary>
    Alert = 0x0020,

    /// <summary>CR: the conversion rate, 0.25, 1, 4 or 8 Hz.</summary>
    ConversionRate = 0x00c0,

    /// <summary>SD: sleeps between one-shot conversions.</summary>
    Shutdown = 0x0100,

    /// <summary>R1 and R0: always read as ones.</summary>
    Resolution = 0x6000,

    /// <summary>OS: begins one conversion when asleep; reads 1 when it is done.</summary>
    OneShot = 0x8000,
}
