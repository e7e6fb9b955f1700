namespace EdgeSensors.Firmware.Devices;

/// <summary>Instructions that the tap uses (W25Q128JV datasheet, section 8.1.2, "Instruction Set Table 1").</summary>
public enum W25Q128Instruction : byte
{
    /// <summary>Writes the status register: two octets follow.</summary>
    WriteStatusRegister1 = 0x01,

    /// <summary>A 24-bit address and 1 to 256 octets, all of one page; what is more wraps to the page's beginning.</summary>
    PageProgram = 0x02,

    /// <summary>A 24-bit address, then octets for as long as the clock runs; up to 50 MHz.</summary>
    ReadData = 0x03,

    /// <summary>Clears the write enable latch.</summary>
    WriteDisable = 0x04,

    /// <summary>The status, over and over; the one instruction that is heeded while busy.</summary>
    ReadStatusRegister1 = 0x05,

    /// <summary>Sets the write enable latch, which every program, erase and status write needs and clears.</summary>
    WriteEnable = 0x06,

    /// <summary>A 24-bit address: its 4 KB to ones.</summary>
    SectorErase = 0x20,

    /// <summary>Must come right before <see cref="ResetDevice"/>.</summary>
    EnableReset = 0x66,

    /// <summary>Resets; 30 µs.</summary>
    ResetDevice = 0x99,

    /// <summary>Maker, type and capacity.</summary>
    JedecId = 0x9f,

    /// <summary>Wakes the chip from power-down; 3 µs.</summary>
    ReleasePowerDown = 0xab,

    /// <summary>Sleeps with 1 µA and heeds nothing but its release.</summary>
    PowerDown = 0xb9,
}
