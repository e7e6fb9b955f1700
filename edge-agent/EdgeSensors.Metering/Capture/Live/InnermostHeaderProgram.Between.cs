using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Ebpf;
using static EdgeSensors.Metering.Ebpf.EbpfCondition;
using static EdgeSensors.Metering.Ebpf.EbpfOperation;
using static EdgeSensors.Metering.Ebpf.EbpfRegister;
using static EdgeSensors.Metering.Ebpf.EbpfWidth;

namespace EdgeSensors.Metering.Capture.Live;

/// <content>What lies between a link header and an IP header: MPLS, PPPoE, PPP, NSH, Ethernet in Ethernet and 802.11; and what happens when no IP header is found.</content>
internal sealed partial class InnermostHeaderProgram
{
    /// <summary>Whether the labels being read lie in a pseudowire of other labels.</summary>
    private const int InLabelsCell = -112;

    /// <summary>What else may lie at the place kept in the cells below, to be tried when what was tried first is not read; 0 for nothing.</summary>
    private const int OtherWayCell = -120;
    private const int OtherAtCell = -128;
    private const int OtherLimitCell = -136;
    private const int OtherEndCell = -144;
    private const int OtherDepthCell = -152;
    private const int OtherPortCell = -160;
    private const int FrameAsOtherWay = 1;
    private const int PortAsOtherWay = 2;

    private readonly EbpfLabel _notRead = new();
    private readonly EbpfLabel _byNibble = new();
    private readonly EbpfLabel _byNextProtocol = new();
    private readonly EbpfLabel _byEtherType = new();
    private readonly EbpfLabel _mpls = new();
    private readonly EbpfLabel _pppoe = new();
    private readonly EbpfLabel _ppp = new();
    private readonly EbpfLabel _nsh = new();
    private readonly EbpfLabel _backboneBridge = new();
    private readonly EbpfLabel _fabricPath = new();
    private readonly EbpfLabel _wireless = new();
    private readonly EbpfLabel _wirelessSwapped = new();

    /// <summary>With an EtherType in R0 and R7 behind it.</summary>
    private void ByEtherType() => _asm.Place(_byEtherType)
        .JumpIf(Equal, R0, 0x0800, _ipv4)
        .JumpIf(Equal, R0, 0x86DD, _ipv6)
        .JumpIf(Equal, R0, 0x8847, _mpls)
        .JumpIf(Equal, R0, 0x8848, _mpls)
        .JumpIf(Equal, R0, 0x8864, _pppoe)
        .JumpIf(Equal, R0, 0x880B, _ppp)
        .JumpIf(Equal, R0, 0x894F, _nsh)
        .JumpIf(Equal, R0, 0x88E7, _backboneBridge)
        .JumpIf(Equal, R0, 0x8903, _fabricPath)
        .Jump(_notRead);

    private void Between()
    {
        NotRead();
        ByNibble();
        ByNextProtocol();
        Mpls();
        Ppp();
        Nsh();
        FramesInFrames();
        Wireless();
    }

    /// <summary>No IP header was found on the way taken: there may be another; else what carries it is metered.</summary>
    private void NotRead()
    {
        var another = new EbpfLabel();
        _asm.Place(_notRead)
            .Load(Bits64, R1, R10, OtherWayCell).JumpIf(NotEqual, R1, 0, another)
            .Load(Bits64, R0, R10, FallbackCell).Jump(_end)
            .Place(another)
            .Move(R2, 0).Store(Bits64, R10, OtherWayCell, R2)
            .Load(Bits64, R7, R10, OtherAtCell)
            .Load(Bits64, R8, R10, OtherLimitCell)
            .Load(Bits64, R2, R10, OtherEndCell).Store(Bits64, R10, PacketEndCell, R2)
            .Load(Bits64, R9, R10, OtherDepthCell)
            .Load(Bits64, R0, R10, OtherPortCell)
            .JumpIf(Equal, R1, PortAsOtherWay, _byPort)
            .Jump(_ethernet);
    }

    /// <summary>Keeps this place and another way to go from it. R1 is lost.</summary>
    private void RememberOtherWay(int way) => _asm
        .Move(R1, way).Store(Bits64, R10, OtherWayCell, R1)
        .Store(Bits64, R10, OtherAtCell, R7)
        .Store(Bits64, R10, OtherLimitCell, R8)
        .Load(Bits64, R1, R10, PacketEndCell).Store(Bits64, R10, OtherEndCell, R1)
        .Store(Bits64, R10, OtherDepthCell, R9);

    /// <summary>One tunnel deeper, unless that is one too many or nothing is in it. R1 is lost.</summary>
    private void Descend(bool intoLabels = false, bool mayBeEmpty = false)
    {
        if (!mayBeEmpty)
        {
            _asm.JumpIf(GreaterOrEqual, R7, R8, _notRead);
        }

        _asm.JumpIf(Equal, R9, FrameDecoder.MaxTunnelDepth, _notRead).Compute(Add, R9, 1)
            .Move(R1, intoLabels ? 1 : 0).Store(Bits64, R10, InLabelsCell, R1);
    }

    /// <summary>IPv4 or IPv6, by the first four bits.</summary>
    private void ByNibble()
    {
        _asm.Place(_byNibble);
        Read(1, _notRead);
        TakeByte(R0, 0);
        _asm.Compute(ShiftRight, R0, 4)
            .JumpIf(Equal, R0, 4, _ipv4)
            .JumpIf(Equal, R0, 6, _ipv6)
            .Jump(_notRead);
    }

    /// <summary>By the "next protocol" numbers of NSH (RFC 8300, 2.2) and VXLAN-GPE, in R0.</summary>
    private void ByNextProtocol() => _asm.Place(_byNextProtocol)
        .JumpIf(Equal, R0, 1, _ipv4)
        .JumpIf(Equal, R0, 2, _ipv6)
        .JumpIf(Equal, R0, 3, _ethernet)
        .JumpIf(Equal, R0, 4, _nsh)
        .JumpIf(Equal, R0, 5, _mpls)
        .Jump(_notRead);

    /// <summary>Puts into R2 where the IP packet at R7 ends by its own length. R0 to R5 are lost.</summary>
    /// <param name="otherwise">Where to go when there is no such length.</param>
    private void IpEnd(EbpfLabel otherwise)
    {
        var (version6, done) = (new EbpfLabel(), new EbpfLabel());
        Read(6, otherwise);
        TakeByte(R0, 0);
        _asm.Compute(ShiftRight, R0, 4).JumpIf(Equal, R0, 6, version6).JumpIf(NotEqual, R0, 4, otherwise);
        TakeHalf(R2, 2);
        _asm.JumpIf(Equal, R2, 0, otherwise).Jump(done)
            .Place(version6);
        TakeHalf(R2, 4);
        _asm.Compute(Add, R2, 40)
            .Place(done).Compute(Add, R2, R7);
    }

    // RFC 3032. Nothing says what lies behind the bottom label: IP whose length fits (RFC 4928), a pseudowire's control word (RFC 4385) or an Ethernet frame.
    private void Mpls()
    {
        var (again, noLength, notOuter, word) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Place(_mpls).Move(R1, 0).Store(Bits64, R10, CountCell, R1).Place(again);
        Read(4, _notRead);
        _asm.Load(Bits64, R1, R10, CountCell).JumpIf(Equal, R1, FrameDecoder.MaxLabels, _notRead)
            .Compute(Add, R1, 1).Store(Bits64, R10, CountCell, R1)
            .Compute(Add, R7, 4);
        TakeByte(R0, 2);
        const int BottomOfStack = 1;
        _asm.Compute(And, R0, BottomOfStack).JumpIf(Equal, R0, 0, again)
            .Load(Bits64, R0, R10, InLabelsCell).Store(Bits64, R10, ProtocolCell, R0);
        Descend(intoLabels: true);

        // Where no IP packet's length fits it may be a frame.
        IpEnd(noLength);
        _asm.Load(Bits64, R1, R10, PacketEndCell).JumpIf(LessOrEqual, R2, R1, _byNibble)
            .Place(noLength);
        Read(1, _notRead);
        TakeByte(R0, 0);
        _asm.Compute(ShiftRight, R0, 4).JumpIf(Equal, R0, 0, word).Jump(_ethernet);

        // One try inside another, lest their number doubles.
        _asm.Place(word).Load(Bits64, R0, R10, ProtocolCell).JumpIf(NotEqual, R0, 0, notOuter);
        RememberOtherWay(FrameAsOtherWay);
        _asm.Place(notOuter).Compute(Add, R7, 4).Jump(_ethernet);
    }

    // RFC 2516, 4; RFC 1661, 6.5; RFC 1662, 3.1.
    private void Ppp()
    {
        var (noAddress, compressed, protocol) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Place(_pppoe);
        Read(6, _notRead);
        _asm.Load(Bits16, R0, R10, Octets).JumpIf(NotEqual, R0, Network(0x1100), _notRead);
        TakeHalf(R2, 4);
        _asm.Compute(Add, R7, 6).Compute(Add, R2, R7);
        EndAt(R2);
        Descend(mayBeEmpty: true);

        _asm.Place(_ppp);
        Read(2, _notRead);
        _asm.Load(Bits16, R0, R10, Octets).JumpIf(NotEqual, R0, Network(0xFF03), noAddress).Compute(Add, R7, 2);
        Read(2, _notRead);
        _asm.Place(noAddress);
        TakeByte(R0, 0);
        _asm.JumpIf(AnySet, R0, 1, compressed);
        TakeHalf(R0, 0);
        _asm.Compute(Add, R7, 1)
            .Place(compressed).Compute(Add, R7, 1)
            .Place(protocol)
            .JumpIf(Equal, R0, 0x0021, _ipv4)
            .JumpIf(Equal, R0, 0x0057, _ipv6)
            .JumpIf(Equal, R0, 0x0281, _mpls)
            .JumpIf(Equal, R0, 0x0283, _mpls)
            .Jump(_notRead);
    }

    // RFC 8300, 2.
    private void Nsh()
    {
        _asm.Place(_nsh);
        Read(8, _notRead);
        TakeByte(R0, 0);
        TakeByte(R2, 1);
        _asm.Compute(And, R0, 0xC0).JumpIf(NotEqual, R0, 0, _notRead)
            .Compute(And, R2, 0x3F).Compute(ShiftLeft, R2, 2).JumpIf(Less, R2, 8, _notRead);
        TakeByte(R0, 3);
        Descend(mayBeEmpty: true);
        _asm.Compute(Add, R7, R2).Jump(_byNextProtocol);
    }

    // IEEE 802.1Q, 9.7: four octets before the customer's frame; FabricPath: two.
    private void FramesInFrames()
    {
        foreach (var (label, length) in (ReadOnlySpan<(EbpfLabel, int)>)[(_backboneBridge, 4), (_fabricPath, 2)])
        {
            _asm.Place(label);
            Read(length, _notRead);
            Descend(mayBeEmpty: true);
            _asm.Compute(Add, R7, length).Jump(_ethernet);
        }
    }

    // IEEE 802.11-2020, 9.3.2.1: a data frame that is not encrypted, aggregated or a later fragment, then LLC and SNAP.
    private void Wireless()
    {
        var (read, threeAddresses, hasQuality, done) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel());
        _asm.Place(_wirelessSwapped);
        Read(24, _notRead);
        TakeByte(R3, 1);
        TakeByte(R2, 0);
        TakeByte(R4, 23);
        _asm.Jump(read).Place(_wireless);
        Read(24, _notRead);
        TakeByte(R3, 0);
        TakeByte(R2, 1);
        TakeByte(R4, 22);
        _asm.Place(read).Move(R0, R3).Compute(And, R0, 0x4F).JumpIf(NotEqual, R0, 0x08, _notRead)
            .JumpIf(AnySet, R2, 0x40, _notRead)
            .JumpIf(AnySet, R4, 0x0F, _notRead)
            .Compute(Add, R7, 24)
            .Move(R0, R2).Compute(And, R0, 0x03).JumpIf(NotEqual, R0, 0x03, threeAddresses).Compute(Add, R7, 6)
            .Place(threeAddresses)
            .JumpIf(AnySet, R3, 0x80, hasQuality).Jump(done)
            .Place(hasQuality).Store(Bits64, R10, ProtocolCell, R2);
        Read(2, _notRead);
        TakeByte(R0, 0);
        _asm.JumpIf(AnySet, R0, 0x80, _notRead)
            .Compute(Add, R7, 2)
            .Load(Bits64, R2, R10, ProtocolCell);
        SkipIfSet(R2, 0x80, 4);
        _asm.Place(done).Move(R0, 0).Jump(_etherType);
    }
}
