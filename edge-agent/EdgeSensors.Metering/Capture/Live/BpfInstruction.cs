using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>One instruction of classic BPF, laid out as the kernel's <c>struct sock_filter</c> (linux/filter.h).</summary>
/// <param name="Code">Class, size, mode or operation (McCanne and Jacobson 1993, section 3.3).</param>
/// <param name="JumpTrue">Instructions to skip when the condition of a conditional jump holds.</param>
/// <param name="JumpFalse">Instructions to skip when it does not.</param>
/// <param name="Operand">The instruction's constant, offset or, for an unconditional jump, the instructions to skip.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct BpfInstruction(ushort Code, byte JumpTrue, byte JumpFalse, uint Operand)
{
    /// <summary>The form that <c>tcpdump -ddd</c> prints, so that a program can be compared with other tools.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Code} {JumpTrue} {JumpFalse} {Operand}");
}
