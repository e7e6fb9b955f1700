namespace EdgeSensors.Metering.Ebpf;

/// <summary>The registers of the kernel's virtual machine, 64 bits each (Documentation/bpf/standardization/instruction-set.rst).</summary>
public enum EbpfRegister : byte
{
    /// <summary>What a call returns, and the program's result. Not preserved over a call.</summary>
    R0,

    /// <summary>A call's first argument; at the start, the context. Not preserved over a call.</summary>
    R1,

    /// <summary>A call's second argument. Not preserved over a call.</summary>
    R2,

    /// <summary>A call's third argument. Not preserved over a call.</summary>
    R3,

    /// <summary>A call's fourth argument. Not preserved over a call.</summary>
    R4,

    /// <summary>A call's fifth argument. Not preserved over a call.</summary>
    R5,

    /// <summary>Preserved over a call.</summary>
    R6,

    /// <summary>Preserved over a call.</summary>
    R7,

    /// <summary>Preserved over a call.</summary>
    R8,

    /// <summary>Preserved over a call.</summary>
    R9,

    /// <summary>The end of the stack's 512 octets, read only: they lie at negative offsets from it.</summary>
    R10,
}
