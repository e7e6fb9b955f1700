namespace EdgeSensors.Firmware.Devices;

/// <summary>Registers of the TMP102, two octets each (datasheet SBOS397, "Pointer Register").</summary>
public enum Tmp102Register : byte
{
    /// <summary>The last conversion, read only: 12 bits from the top, 1/16 °C each, two's complement.</summary>
    Temperature = 0,

    /// <summary>A <see cref="Tmp102Configuration"/>.</summary>
    Configuration = 1,

    /// <summary>TLOW of the alert.</summary>
    LowLimit = 2,

    /// <summary>THIGH of the alert.</summary>
    HighLimit = 3,
}
