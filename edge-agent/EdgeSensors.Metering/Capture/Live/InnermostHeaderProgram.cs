using System.Buffers.Binary;
using EdgeSensors.Metering.Ebpf;
using static EdgeSensors.Metering.Ebpf.EbpfCondition;
using static EdgeSensors.Metering.Ebpf.EbpfOperation;
using static EdgeSensors.Metering.Ebpf.EbpfRegister;
using static EdgeSensors.Metering.Ebpf.EbpfWidth;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>Writes the program of <see cref="InnermostHeaderFilter"/>. This file: reading, ending and the frames that nearly all traffic consists of.</summary>
internal sealed partial class InnermostHeaderProgram
{
    // linux/bpf.h, struct __sk_buff
    private const int BufferLength = 0;
    private const int BufferPacketType = 4;
    private const int BufferProtocol = 16;
    private const int PacketOutgoing = 4;

    /// <summary>Where on the stack the octets lie that were read last; 64 octets.</summary>
    private const int Octets = -64;

    /// <summary>Where the innermost packet known so far ends by its own length, which may lie beyond the frame's end.</summary>
    private const int PacketEndCell = -72;

    /// <summary>Where the headers end if no more IP header is found: behind the header that carries what is being looked into.</summary>
    private const int FallbackCell = -80;
    private const int HashCell = -88;
    private const int CountCell = -96;
    private const int ProtocolCell = -104;

    private readonly EbpfAssembler _asm = new();
    private readonly LinkKind _link;
    private readonly ulong _hashKey;
    private readonly SortedDictionary<int, EbpfLabel> _endAfter = [];
    private readonly EbpfLabel _endAtLimit = new();
    private readonly EbpfLabel _end = new();
    private readonly EbpfLabel _discard = new();

    /// <param name="link">How frames begin.</param>
    /// <param name="hashKey">0: the result is where the headers end. Else: a hash of the addresses, keyed by it.</param>
    public InnermostHeaderProgram(LinkKind link, ulong hashKey) => (_link, _hashKey) = (link, hashKey);

    private bool Hashes => _hashKey != 0;

    public EbpfInstruction[] Assemble()
    {
        // R7 begins with a zero that the verifier does not know to be one: of a number it knows it would follow every value through every way there is.
        _asm.Move(R6, R1).Load(Bits32, R8, R6, BufferLength).Load(Bits32, R7, R6, BufferLength).Compute(Subtract, R7, R8)
            .Move(R9, 0)
            .Store(Bits64, R10, FallbackCell, R7)
            .Store(Bits64, R10, InLabelsCell, R9)
            .Store(Bits64, R10, OtherWayCell, R9)
            .Store(Bits64, R10, PacketEndCell, R8);
        if (Hashes)
        {
            _asm.Store(Bits64, R10, HashCell, R7);
        }

        if (_link == LinkKind.Loopback)
        {
            // The loopback interface shows each frame twice, leaving and arriving.
            _asm.Load(Bits32, R0, R6, BufferPacketType).JumpIf(Equal, R0, PacketOutgoing, _discard);
        }

        Begin();
        Ethernet();
        IPv4();
        IPv6();
        Transport();
        Icmp();
        Between();
        Carriers();
        UdpTunnels();
        Ends();
        return _asm.Assemble();
    }

    private void Begin()
    {
        if (Hashes)
        {
            // Packets are divided before they are a socket's: what arrives still has its link header off, what leaves has it on.
            var leaving = _link == LinkKind.RawIp ? null : new EbpfLabel();
            if (leaving is not null)
            {
                _asm.Load(Bits32, R0, R6, BufferPacketType).JumpIf(Equal, R0, PacketOutgoing, leaving);
            }

            _asm.Load(Bits32, R0, R6, BufferProtocol).FromNetworkOrder(R0, Bits16).Jump(_etherType);
            if (leaving is not null)
            {
                _asm.Place(leaving);
            }
        }
        else if (_link == LinkKind.RawIp)
        {
            _asm.Load(Bits32, R0, R6, BufferProtocol).FromNetworkOrder(R0, Bits16)
                .JumpIf(Equal, R0, 0x0800, _ipv4)
                .JumpIf(Equal, R0, 0x86DD, _ipv6)
                .Jump(_discard);
        }
        else
        {
            var whole = new EbpfLabel();
            _asm.JumpIf(GreaterOrEqual, R8, 14, whole).Jump(_endAtLimit).Place(whole);
            CommonEthernet();
        }
    }

    /// <summary>
    /// Untagged IPv4 without options, TCP or UDP to no port where tunnels are, by one call of the kernel. What is not so falls through to the rest, which knows everything.
    /// </summary>
    private void CommonEthernet()
    {
        var (other, tcp) = (new EbpfLabel(), new EbpfLabel());
        Read(14 + 20 + 20, other);
        _asm.Load(Bits16, R0, R10, Octets + 12).JumpIf(NotEqual, R0, Network(0x0800), other)
            .Load(Bits8, R0, R10, Octets + 14).JumpIf(NotEqual, R0, 0x45, other)
            .Load(Bits16, R0, R10, Octets + 20).JumpIf(AnySet, R0, Network(0x1FFF), other)
            .Load(Bits16, R3, R10, Octets + 16).FromNetworkOrder(R3, Bits16).Compute(Add, R3, 14)
            .JumpIf(Greater, R3, R8, other)
            .Load(Bits8, R0, R10, Octets + 23)
            .JumpIf(Equal, R0, 6, tcp)
            .JumpIf(NotEqual, R0, 17, other)
            .JumpIf(Less, R3, 14 + 20 + 8, other);
        TakeHalf(R1, 34);
        TakeHalf(R2, 36);
        GoIfMayBeTunnel(other);
        _asm.Move(R0, 14 + 20 + 8).Exit();

        // A data offset that is under 20 or leads out of the packet is for the rest too.
        _asm.Place(tcp)
            .Load(Bits8, R0, R10, Octets + 34 + 12).Compute(ShiftRight, R0, 2).Compute(And, R0, 0x3C)
            .JumpIf(Less, R0, 20, other)
            .Compute(Add, R0, 34)
            .JumpIf(Greater, R0, R3, other)
            .Exit();
        _asm.Place(other);
    }

    /// <summary>Copies octets from the current header on to the stack; goes to a label if the packet does not have so many. R0 to R5 are lost.</summary>
    private void Read(int count, EbpfLabel whenShort)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, -Octets);
        _asm.Move(R0, R7).Compute(Add, R0, count).JumpIf(Greater, R0, R8, whenShort)
            .Move(R1, R6).Move(R2, R7).Move(R3, R10).Compute(Add, R3, Octets).Move(R4, count)
            .Call(EbpfHelper.LoadPacketBytes)
            .JumpIf(NotEqual, R0, 0, _notRead);
    }

    /// <summary>The read octet at a place.</summary>
    private void TakeByte(EbpfRegister to, int at) => _asm.Load(Bits8, to, R10, Octets + at);

    /// <summary>The two read octets at a place as a number.</summary>
    private void TakeHalf(EbpfRegister to, int at) => _asm.Load(Bits16, to, R10, Octets + at).FromNetworkOrder(to, Bits16);

    /// <summary>What is being looked into ends where a register says at the latest. R1 is lost.</summary>
    private void EndAt(EbpfRegister end)
    {
        var (known, inside) = (new EbpfLabel(), new EbpfLabel());
        _asm.Load(Bits64, R1, R10, PacketEndCell).JumpIf(LessOrEqual, R1, end, known).Store(Bits64, R10, PacketEndCell, end)
            .Place(known)
            .JumpIf(LessOrEqual, R8, end, inside).Move(R8, end).Place(inside);
    }

    /// <summary>The end of the headers that lies so many octets behind the start of the current one, or at the packet's end if that comes first.</summary>
    private EbpfLabel EndAfter(int length)
    {
        if (!_endAfter.TryGetValue(length, out var label))
        {
            _endAfter[length] = label = new EbpfLabel();
        }

        return label;
    }

    private void Ends()
    {
        foreach (var (length, label) in _endAfter)
        {
            _asm.Place(label).Move(R0, R7);
            if (length != 0)
            {
                _asm.Compute(Add, R0, length);
            }

            _asm.JumpIf(LessOrEqual, R0, R8, _end);
            if (length != _endAfter.Keys.Last())
            {
                _asm.Jump(_endAtLimit);
            }
        }

        _asm.Place(_endAtLimit).Move(R0, R8).Place(_end);
        if (Hashes)
        {
            // The upper half of the product depends on all bits.
            _asm.Load(Bits64, R0, R10, HashCell).MoveWide(R1, _hashKey).Compute(Multiply, R0, R1).Compute(ShiftRight, R0, 32);
        }

        _asm.Exit();
        if (_link == LinkKind.Loopback || (_link == LinkKind.RawIp && !Hashes))
        {
            _asm.Place(_discard).Move(R0, 0).Exit();
        }
    }

    /// <summary>A number of two octets as it lies in a packet and is loaded without being turned.</summary>
    private static int Network(ushort value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}
