namespace EdgeSensors.Firmware.Devices;

/// <summary>Common registers that the tap uses (W5500 datasheet 1.1.0, section 4.1).</summary>
public enum W5500Register
{
    /// <summary>MR, mode: bit 7 resets the chip, bit 4 keeps it from answering pings.</summary>
    Mode = 0x0000,

    /// <summary>PHYCFGR: bit 0 link up, bit 1 100 Mbit/s, bit 2 full duplex.</summary>
    PhyConfiguration = 0x002e,

    /// <summary>VERSIONR: always 4.</summary>
    Version = 0x0039,
}
