using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Ebpf;
using static EdgeSensors.Metering.Ebpf.EbpfCondition;
using static EdgeSensors.Metering.Ebpf.EbpfOperation;
using static EdgeSensors.Metering.Ebpf.EbpfRegister;
using static EdgeSensors.Metering.Ebpf.EbpfWidth;

namespace EdgeSensors.Metering.Capture.Live;

/// <content>Ethernet with its tags and LLC/SNAP, IPv4 (RFC 791) and IPv6 (RFC 8200).</content>
internal sealed partial class InnermostHeaderProgram
{
    private readonly EbpfLabel _ethernet = new();
    private readonly EbpfLabel _etherType = new();
    private readonly EbpfLabel _ipv4 = new();
    private readonly EbpfLabel _ipv6 = new();

    private void Ethernet()
    {
        _asm.Place(_ethernet);
        Read(14, _notRead);
        TakeHalf(R0, 12);
        _asm.Compute(Add, R7, 14);

        // With an EtherType in R0 and R7 behind it.
        _asm.Place(_etherType).Move(R1, 0).Store(Bits64, R10, CountCell, R1);
        var (again, vlan, vnTag, longTag, untagged, known) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Place(again);
        KeepOutermost();
        foreach (var type in (ReadOnlySpan<int>)[0x8100, 0x88A8, 0x9100, 0x9200, 0x9300])
        {
            _asm.JumpIf(Equal, R0, type, vlan);
        }

        _asm.JumpIf(Equal, R0, 0x8926, vnTag)
            .JumpIf(Equal, R0, 0x893F, longTag)
            .JumpIf(NotEqual, R0, 0x8909, untagged)
            .Place(longTag).Compute(Add, R7, 4).Jump(vlan)
            .Place(vnTag).Compute(Add, R7, 2)
            .Place(vlan)
            .Load(Bits64, R1, R10, CountCell).JumpIf(Equal, R1, FrameDecoder.MaxVlanTags, _notRead)
            .Compute(Add, R1, 1).Store(Bits64, R10, CountCell, R1);
        Read(4, _notRead);
        TakeHalf(R0, 2);
        _asm.Compute(Add, R7, 4).Jump(again);

        // IEEE 802.3 with LLC and SNAP (RFC 1042): a length, AA AA 03, organisation 0, then the EtherType.
        _asm.Place(untagged).JumpIf(Greater, R0, 1500, known);
        Read(8, _notRead);
        _asm.Load(Bits16, R0, R10, Octets).JumpIf(NotEqual, R0, 0xAAAA, _notRead)
            .Load(Bits16, R0, R10, Octets + 2).JumpIf(NotEqual, R0, Network(0x0300), _notRead)
            .Load(Bits16, R0, R10, Octets + 4).JumpIf(NotEqual, R0, 0, _notRead);
        TakeHalf(R0, 6);
        _asm.Compute(Add, R7, 8);
        KeepOutermost();
        _asm.Place(known);
        ByEtherType();
    }

    /// <summary>Of a frame that turns out to hold no IP the outermost link header is kept, so that it is counted.</summary>
    private void KeepOutermost()
    {
        var inner = new EbpfLabel();
        _asm.JumpIf(NotEqual, R9, 0, inner)
            .Load(Bits64, R1, R10, FallbackCell).JumpIf(GreaterOrEqual, R1, R7, inner).JumpIf(Greater, R7, R8, inner)
            .Store(Bits64, R10, FallbackCell, R7)
            .Place(inner);
    }

    // A header that contradicts itself, or is of another version than the layer below announced, is not known to be one: nothing of it is kept.
    private void IPv4()
    {
        _asm.Place(_ipv4);
        Read(20, _notRead);
        TakeByte(R3, 0);
        _asm.Move(R0, R3).Compute(ShiftRight, R0, 4).JumpIf(NotEqual, R0, 4, _notRead)
            .Compute(And, R3, 0x0F).Compute(ShiftLeft, R3, 2).JumpIf(Less, R3, 20, _notRead)
            .Compute(Add, R3, R7);

        // A total length of 0: segmentation offload, the kernel has not filled it in.
        var (hasLength, inside) = (new EbpfLabel(), new EbpfLabel());
        TakeHalf(R2, 2);
        _asm.Compute(Add, R2, R7).JumpIf(NotEqual, R2, R7, hasLength).Load(Bits64, R2, R10, PacketEndCell)
            .Place(hasLength).JumpIf(Less, R2, R3, _notRead);
        AcceptPacket();
        _asm.JumpIf(GreaterOrEqual, R2, R8, inside).Move(R8, R2).Place(inside);
        if (Hashes)
        {
            _asm.Load(Bits32, R2, R10, Octets + 12).Load(Bits32, R4, R10, Octets + 16).Compute(ExclusiveOr, R2, R4).Store(Bits64, R10, HashCell, R2);
        }

        TakeByte(R0, 9);
        TakeHalf(R2, 6);
        _asm.Move(R7, R3).JumpIf(Greater, R7, R8, _endAtLimit)
            .JumpIf(AnySet, R2, 0x1FFF, EndAfter(0))
            .JumpIf(Equal, R0, (int)IpProtocol.Icmp, _icmp)
            .Jump(_transport);
    }

    /// <summary>An IP header is right, so that this packet is what is metered, whatever may be in it. R2 is where it ends by its own length. R1 is lost.</summary>
    private void AcceptPacket() => _asm
        .Store(Bits64, R10, PacketEndCell, R2)
        .Move(R1, 0).Store(Bits64, R10, OtherWayCell, R1).Store(Bits64, R10, InLabelsCell, R1);

    private void IPv6()
    {
        _asm.Place(_ipv6);
        Read(40, _notRead);
        TakeByte(R0, 0);
        _asm.Compute(And, R0, 0xF0).JumpIf(NotEqual, R0, 0x60, _notRead);

        // A payload length of 0 before hop-by-hop options: a jumbogram (RFC 2675).
        var (hasLength, inside) = (new EbpfLabel(), new EbpfLabel());
        TakeByte(R0, 6);
        TakeHalf(R2, 4);
        _asm.Compute(Add, R7, 40)
            .Compute(Add, R2, R7)
            .JumpIf(NotEqual, R2, R7, hasLength).JumpIf(NotEqual, R0, (int)IpProtocol.HopByHop, hasLength)
            .Load(Bits64, R2, R10, PacketEndCell).JumpIf(GreaterOrEqual, R2, R7, hasLength).Move(R2, R7)
            .Place(hasLength);
        AcceptPacket();
        _asm.JumpIf(GreaterOrEqual, R2, R8, inside).Move(R8, R2).Place(inside);
        if (Hashes)
        {
            HashIPv6();
        }

        ExtensionHeaders(whenCut: EndAfter(0), whenBeyond: EndAfter(0));
        _asm.JumpIf(Equal, R0, (int)IpProtocol.IcmpV6, _icmpv6).Jump(_transport);
    }

    /// <summary>The sum of both halves' exclusive or, one of them multiplied so that equal halves do not cancel out. R2 to R4 are lost.</summary>
    private void HashIPv6() => _asm
        .Load(Bits64, R2, R10, Octets + 8).Load(Bits64, R3, R10, Octets + 24).Compute(ExclusiveOr, R2, R3)
        .MoveWide(R3, 0x9E3779B97F4A7C15).Compute(Multiply, R2, R3)
        .Load(Bits64, R3, R10, Octets + 16).Load(Bits64, R4, R10, Octets + 32).Compute(ExclusiveOr, R3, R4)
        .Compute(Add, R2, R3).Store(Bits64, R10, HashCell, R2);

    /// <summary>
    /// Follows the chain of extension headers from R7, the number of whose first is in R0; leaves the number of what comes behind it in R0. Ends where it is too
    /// long, and behind the header of a later fragment.
    /// </summary>
    /// <param name="whenCut">Where to go when the packet ends in a header's first eight octets.</param>
    /// <param name="whenBeyond">Where to go, R7 at the header's start, when it ends in the rest.</param>
    private void ExtensionHeaders(EbpfLabel whenCut, EbpfLabel whenBeyond)
    {
        var (again, extension, done) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        var (fragment, authentication, advance) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Move(R1, 0).Store(Bits64, R10, CountCell, R1).Place(again);
        foreach (var protocol in (ReadOnlySpan<IpProtocol>)[IpProtocol.HopByHop, IpProtocol.Routing, IpProtocol.Fragment, IpProtocol.AuthenticationHeader,
            IpProtocol.DestinationOptions, IpProtocol.Mobility, IpProtocol.Hip])
        {
            _asm.JumpIf(Equal, R0, (int)protocol, extension);
        }

        _asm.JumpIf(NotEqual, R0, (int)IpProtocol.Shim6, done)
            .Place(extension)
            .Load(Bits64, R1, R10, CountCell).JumpIf(Equal, R1, FrameDecoder.MaxExtensionHeaders, EndAfter(0))
            .Compute(Add, R1, 1).Store(Bits64, R10, CountCell, R1)
            .Store(Bits64, R10, ProtocolCell, R0);
        Read(8, whenCut);
        _asm.Load(Bits64, R2, R10, ProtocolCell);
        TakeByte(R0, 0);
        TakeByte(R1, 1);
        _asm.JumpIf(Equal, R2, (int)IpProtocol.Fragment, fragment)
            .JumpIf(Equal, R2, (int)IpProtocol.AuthenticationHeader, authentication)
            .Compute(Add, R1, 1).Compute(ShiftLeft, R1, 3)
            .Jump(advance);
        _asm.Place(authentication).Compute(Add, R1, 2).Compute(ShiftLeft, R1, 2).Jump(advance);

        // Behind a later fragment's header lies the datagram's middle.
        _asm.Place(fragment).Load(Bits16, R2, R10, Octets + 2).JumpIf(AnySet, R2, Network(0xFFF8), EndAfter(8)).Move(R1, 8);
        _asm.Place(advance)
            .Move(R2, R7).Compute(Add, R2, R1).JumpIf(Greater, R2, R8, whenBeyond)
            .Move(R7, R2).Jump(again)
            .Place(done);
    }
}
