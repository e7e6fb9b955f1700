namespace EdgeSensors.Metering.Capture.Live;

/// <summary>The classic BPF operations that the filter uses, by the mnemonics of the kernel's <c>bpf_asm</c> (Documentation/networking/filter.rst).</summary>
internal static class BpfOpcode
{
    /// <summary>A = the frame's length.</summary>
    public const ushort LoadLength = 0x80;

    /// <summary>A = the 32-bit word at an absolute offset; above <see cref="AncillaryBase"/> a datum of the kernel's own.</summary>
    public const ushort LoadWordAbsolute = 0x20;

    /// <summary>A = the 16-bit word at an absolute offset. The kernel reads it in place; a load relative to X costs it a function call.</summary>
    public const ushort LoadHalfAbsolute = 0x28;

    /// <summary>A = the byte at an absolute offset.</summary>
    public const ushort LoadByteAbsolute = 0x30;

    /// <summary>A = the 32-bit word at X + k.</summary>
    public const ushort LoadWordIndirect = 0x40;

    /// <summary>A = the 16-bit word at X + k.</summary>
    public const ushort LoadHalfIndirect = 0x48;

    /// <summary>A = the byte at X + k.</summary>
    public const ushort LoadByteIndirect = 0x50;

    /// <summary>A = scratch memory cell k.</summary>
    public const ushort LoadMemory = 0x60;

    /// <summary>A = k.</summary>
    public const ushort LoadImmediate = 0x00;

    /// <summary>X = k.</summary>
    public const ushort LoadXImmediate = 0x01;

    /// <summary>Scratch memory cell k = A.</summary>
    public const ushort Store = 0x02;

    /// <summary>A += k.</summary>
    public const ushort AddConstant = 0x04;

    /// <summary>A += X.</summary>
    public const ushort AddX = 0x0C;

    /// <summary>A -= X.</summary>
    public const ushort SubtractX = 0x1C;

    /// <summary>A ^= X.</summary>
    public const ushort XorX = 0xAC;

    /// <summary>A *= k.</summary>
    public const ushort MultiplyConstant = 0x24;

    /// <summary>A %= k.</summary>
    public const ushort ModuloConstant = 0x94;

    /// <summary>A &amp;= k.</summary>
    public const ushort AndConstant = 0x54;

    /// <summary>A &lt;&lt;= k.</summary>
    public const ushort ShiftLeftConstant = 0x64;

    /// <summary>A &gt;&gt;= k.</summary>
    public const ushort ShiftRightConstant = 0x74;

    /// <summary>Skips k instructions.</summary>
    public const ushort Jump = 0x05;

    /// <summary>Jumps on A == k.</summary>
    public const ushort JumpEqualConstant = 0x15;

    /// <summary>Jumps on A &gt;= k, unsigned.</summary>
    public const ushort JumpGreaterOrEqualConstant = 0x35;

    /// <summary>Jumps on A &gt;= X, unsigned.</summary>
    public const ushort JumpGreaterOrEqualX = 0x3D;

    /// <summary>Jumps on (A &amp; k) != 0.</summary>
    public const ushort JumpAnySetConstant = 0x45;

    /// <summary>Ends with the snap length k; 0 discards the frame.</summary>
    public const ushort ReturnConstant = 0x06;

    /// <summary>Ends with the snap length A.</summary>
    public const ushort ReturnA = 0x16;

    /// <summary>X = A.</summary>
    public const ushort CopyAToX = 0x07;

    /// <summary>A = X.</summary>
    public const ushort CopyXToA = 0x87;

    /// <summary>Where the kernel's ancillary data begin (SKF_AD_OFF, -0x1000).</summary>
    public const uint AncillaryBase = 0xFFFFF000;

    /// <summary>Where the network header begins, for a program that is given a packet at its payload (SKF_NET_OFF, -0x100000).</summary>
    public const uint NetworkBase = 0xFFF00000;

    /// <summary>Ancillary datum: the EtherType that the kernel has for the frame, in host order (SKF_AD_PROTOCOL).</summary>
    public const uint AncillaryProtocol = AncillaryBase;

    /// <summary>Ancillary datum: to us, broadcast, outgoing … (SKF_AD_PKTTYPE; PACKET_OUTGOING is 4).</summary>
    public const uint AncillaryPacketType = AncillaryBase + 4;

    /// <summary>The longest program that the kernel takes (BPF_MAXINSNS).</summary>
    public const int MaximumInstructions = 4096;
}
