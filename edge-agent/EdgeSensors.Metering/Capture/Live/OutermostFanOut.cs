using static EdgeSensors.Metering.Capture.Live.BpfOpcode;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>
/// Divides frames over rings where eBPF is not allowed, by a classic BPF program: a hash of the outer addresses that is the same for both directions and for
/// every fragment, which the kernel's own hash is not. Frames that are not IP, or stand behind more than two tags, go to the first ring.
/// </summary>
internal static class OutermostFanOut
{
    // Odd, and of no meaning beyond spreading its bits.
    private const uint Spread = 0x9E3779B1;

    private const uint PacketOutgoing = 4;

    /// <summary>The program for an interface of the given kind; the kernel takes its result modulo the rings.</summary>
    public static BpfInstruction[] Build(LinkKind link)
    {
        var asm = new BpfAssembler();
        var none = new BpfLabel();

        // Packets are divided before they are a socket's: what arrives still has its link header off, what leaves has it on.
        var leaving = new BpfLabel();
        asm.Emit(LoadWordAbsolute, AncillaryPacketType).JumpIf(JumpEqualConstant, PacketOutgoing, link == LinkKind.RawIp ? none : leaving)
            .Emit(LoadWordAbsolute, AncillaryProtocol);
        Network(asm, 0, none);
        if (link != LinkKind.RawIp)
        {
            asm.Place(leaving).Emit(LoadLength).JumpIf(JumpGreaterOrEqualConstant, 14, null, none).Emit(LoadHalfAbsolute, 12);
            Network(asm, 14, none);
        }

        return asm.Place(none).Emit(ReturnConstant, 0).Assemble();
    }

    /// <summary>With an EtherType in A, and at a place what lies behind it: two tags at most, then IP.</summary>
    private static void Network(BpfAssembler asm, uint start, BpfLabel none)
    {
        for (var at = start; at <= start + (2 * 4); at += 4)
        {
            var (ipv4, ipv6, next) = (new BpfLabel(), new BpfLabel(), at < start + (2 * 4) ? new BpfLabel() : none);
            asm.JumpIf(JumpEqualConstant, 0x0800, ipv4)
                .JumpIf(JumpEqualConstant, 0x86DD, ipv6)
                .JumpIf(JumpEqualConstant, 0x8100, next)
                .JumpIf(JumpEqualConstant, 0x88A8, next, none);
            IPv4(asm.Place(ipv4), at, none);
            IPv6(asm.Place(ipv6), at, none);
            if (next != none)
            {
                asm.Place(next).Emit(LoadLength).JumpIf(JumpGreaterOrEqualConstant, at + 4, null, none).Emit(LoadHalfAbsolute, at + 2);
            }
        }
    }

    private static void IPv4(BpfAssembler asm, uint at, BpfLabel none) => Fold(asm, at, 20, 12, 16, none);

    private static void IPv6(BpfAssembler asm, uint at, BpfLabel none) => Fold(asm, at, 40, 8, 40, none);

    /// <summary>The exclusive or of the words from first to last of a header at a place, spread.</summary>
    private static void Fold(BpfAssembler asm, uint at, uint length, uint first, uint last, BpfLabel none)
    {
        asm.Emit(LoadLength).JumpIf(JumpGreaterOrEqualConstant, at + length, null, none).Emit(LoadWordAbsolute, at + first);
        for (var word = first + 4; word <= Math.Min(last, length - 4); word += 4)
        {
            asm.Emit(CopyAToX).Emit(LoadWordAbsolute, at + word).Emit(XorX);
        }

        asm.Emit(MultiplyConstant, Spread).Emit(ShiftRightConstant, 16).Emit(ReturnA);
    }
}
