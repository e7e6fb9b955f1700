using System;

namespace EdgeSensors.Firmware.Devices;

/// <summary>Status register 1 (W25Q128JV datasheet, section 7.1).</summary>
[Flags]
public enum W25Q128Status : byte
{
    /// <summary>Ready, nothing protected.</summary>
    None = 0,

    /// <summary>BUSY: a program, erase or status write is under way.</summary>
    Busy = 0x01,

    /// <summary>WEL: the next write will be heeded.</summary>
    WriteEnableLatch = 0x02,

    /// <summary>BP2 to BP0, TB and SEC: what is protected; none when all are zero.</summary>
    BlockProtect = 0x7c,

    /// <summary>SRP: how this register is protected.</summary>
    StatusRegisterProtect = 0x80,
}
