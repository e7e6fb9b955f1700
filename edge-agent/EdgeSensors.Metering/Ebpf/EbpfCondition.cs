namespace EdgeSensors.Metering.Ebpf;

/// <summary>When a conditional jump jumps, by its bits in the opcode. Comparisons are of 64 bits, unsigned; a constant is sign-extended to them.</summary>
public enum EbpfCondition : byte
{
    /// <summary>left == right.</summary>
    Equal = 0x10,

    /// <summary>left &gt; right.</summary>
    Greater = 0x20,

    /// <summary>left &gt;= right.</summary>
    GreaterOrEqual = 0x30,

    /// <summary>(left &amp; right) != 0.</summary>
    AnySet = 0x40,

    /// <summary>left != right.</summary>
    NotEqual = 0x50,

    /// <summary>left &lt; right.</summary>
    Less = 0xA0,

    /// <summary>left &lt;= right.</summary>
    LessOrEqual = 0xB0,
}
