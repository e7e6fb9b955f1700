using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Ebpf;
using static EdgeSensors.Metering.Ebpf.EbpfCondition;
using static EdgeSensors.Metering.Ebpf.EbpfOperation;
using static EdgeSensors.Metering.Ebpf.EbpfRegister;
using static EdgeSensors.Metering.Ebpf.EbpfWidth;

namespace EdgeSensors.Metering.Capture.Live;

/// <content>Tunnels in UDP. A port alone says nothing: the tunnel's header and the packet inside must be right, or the packet is ordinary UDP.</content>
internal sealed partial class InnermostHeaderProgram
{
    private const int FirstTunnelPort = 1701;
    private const int LastTunnelPort = 8472;

    /// <summary>Where what UDP carries ends by UDP's length; beyond the packet in a first fragment.</summary>
    private const int WholeEndCell = -176;

    private readonly EbpfLabel _udp = new();
    private readonly EbpfLabel _byPort = new();

    /// <summary>Goes to a label if one of the ports in R1 and R2 lies where the tunnels' are. R0 is lost.</summary>
    private void GoIfMayBeTunnel(EbpfLabel label)
    {
        foreach (var port in (ReadOnlySpan<EbpfRegister>)[R1, R2])
        {
            _asm.Move(R0, port).Compute(Subtract, R0, FirstTunnelPort).JumpIf(LessOrEqual, R0, LastTunnelPort - FirstTunnelPort, label);
        }
    }

    private void UdpTunnels()
    {
        var (tunnel, same) = (new EbpfLabel(), new EbpfLabel());
        _asm.Place(_udp);
        Read(8, _endAtLimit);
        TakeHalf(R1, 0);
        TakeHalf(R2, 2);
        GoIfMayBeTunnel(tunnel);
        _asm.Jump(EndAfter(8)).Place(tunnel);
        TakeHalf(R3, 4);
        _asm.JumpIf(Less, R3, 8, EndAfter(8))
            .JumpIf(Equal, R9, FrameDecoder.MaxTunnelDepth, EndAfter(8))
            .Compute(Add, R3, R7)
            .Compute(Add, R7, 8)
            .Store(Bits64, R10, FallbackCell, R7)
            .Store(Bits64, R10, WholeEndCell, R3)
            .Store(Bits64, R10, OtherPortCell, R1)
            .Move(R0, R2)
            .Move(R4, R1);
        EndAt(R3);

        // The destination's port first, then the source's.
        _asm.JumpIf(Equal, R0, R4, same);
        RememberOtherWay(PortAsOtherWay);
        _asm.Place(same).Place(_byPort);
        var (vxlan, geneve, gtp, teredo, ayiya, capwap, l2tp, gre) =
            (new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.JumpIf(Equal, R0, 4789, vxlan)
            .JumpIf(Equal, R0, LastTunnelPort, vxlan)
            .JumpIf(Equal, R0, 4790, vxlan)
            .JumpIf(Equal, R0, 6081, geneve)
            .JumpIf(Equal, R0, 2152, gtp)
            .JumpIf(Equal, R0, 3544, teredo)
            .JumpIf(Equal, R0, 5072, ayiya)
            .JumpIf(Equal, R0, 5247, capwap)
            .JumpIf(Equal, R0, FirstTunnelPort, l2tp)
            .JumpIf(Equal, R0, 4754, gre)
            .JumpIf(NotEqual, R0, 6635, _notRead)
            .JumpIf(GreaterOrEqual, R7, R8, _notRead)
            .Jump(_mpls);

        // RFC 8086, 3.1: version 0.
        _asm.Place(gre);
        Read(2, _notRead);
        _asm.Load(Bits16, R0, R10, Octets).JumpIf(AnySet, R0, Network(0x4FFF), _notRead).Jump(_gre);
        Vxlan(vxlan);
        Geneve(geneve);
        Gtp(gtp);
        Teredo(teredo);
        Ayiya(ayiya);
        Capwap(capwap);
        L2tp(l2tp);
    }

    // RFC 7348, 5; draft-ietf-nvo3-vxlan-gpe.
    private void Vxlan(EbpfLabel start)
    {
        const int NetworkBit = 0x08, Generic = 0x0C;
        var frame = new EbpfLabel();
        _asm.Place(start);
        Read(8, _notRead);
        TakeByte(R0, 0);
        TakeByte(R2, 1);
        TakeByte(R3, 2);
        _asm.Compute(Add, R7, 8);
        Descend();
        _asm.Move(R1, R0).Compute(And, R1, NetworkBit).JumpIf(Equal, R1, 0, _notRead)
            .JumpIf(NotEqual, R0, Generic, frame).JumpIf(NotEqual, R2, 0, frame).JumpIf(NotEqual, R3, 0, frame);
        TakeByte(R0, 3);
        _asm.Jump(_byNextProtocol).Place(frame).Jump(_ethernet);
    }

    // RFC 8926, 3.4.
    private void Geneve(EbpfLabel start)
    {
        var notFrame = new EbpfLabel();
        _asm.Place(start);
        Read(8, _notRead);
        TakeByte(R2, 0);
        _asm.JumpIf(AnySet, R2, 0xC0, _notRead);
        TakeByte(R0, 1);
        _asm.JumpIf(AnySet, R0, 0x3F, _notRead);
        TakeByte(R0, 7);
        _asm.JumpIf(NotEqual, R0, 0, _notRead)
            .Compute(ShiftLeft, R2, 2).Compute(Add, R2, 8).Compute(Add, R7, R2);
        TakeHalf(R0, 2);
        Descend();
        _asm.JumpIf(NotEqual, R0, 0x6558, notFrame).Jump(_ethernet).Place(notFrame).Jump(_byEtherType);
    }

    // 3GPP TS 29.281, 5.
    private void Gtp(EbpfLabel start)
    {
        const int MaximumExtensions = 8, Options = 0x07, HasExtensions = 0x04;
        var (again, packet, none, extension) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Place(start);
        Read(8, _notRead);
        TakeByte(R2, 0);
        _asm.Move(R0, R2).Compute(And, R0, 0xF8).JumpIf(NotEqual, R0, 0x30, _notRead);
        TakeByte(R0, 1);
        _asm.JumpIf(NotEqual, R0, 255, _notRead);
        TakeHalf(R0, 2);
        _asm.Compute(Add, R7, 8).Compute(Add, R0, R7)
            .Load(Bits64, R1, R10, WholeEndCell).JumpIf(NotEqual, R0, R1, _notRead)
            .JumpIf(AnySet, R2, Options, extension).Jump(packet)
            .Place(extension).Store(Bits64, R10, ProtocolCell, R2);
        Read(4, _notRead);
        TakeByte(R0, 3);
        _asm.Compute(Add, R7, 4)
            .Load(Bits64, R2, R10, ProtocolCell).Compute(And, R2, HasExtensions).JumpIf(Equal, R2, 0, packet)
            .Move(R1, 0).Store(Bits64, R10, CountCell, R1)
            .Place(again).JumpIf(Equal, R0, 0, packet)
            .Load(Bits64, R1, R10, CountCell).JumpIf(Equal, R1, MaximumExtensions, _notRead)
            .Compute(Add, R1, 1).Store(Bits64, R10, CountCell, R1);
        Read(1, _notRead);

        // A length in words; the last octet says what follows.
        TakeByte(R2, 0);
        _asm.JumpIf(Equal, R2, 0, _notRead).Compute(ShiftLeft, R2, 2).Compute(Add, R7, R2).Compute(Subtract, R7, 1);
        Read(1, _notRead);
        TakeByte(R0, 0);
        _asm.Compute(Add, R7, 1).Jump(again)
            .Place(packet);
        EnterIpThatFits(fills: false, none);
        _asm.Place(none).Jump(_byNibble);
    }

    /// <summary>Goes on to a label, one deeper, if the IP packet at R7 ends within, or exactly with, what UDP carries.</summary>
    private void EnterIpThatFits(bool fills, EbpfLabel then)
    {
        IpEnd(_notRead);
        _asm.Load(Bits64, R1, R10, WholeEndCell).JumpIf(fills ? NotEqual : Greater, R2, R1, _notRead);
        Descend();
        _asm.Jump(then);
    }

    // RFC 4380, 5.1.1: an authentication header, an origin indication, either or none; of the addresses one is Teredo's (2001::/32) or link-local.
    private void Teredo(EbpfLabel start)
    {
        var (noAuthentication, noOrigin, isTeredo, enter) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Place(start);
        Read(4, _notRead);
        _asm.Load(Bits16, R0, R10, Octets).JumpIf(NotEqual, R0, Network(0x0001), noAuthentication);
        TakeByte(R0, 2);
        TakeByte(R1, 3);
        _asm.Compute(Add, R7, R0).Compute(Add, R7, R1).Compute(Add, R7, 4 + 9)
            .Place(noAuthentication);
        Read(8, _notRead);
        _asm.Load(Bits16, R0, R10, Octets).JumpIf(NotEqual, R0, 0, noOrigin).Compute(Add, R7, 8)
            .Place(noOrigin);
        Read(40, _notRead);
        TakeByte(R0, 0);
        _asm.Compute(ShiftRight, R0, 4).JumpIf(NotEqual, R0, 6, _notRead);
        foreach (var address in (ReadOnlySpan<int>)[8, 24])
        {
            var other = new EbpfLabel();
            TakeHalf(R0, address);
            TakeHalf(R1, address + 2);
            _asm.Move(R2, R0).Compute(And, R2, 0xFFC0).JumpIf(Equal, R2, 0xFE80, isTeredo)
                .JumpIf(NotEqual, R0, 0x2001, other).JumpIf(Equal, R1, 0, isTeredo)
                .Place(other);
        }

        _asm.Jump(_notRead).Place(isTeredo);
        EnterIpThatFits(fills: false, enter);
        _asm.Place(enter).Jump(_ipv6);
    }

    // draft-massar-v6ops-ayiya, 3: a forwarded packet behind an identity and a signature.
    private void Ayiya(EbpfLabel start)
    {
        var (isIp, enter) = (new EbpfLabel(), new EbpfLabel());
        _asm.Place(start);
        Read(8, _notRead);
        TakeByte(R0, 2);
        _asm.Compute(And, R0, 0x0F).JumpIf(NotEqual, R0, 1, _notRead);
        TakeByte(R0, 3);
        _asm.JumpIf(Equal, R0, (int)IpProtocol.IPv4, isIp).JumpIf(NotEqual, R0, (int)IpProtocol.IPv6, _notRead).Place(isIp);
        TakeByte(R0, 0);
        TakeByte(R1, 1);
        _asm.Compute(ShiftRight, R0, 4).Move(R2, 1).Compute(ShiftLeft, R2, R0)
            .Compute(ShiftRight, R1, 4).Compute(ShiftLeft, R1, 2)
            .Compute(Add, R7, R2).Compute(Add, R7, R1).Compute(Add, R7, 8);
        EnterIpThatFits(fills: true, enter);
        _asm.Place(enter).Jump(_byNibble);
    }

    // RFC 5415, 4.3: version and type 0 (not DTLS), no keep-alive; a first or only fragment with an Ethernet or an 802.11 frame.
    private void Capwap(EbpfLabel start)
    {
        const int Native = 0x01, KeepAliveAndReserved = 0x0F;
        var (wireless, swapped) = (new EbpfLabel(), new EbpfLabel());
        _asm.Place(start);
        Read(8, _notRead);
        TakeByte(R0, 0);
        _asm.JumpIf(NotEqual, R0, 0, _notRead);
        TakeByte(R0, 3);
        _asm.JumpIf(AnySet, R0, KeepAliveAndReserved, _notRead)
            .Load(Bits16, R0, R10, Octets + 6).JumpIf(AnySet, R0, Network(0xFFF8), _notRead);
        TakeByte(R2, 1);
        TakeByte(R3, 2);
        _asm.Compute(ShiftRight, R2, 3).Compute(ShiftLeft, R2, 2).JumpIf(Less, R2, 8, _notRead)
            .Compute(Add, R7, R2);
        Descend();
        _asm.JumpIf(AnySet, R3, Native, wireless).Jump(_ethernet)

            // The binding, five bits, is 802.11's.
            .Place(wireless).Compute(ShiftRight, R3, 1).Compute(And, R3, 0x1F).JumpIf(NotEqual, R3, 1, _notRead);
        Read(2, _notRead);
        TakeByte(R0, 0);
        TakeByte(R1, 1);
        _asm.Compute(And, R0, 0x0F).JumpIf(Equal, R0, 0x08, _wireless)
            .Compute(And, R1, 0x0F).JumpIf(Equal, R1, 0x08, swapped)
            .Jump(_wireless)
            .Place(swapped).Jump(_wirelessSwapped);
    }

    // RFC 2661, 3.1: a data message of version 2, then PPP.
    private void L2tp(EbpfLabel start)
    {
        const int Length = 0x4000, Sequence = 0x0800, Offset = 0x0200, Priority = 0x0100;
        var (noOffset, noAddress, uncompressed, check, enter) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Place(start);
        Read(6, _notRead);
        TakeHalf(R3, 0);
        _asm.Move(R0, R3).Compute(And, R0, 0xFFFF & ~(Length | Sequence | Offset | Priority)).JumpIf(NotEqual, R0, 2, _notRead)
            .Compute(Add, R7, 6);
        SkipIfSet(R3, Length, 2);
        SkipIfSet(R3, Sequence, 4);
        _asm.Store(Bits64, R10, ProtocolCell, R3);
        Read(2, _notRead);
        TakeHalf(R0, 0);
        _asm.Load(Bits64, R3, R10, ProtocolCell).Compute(And, R3, Offset).JumpIf(Equal, R3, 0, noOffset)
            .Compute(Add, R7, 2).Compute(Add, R7, R0)
            .Place(noOffset);

        // PPP is read where it begins, behind an HDLC address; here only whether its packet fits.
        Read(2, _notRead);
        _asm.Load(Bits16, R0, R10, Octets).JumpIf(NotEqual, R0, Network(0xFF03), noAddress).Compute(Add, R7, 2);
        Read(2, _notRead);
        _asm.Place(noAddress).Store(Bits64, R10, ContentCell, R7);
        TakeByte(R0, 0);
        _asm.Compute(Add, R7, 1).JumpIf(AnySet, R0, 1, check)
            .Compute(Add, R7, 1)
            .Place(check);
        EnterIpThatFits(fills: false, enter);
        _asm.Place(enter).Load(Bits64, R7, R10, ContentCell).Jump(_ppp);
    }
}
