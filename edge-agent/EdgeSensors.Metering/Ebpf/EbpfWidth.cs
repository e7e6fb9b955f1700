namespace EdgeSensors.Metering.Ebpf;

/// <summary>How much a load or store moves, by its bits in the opcode. A load clears the rest of the register.</summary>
public enum EbpfWidth : byte
{
    /// <summary>Four octets.</summary>
    Bits32 = 0x00,

    /// <summary>Two octets.</summary>
    Bits16 = 0x08,

    /// <summary>One octet.</summary>
    Bits8 = 0x10,

    /// <summary>Eight octets.</summary>
    Bits64 = 0x18,
}
