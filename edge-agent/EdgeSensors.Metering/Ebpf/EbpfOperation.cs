namespace EdgeSensors.Metering.Ebpf;

/// <summary>What an arithmetic instruction does with its destination and its source, by its bits in the opcode. All are of 64 bits, unsigned.</summary>
public enum EbpfOperation : byte
{
    /// <summary>destination += source.</summary>
    Add = 0x00,

    /// <summary>destination -= source.</summary>
    Subtract = 0x10,

    /// <summary>destination *= source.</summary>
    Multiply = 0x20,

    /// <summary>destination /= source; 0 where the source is 0.</summary>
    Divide = 0x30,

    /// <summary>destination |= source.</summary>
    Or = 0x40,

    /// <summary>destination &amp;= source.</summary>
    And = 0x50,

    /// <summary>destination &lt;&lt;= source.</summary>
    ShiftLeft = 0x60,

    /// <summary>destination &gt;&gt;= source, zeros coming in.</summary>
    ShiftRight = 0x70,

    /// <summary>destination %= source; unchanged where the source is 0.</summary>
    Modulo = 0x90,

    /// <summary>destination ^= source.</summary>
    ExclusiveOr = 0xA0,

    /// <summary>destination = source.</summary>
    Move = 0xB0,
}
