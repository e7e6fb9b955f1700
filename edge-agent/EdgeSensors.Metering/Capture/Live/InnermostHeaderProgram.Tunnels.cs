using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Ebpf;
using static EdgeSensors.Metering.Ebpf.EbpfCondition;
using static EdgeSensors.Metering.Ebpf.EbpfOperation;
using static EdgeSensors.Metering.Ebpf.EbpfRegister;
using static EdgeSensors.Metering.Ebpf.EbpfWidth;

namespace EdgeSensors.Metering.Capture.Live;

/// <content>Tunnels that an IP packet carries by its protocol number: IP, Ethernet, MPLS and GRE.</content>
internal sealed partial class InnermostHeaderProgram
{
    private const int ContentCell = -168;

    private readonly EbpfLabel _carrier = new();
    private readonly EbpfLabel _gre = new();

    private void Carriers()
    {
        var (ipv4, ipv6, etherIp) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Place(_carrier)
            .Store(Bits64, R10, FallbackCell, R7)
            .JumpIf(Equal, R9, FrameDecoder.MaxTunnelDepth, _notRead)
            .JumpIf(Equal, R0, (int)IpProtocol.IPv4, ipv4)
            .JumpIf(Equal, R0, (int)IpProtocol.IPv6, ipv6)
            .JumpIf(Equal, R0, (int)IpProtocol.Gre, _gre)
            .JumpIf(Equal, R0, (int)IpProtocol.EtherIp, etherIp)
            .JumpIf(Equal, R0, (int)IpProtocol.Mpls, _mpls)
            .Jump(_notRead);
        _asm.Place(ipv4);
        Descend();
        _asm.Jump(_ipv4).Place(ipv6);
        Descend();
        _asm.Jump(_ipv6).Place(etherIp);

        // RFC 3378: version 3 and twelve bits of 0.
        Read(2, _notRead);
        _asm.Load(Bits16, R0, R10, Octets).JumpIf(NotEqual, R0, Network(0x3000), _notRead).Compute(Add, R7, 2);
        Descend();
        _asm.Jump(_ethernet);
        Gre();
    }

    // Version 0 without source routes (RFC 2784, RFC 2890), and version 1, PPTP's (RFC 2637, 4.1).
    private void Gre()
    {
        const int Checksum = 0x8000, Routing = 0x4000, Key = 0x2000, Sequence = 0x1000, Acknowledgement = 0x0080;
        var (pptp, tagged, untagged, redirected, frame, erspan2, erspan3) =
            (new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Place(_gre);
        Read(4, _notRead);
        TakeHalf(R3, 0);
        TakeHalf(R0, 2);
        _asm.JumpIf(AnySet, R3, Routing, _notRead)
            .Compute(Add, R7, 4);
        SkipIfSet(R3, Checksum, 4);
        _asm.Move(R4, R7);
        SkipIfSet(R3, Key, 4);
        SkipIfSet(R3, Sequence, 4);
        _asm.Move(R2, R3).Compute(And, R2, 0x0007).JumpIf(Equal, R2, 1, pptp).JumpIf(NotEqual, R2, 0, _notRead)
            .JumpIf(GreaterOrEqual, R7, R8, _notRead)
            .JumpIf(Equal, R0, 0x88BE, erspan2)
            .JumpIf(Equal, R0, 0x22EB, erspan3)
            .JumpIf(Equal, R0, 0x883E, redirected)
            .JumpIf(Equal, R0, 0x6558, frame);
        foreach (var type in (ReadOnlySpan<int>)[0x8100, 0x88A8, 0x9100, 0x9200])
        {
            _asm.JumpIf(Equal, R0, type, tagged);
        }

        _asm.JumpIf(NotEqual, R0, 0x9300, untagged).Place(tagged);
        Read(4, _notRead);
        TakeHalf(R0, 2);
        _asm.Compute(Add, R7, 4).Place(untagged);
        Descend();
        _asm.Jump(_byEtherType)
            .Place(frame);
        Descend();
        _asm.Jump(_ethernet);

        // PPTP: the upper half of the key is the length.
        _asm.Place(pptp)
            .JumpIf(NotEqual, R0, 0x880B, _notRead)
            .Move(R0, R3).Compute(And, R0, Key).JumpIf(Equal, R0, 0, _notRead);
        SkipIfSet(R3, Acknowledgement, 4);
        _asm.Store(Bits64, R10, ContentCell, R7).Move(R7, R4);
        Read(2, _notRead);
        TakeHalf(R2, 0);
        _asm.Load(Bits64, R7, R10, ContentCell).Compute(Add, R2, R7).JumpIf(GreaterOrEqual, R7, R8, _notRead);
        EndAt(R2);
        Descend();
        _asm.Jump(_ppp);

        // WCCP's redirection: version 2 has a word of its own before the packet.
        var noWord = new EbpfLabel();
        _asm.Place(redirected);
        Read(1, _notRead);
        TakeByte(R0, 0);
        _asm.Compute(And, R0, 0xF0).JumpIf(Equal, R0, 0x40, noWord).Compute(Add, R7, 4).Place(noWord);
        Descend();
        _asm.Jump(_byNibble);
        Erspan(erspan2, erspan3, frame);
    }

    // draft-foschiano-erspan: type I has no header (and GRE no sequence number), type II eight octets, type III twelve and eight more where its last bit says so.
    private void Erspan(EbpfLabel second, EbpfLabel third, EbpfLabel frame)
    {
        const int Sequence = 0x1000;
        var (hasSequence, noMore, isIp) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Place(second).JumpIf(AnySet, R3, Sequence, hasSequence).Jump(frame)
            .Place(hasSequence);
        Read(8, _notRead);
        TakeByte(R0, 0);
        _asm.Compute(And, R0, 0xF0).JumpIf(NotEqual, R0, 0x10, _notRead).Compute(Add, R7, 8).Jump(frame)
            .Place(third);
        Read(12, _notRead);
        TakeByte(R0, 0);
        _asm.Compute(And, R0, 0xF0).JumpIf(NotEqual, R0, 0x20, _notRead);
        TakeHalf(R2, 10);
        _asm.Compute(Add, R7, 12).Move(R0, R2).Compute(And, R0, 1).JumpIf(Equal, R0, 0, noMore).Compute(Add, R7, 8)
            .Place(noMore)
            .Compute(ShiftRight, R2, 10).Compute(And, R2, 0x1F)
            .JumpIf(Equal, R2, 0, frame).JumpIf(NotEqual, R2, 2, _notRead)
            .Place(isIp);
        Descend();
        _asm.Jump(_byNibble);
    }

    /// <summary>R7 += octets, if a bit of a register is set.</summary>
    private void SkipIfSet(EbpfRegister flags, int bit, int octets)
    {
        var (set, done) = (new EbpfLabel(), new EbpfLabel());
        _asm.JumpIf(AnySet, flags, bit, set).Jump(done).Place(set).Compute(Add, R7, octets).Place(done);
    }
}
