using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.Metering.Ebpf;
using static EdgeSensors.Metering.Ebpf.EbpfRegister;
using static EdgeSensors.Metering.Ebpf.EbpfWidth;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>
/// The program at the interface: drops what comes from a listed prefix whose end has not come, and counts it; then looks the packet's ends up in the blocklist. Two
/// VLAN tags at most are read over. The owner's prefixes are looked up first; whatever is neither IPv4 nor IPv6, cut short or not understood passes, and the owner's
/// own tables still decide.
/// </summary>
internal static class XdpProgram
{
    /// <summary>XDP_DROP of linux/bpf.h.</summary>
    public const uint Drop = 1;

    /// <summary>XDP_PASS.</summary>
    public const uint Pass = 2;

    private const int VlanTags = 2;
    private const int Key = -24;

    /// <summary>Assembles it.</summary>
    /// <param name="allowed4">The owner's IPv4 prefixes.</param>
    /// <param name="allowed6">The owner's IPv6 prefixes.</param>
    /// <param name="listed4">IPv4 prefixes: their end in nanoseconds of CLOCK_BOOTTIME (8 octets), their slot (4), 4 that are zero.</param>
    /// <param name="listed6">The same for IPv6.</param>
    /// <param name="counters">By slot: packets (8 octets), octets (8).</param>
    /// <param name="blocklist">The blocklist.</param>
    public static EbpfInstruction[] Assemble(EbpfMap allowed4, EbpfMap allowed6, EbpfMap listed4, EbpfMap listed6, EbpfMap counters, XdpBlocklistMaps blocklist)
    {
        var (pass, drop, four, six) = (new EbpfLabel(), new EbpfLabel(), new EbpfLabel(), new EbpfLabel());

        // R6 goes along the frame, whose end is R7; R9 will be the octets that count.
        var asm = new EbpfAssembler().Load(Bits32, R6, R1, 0).Load(Bits32, R7, R1, 4);
        Ahead(asm, 14, pass).Load(Bits16, R3, R6, 12).Compute(EbpfOperation.Add, R6, 14);
        for (var tag = 0; tag <= VlanTags; tag++)
        {
            asm.FromNetworkOrder(R3, Bits16).JumpIf(EbpfCondition.Equal, R3, 0x0800, four).JumpIf(EbpfCondition.Equal, R3, 0x86DD, six);
            if (tag < VlanTags)
            {
                var inner = new EbpfLabel();
                asm.JumpIf(EbpfCondition.Equal, R3, 0x8100, inner).JumpIf(EbpfCondition.NotEqual, R3, 0x88A8, pass).Place(inner);
                Ahead(asm, 4, pass).Load(Bits16, R3, R6, 2).Compute(EbpfOperation.Add, R6, 4);
            }
        }

        asm.Jump(pass);

        Header(asm.Place(four), version: 4, length: 20, pass);
        asm.Load(Bits16, R9, R6, 2).FromNetworkOrder(R9, Bits16);
        LookUp(asm, 12, words: 1, allowed4, listed4, counters, drop, pass);
        LookUpInBlocklist(asm, 12, 16, words: 1, allowed4, blocklist.Singles4, blocklist.Nets4, blocklist, drop, pass);

        Header(asm.Place(six), version: 6, length: 40, pass);
        asm.Load(Bits16, R9, R6, 4).FromNetworkOrder(R9, Bits16).Compute(EbpfOperation.Add, R9, 40);
        LookUp(asm, 8, words: 4, allowed6, listed6, counters, drop, pass);
        LookUpInBlocklist(asm, 8, 24, words: 4, allowed6, blocklist.Singles6, blocklist.Nets6, blocklist, drop, pass);

        return asm.Place(drop).Move(R0, (int)Drop).Exit().Place(pass).Move(R0, (int)Pass).Exit().Assemble();
    }

    /// <summary>Goes to pass unless so many octets lie ahead.</summary>
    private static EbpfAssembler Ahead(EbpfAssembler asm, int octets, EbpfLabel pass) =>
        asm.Move(R2, R6).Compute(EbpfOperation.Add, R2, octets).JumpIf(EbpfCondition.Greater, R2, R7, pass);

    private static void Header(EbpfAssembler asm, int version, int length, EbpfLabel pass) =>
        Ahead(asm, length, pass).Load(Bits8, R2, R6, 0).Compute(EbpfOperation.ShiftRight, R2, 4).JumpIf(EbpfCondition.NotEqual, R2, version, pass);

    /// <summary>Looks the source address up: passes the owner's, drops and counts what is listed and has not ended, and goes on with the rest.</summary>
    private static void LookUp(EbpfAssembler asm, int source, int words, EbpfMap allowed, EbpfMap listed, EbpfMap counters, EbpfLabel drop, EbpfLabel pass)
    {
        var next = new EbpfLabel();
        WriteKey(asm, source, words);
        Find(asm, allowed).JumpIf(EbpfCondition.NotEqual, R0, 0, pass);
        Find(asm, listed).JumpIf(EbpfCondition.Equal, R0, 0, next)
            .Move(R8, R0).Load(Bits64, R1, R8, 0).Store(Bits64, R10, Key - 8, R1)
            .Call(EbpfHelper.BootNanoseconds).Load(Bits64, R1, R10, Key - 8).JumpIf(EbpfCondition.GreaterOrEqual, R0, R1, next)
            .Load(Bits32, R1, R8, 8).Store(Bits32, R10, Key, R1);
        Count(asm, counters, drop).Jump(drop).Place(next);
    }

    /// <summary>
    /// Looks both ends up in the blocklist, as far as a section of it looks at that end: single addresses first, then prefixes. An entry is its section's number; the
    /// section says until when it holds, which ends it looks at and whether it drops or only counts.
    /// </summary>
    private static void LookUpInBlocklist(
        EbpfAssembler asm, int source, int destination, int words, EbpfMap allowed, EbpfMap singles, EbpfMap nets, XdpBlocklistMaps blocklist, EbpfLabel drop, EbpfLabel pass)
    {
        foreach (var (at, bit) in new[] { (source, XdpBlocklist.LooksAtSource), (destination, XdpBlocklist.LooksAtDestination) })
        {
            var (found, next) = (new EbpfLabel(), new EbpfLabel());
            asm.Store(Bits32, R10, Key, XdpBlocklist.AllSections);
            Find(asm, blocklist.Sections).JumpIf(EbpfCondition.Equal, R0, 0, pass)
                .Load(Bits32, R1, R0, 8).Compute(EbpfOperation.And, R1, bit).JumpIf(EbpfCondition.Equal, R1, 0, next);
            WriteKey(asm, at, words);
            if (at == destination)
            {
                Find(asm, allowed).JumpIf(EbpfCondition.NotEqual, R0, 0, pass);
            }

            Find(asm, singles, Key + 4).JumpIf(EbpfCondition.NotEqual, R0, 0, found);
            Find(asm, nets).JumpIf(EbpfCondition.Equal, R0, 0, next);

            asm.Place(found).Load(Bits32, R1, R0, 0).Store(Bits32, R10, Key, R1);
            Find(asm, blocklist.Sections).JumpIf(EbpfCondition.Equal, R0, 0, next)
                .Move(R8, R0).Load(Bits32, R1, R8, 8).Compute(EbpfOperation.And, R1, bit).JumpIf(EbpfCondition.Equal, R1, 0, next)
                .Call(EbpfHelper.BootNanoseconds).Load(Bits64, R1, R8, 0).JumpIf(EbpfCondition.GreaterOrEqual, R0, R1, next);
            Count(asm, blocklist.Counters, next).Load(Bits32, R1, R8, 12).JumpIf(EbpfCondition.NotEqual, R1, 0, drop).Place(next);
        }

        asm.Jump(pass);
    }

    /// <summary>Writes an address of the header as the key of a prefix tree: its length, then its octets.</summary>
    private static void WriteKey(EbpfAssembler asm, int address, int words)
    {
        asm.Store(Bits32, R10, Key, words * 32);
        for (var at = 0; at < words * 4; at += 4)
        {
            asm.Load(Bits32, R1, R6, address + at).Store(Bits32, R10, Key + 4 + at, R1);
        }
    }

    /// <summary>Counts the packet at the slot that the key names.</summary>
    private static EbpfAssembler Count(EbpfAssembler asm, EbpfMap counters, EbpfLabel without) =>
        Find(asm, counters).JumpIf(EbpfCondition.Equal, R0, 0, without).Move(R1, 1).AddAtomic(Bits64, R0, 0, R1).AddAtomic(Bits64, R0, 8, R9);

    private static EbpfAssembler Find(EbpfAssembler asm, EbpfMap map, int key = Key) =>
        asm.MoveMap(R1, map).Move(R2, R10).Compute(EbpfOperation.Add, R2, key).Call(EbpfHelper.MapLookup);
}
