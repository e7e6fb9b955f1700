using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Ebpf;
using static EdgeSensors.Metering.Ebpf.EbpfCondition;
using static EdgeSensors.Metering.Ebpf.EbpfOperation;
using static EdgeSensors.Metering.Ebpf.EbpfRegister;
using static EdgeSensors.Metering.Ebpf.EbpfWidth;

namespace EdgeSensors.Metering.Capture.Live;

/// <content>TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), ICMP (RFC 792) and ICMPv6 (RFC 4443), and the packet that an ICMP error quotes.</content>
internal sealed partial class InnermostHeaderProgram
{
    private readonly EbpfLabel _transport = new();
    private readonly EbpfLabel _icmp = new();
    private readonly EbpfLabel _icmpv6 = new();

    private void Transport()
    {
        var (tcp, carrier) = (new EbpfLabel(), new EbpfLabel());
        _asm.Place(_transport)
            .JumpIf(Equal, R0, (int)IpProtocol.Udp, _udp)
            .JumpIf(Equal, R0, (int)IpProtocol.Sctp, EndAfter(12))
            .JumpIf(NotEqual, R0, (int)IpProtocol.Tcp, _carrier);

        // A data offset that leads out of the IP packet is none; one that leads out of what was captured is.
        _asm.Place(tcp);
        Read(20, _endAtLimit);
        TakeByte(R0, 12);
        _asm.Compute(ShiftRight, R0, 2).Compute(And, R0, 0x3C).JumpIf(Less, R0, 20, EndAfter(20))
            .Compute(Add, R0, R7)
            .Load(Bits64, R1, R10, PacketEndCell).JumpIf(Greater, R0, R1, EndAfter(20))
            .JumpIf(LessOrEqual, R0, R8, _end)
            .Jump(_endAtLimit);
    }

    private void Icmp()
    {
        var (error, quoted) = (new EbpfLabel(), new EbpfLabel());
        _asm.Place(_icmp);
        Read(8, _endAtLimit);
        TakeByte(R0, 0);
        foreach (var type in (ReadOnlySpan<int>)[3, 4, 5, 11])
        {
            _asm.JumpIf(Equal, R0, type, error);
        }

        _asm.JumpIf(NotEqual, R0, 12, EndAfter(8)).Place(error).Compute(Add, R7, 8);
        Read(20, EndAfter(0));
        TakeByte(R1, 0);
        _asm.JumpIf(Less, R1, 0x45, EndAfter(0)).JumpIf(Greater, R1, 0x4F, EndAfter(0))
            .Compute(And, R1, 0x0F).Compute(ShiftLeft, R1, 2);
        if (Hashes)
        {
            _asm.Load(Bits32, R2, R10, Octets + 12).Load(Bits32, R3, R10, Octets + 16).Compute(ExclusiveOr, R2, R3).Store(Bits64, R10, HashCell, R2);
        }

        // Eight octets more only where they are a header: of an unknown protocol or a later fragment they would be what somebody said.
        TakeByte(R0, 9);
        _asm.Load(Bits16, R2, R10, Octets + 6).Compute(Add, R7, R1).JumpIf(AnySet, R2, Network(0x1FFF), EndAfter(0))
            .JumpIf(Equal, R0, (int)IpProtocol.Icmp, EndAfter(8))
            .Place(quoted)
            .JumpIf(Equal, R0, (int)IpProtocol.Tcp, EndAfter(8))
            .JumpIf(Equal, R0, (int)IpProtocol.Udp, EndAfter(8))
            .JumpIf(Equal, R0, (int)IpProtocol.Sctp, EndAfter(8))
            .Jump(EndAfter(0));

        _asm.Place(_icmpv6);
        Read(8, _endAtLimit);
        TakeByte(R0, 0);
        _asm.JumpIf(Less, R0, 1, EndAfter(8)).JumpIf(Greater, R0, 4, EndAfter(8)).Compute(Add, R7, 8);
        Read(40, EndAfter(0));
        TakeByte(R0, 0);
        _asm.Compute(And, R0, 0xF0).JumpIf(NotEqual, R0, 0x60, EndAfter(0));
        if (Hashes)
        {
            HashIPv6();
        }

        TakeByte(R0, 6);
        _asm.Compute(Add, R7, 40);
        ExtensionHeaders(whenCut: _endAtLimit, whenBeyond: _endAtLimit);
        _asm.JumpIf(Equal, R0, (int)IpProtocol.IcmpV6, EndAfter(8)).Jump(quoted);
    }
}
