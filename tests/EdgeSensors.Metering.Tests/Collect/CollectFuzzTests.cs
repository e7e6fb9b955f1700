using CsCheck;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>Wall 7: any datagram gives a status, state stays within its bounds, and totals stay sane. The long run is the benchmark program's <c>fuzz-flows</c>.</summary>
public sealed class CollectFuzzTests
{
    private static readonly Gen<(int Where, byte What)[]> Mutations = Gen.Select(Gen.Int[0, int.MaxValue], Gen.Byte).Array[0, 12];

    private static readonly CollectorOptions Small = new()
    {
        MaxDomains = 8, MaxTemplates = 16, MaxTemplatesPerDomain = 8, MaxTemplateFields = 600, MaxHeldOctets = 8_000, MaxHeldOctetsPerDomain = 3_000,
    };

    public static TheoryData<ExportFormat> Formats => [ExportFormat.Ipfix, ExportFormat.NetFlow9, ExportFormat.NetFlow5, ExportFormat.Sflow5];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Any_octets_behind_any_version_are_read_to_a_status(ExportFormat format)
    {
        byte[] head = format switch { ExportFormat.Ipfix => [0, 10], ExportFormat.NetFlow9 => [0, 9], ExportFormat.NetFlow5 => [0, 5], _ => [0, 0, 0, 5, 0, 0, 0, 1] };
        Gen.Byte.Array[0, 300].Array[1, 4].Sample(tails => Feed([.. tails.Select(tail => (byte[])[.. head, .. tail])]), iter: 6_000);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Written_datagrams_with_any_octets_changed_are_read_to_a_status(ExportFormat format)
    {
        var originals = Originals(format);
        Gen.Select(Gen.Int[0, originals.Length - 1].Select(index => originals[index]), Mutations, Gen.Int[0, 200]).Array[1, 6]
            .Sample(messages => Feed([.. messages.Select(message => Mutate(message.Item1, message.Item2, message.Item3))]), iter: 6_000);
    }

    [Fact]
    public void Real_datagrams_with_any_octets_changed_are_read_to_a_status()
    {
        var originals = Directory.EnumerateFiles(ExportReplay.Folder, "*.*", SearchOption.AllDirectories)
            .Where(path => Path.GetExtension(path) is ".pcap" or ".dat" or ".bin")
            .SelectMany(ExportReplay.Datagrams).Select(datagram => datagram.Payload).Where(payload => payload.Length > 0).ToArray();
        Gen.Select(Gen.Int[0, originals.Length - 1].Select(index => originals[index]), Mutations, Gen.Int[0, 200]).Array[1, 6]
            .Sample(messages => Feed([.. messages.Select(message => Mutate(message.Item1, message.Item2, message.Item3))]), iter: 6_000);
    }

    private static void Feed(byte[][] datagrams)
    {
        var rig = new CollectorRig(Small);
        foreach (var datagram in datagrams)
        {
            rig.Now += 0.5;
            rig.Add(datagram);
            rig.Add((byte[])datagram.Clone(), new ExporterEndpoint(HostAddress.FromIPv4(datagram.Length > 9 ? datagram[9] : 0u), 1));
        }

        Assert.Equal(2 * datagrams.Length, Enum.GetValues<CollectStatus>().Sum(rig.Totals.Count));
        Assert.InRange(rig.Collector.DomainCount, 0, Small.MaxDomains);
        Assert.InRange(rig.Collector.TemplateCount, 0, Small.MaxTemplates);
        Assert.InRange(rig.Collector.TemplateFieldCount, 0, Small.MaxTemplateFields);
        Assert.InRange(rig.Collector.HeldOctets, 0, Small.MaxHeldOctets);
        Assert.Equal(rig.Totals.FlowCount, rig.Flows.Count);
        Assert.All(rig.Flows, flow => Assert.True(flow is { PacketCount: >= 0, OctetCount: >= 0, ReversePacketCount: >= 0, ReverseOctetCount: >= 0 }));
        Assert.All(rig.Collector.Reports(0), report => Assert.True(report is { MissingCount: >= 0, HeldOctets: >= 0 }));
    }

    private static byte[] Mutate(byte[] original, (int Where, byte What)[] mutations, int cut)
    {
        var octets = original[..Math.Max(0, original.Length - Math.Max(0, cut - 150))];
        foreach (var (where, what) in mutations)
        {
            if (octets.Length > 0)
                octets[where % octets.Length] = what;
        }

        return octets;
    }

    private static byte[][] Originals(ExportFormat format) => format switch
    {
        ExportFormat.Ipfix =>
        [
            ExportMessage.Ipfix(1_000_000, 0).Set(2, set => set.Template(256, (8, 4), (12, 4), (82, 0xFFFF), (2, 8), (315, 0xFFFF))).ToArray(),
            ExportMessage.Ipfix(1_000_000, 0).Set(256, set => set.U32(1).U32(2).U8(2).U16(5).U64(3).U8(20).Bytes(new byte[20])).ToArray(),
            ExportMessage.Ipfix(1_000_000, 1).Set(3, set => set.U16(300).U16(3).U16(1).U16(302).U16(4).U16(309).U16(4).U16(310).U16(4)).Set(300, set => set.U32(1).U32(1).U32(9)).ToArray(),
            ExportMessage.Ipfix(1_000_002, 2).Set(2, set => set.U16(256).U16(0)).ToArray(),
        ],
        ExportFormat.NetFlow9 =>
        [
            ExportMessage.NetFlow9(1000, 1_000_000, 0).Set(0, set => set.Template(256, (8, 4), (12, 4), (2, 8))).ToArray(),
            ExportMessage.NetFlow9(2000, 1_000_001, 1).Set(256, set => set.U32(1).U32(2).U64(5)).ToArray(),
            ExportMessage.NetFlow9(3000, 1_000_002, 2).Set(1, set => set.U16(300).U16(4).U16(8).U16(1).U16(4).U16(48).U16(1).U16(50).U16(4).U16(0)).Set(300, set => set.U32(0).U8(5).U32(1000)).ToArray(),
        ],
        ExportFormat.NetFlow5 => [ExportMessage.NetFlow5(2, 1000, 1_000_000, 0, sampling: 100).Bytes(new byte[96]).ToArray()],
        _ =>
        [
            ExportMessage.Sflow(1, 1000, 2)
                .Record(1, sample => sample.U32(1).U32(3).U32(100).U32(99).U32(0).U32(3).U32(4).U32(1)
                    .Record(1, record => record.U32(1).U32(64).U32(4).U32(34).Bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])))
                .Record(2, sample => sample.U32(1).U32(3).U32(1).Record(1, record => record.Bytes(new byte[88]))).ToArray(),
        ],
    };
}
