using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeSensors.Metering.Ebpf;

/// <summary>One instruction of eBPF, laid out as the kernel's <c>struct bpf_insn</c> (linux/bpf.h).</summary>
/// <param name="Code">Class, source or size, and operation or mode.</param>
/// <param name="Registers">The destination register in one half, the source register in the other; see <see cref="Pack"/>.</param>
/// <param name="Offset">Of a load or store, added to the base register; of a jump, the instructions to skip.</param>
/// <param name="Immediate">The instruction's constant.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct EbpfInstruction(byte Code, byte Registers, short Offset, int Immediate)
{
    /// <summary>The destination register.</summary>
    public EbpfRegister Destination => (EbpfRegister)(BitConverter.IsLittleEndian ? Registers & 0x0F : Registers >> 4);

    /// <summary>The source register, or for a wide constant what kind of constant it is.</summary>
    public EbpfRegister Source => (EbpfRegister)(BitConverter.IsLittleEndian ? Registers >> 4 : Registers & 0x0F);

    /// <summary>Both registers in one octet: C bit fields, whose order follows the machine's byte order.</summary>
    internal static byte Pack(EbpfRegister destination, EbpfRegister source) =>
        BitConverter.IsLittleEndian ? (byte)((int)source << 4 | (int)destination) : (byte)((int)destination << 4 | (int)source);

    /// <summary>The fields as numbers.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Code:x2} r{(int)Destination} r{(int)Source} {Offset} {Immediate}");
}
