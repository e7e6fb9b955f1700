using CsCheck;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Metering.Tests.Truth;

namespace EdgeSensors.Metering.Tests.Capture;

/// <summary>Wall 7: any bytes give packets, an end or a typed error, through the whole of the meter.</summary>
public class CaptureFuzzTests
{
    private static readonly Gen<(int Where, byte What)[]> Mutations = Gen.Select(Gen.Int[0, int.MaxValue], Gen.Byte).Array[1, 24];

    [Fact]
    public void Any_bytes_behind_any_magic_are_read_to_an_end()
    {
        byte[][] heads = [[], [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0], [0xA1, 0xB2, 0x3C, 0x4D, 0, 2, 0, 4], new CaptureWriter(false).Section().Interface().ToArray()];
        Gen.Select(Gen.Int[0, heads.Length - 1].Select(i => heads[i]), Gen.Byte.Array[0, 400]).Sample((head, tail) => Meter([.. head, .. tail]));
    }

    [Fact]
    public void A_written_capture_with_any_octets_changed_is_read_to_an_end()
    {
        var payload = Enumerable.Range(0, 90).Select(i => (byte)(i * 7)).ToArray();
        byte[][] captures =
        [
            new CaptureWriter(false).PcapHeader().PcapRecord(1, 1, payload).PcapRecord(2, 2, payload).ToArray(),
            new CaptureWriter(true).Section().Interface(resolution: 9, offsetSeconds: 5).Interface(LinkType.Raw).EnhancedPacket(0, 1, payload).SimplePacket(payload, 90)
                .Block(5, payload).Section().Interface().EnhancedPacket(0, 1, payload).ToArray(),
        ];
        Gen.Select(Gen.Int[0, captures.Length - 1].Select(i => captures[i]), Mutations, Gen.Int[0, 500]).Sample((capture, mutations, cut) => Meter(Mutate(capture, mutations, cut)));
    }

    [Fact]
    public void A_real_capture_with_any_octets_changed_is_read_to_an_end()
    {
        byte[][] captures = Directory.EnumerateFiles(Path.Combine(Corpus.Captures, "encap"), "*.pcap*", SearchOption.AllDirectories)
            .Where(path => new FileInfo(path).Length < 4_000).Select(File.ReadAllBytes).ToArray();
        Gen.Select(Gen.Int[0, captures.Length - 1].Select(i => captures[i]), Mutations, Gen.Int[0, 100]).Sample((capture, mutations, cut) => Meter(Mutate(capture, mutations, cut)), iter: 20_000);
    }

    private static byte[] Mutate(byte[] capture, (int Where, byte What)[] mutations, int cut)
    {
        var octets = capture[..Math.Max(0, capture.Length - (cut > 60 ? cut - 60 : 0))];
        foreach (var (where, what) in mutations)
        {
            if (octets.Length > 0)
                octets[where % octets.Length] = what;
        }

        return octets;
    }

    private static void Meter(byte[] octets)
    {
        if (!CaptureFile.TryOpen(new MemoryStream(octets), "f", out var file, out var error))
        {
            Assert.DoesNotContain('\n', error.Message);
            return;
        }

        using (file)
        {
            var sum = new CountingConsumer();
            var meter = new PacketMeter(new FlowTableOptions { MaxFlows = 4 }, sum);
            CapturedPacket packet = default;
            while (file.Read(ref packet) != PacketRead.End)
            {
                Assert.InRange(packet.Data.Length, 0, octets.Length);
                Assert.True(Enum.IsDefined(meter.Add(ref packet)));
            }

            meter.Flows.Flush();
            Assert.Equal((meter.Totals.IpPacketCount, meter.Totals.IpOctetCount), (sum.Packets, sum.Octets));
            Assert.True(file.Error is null || !file.Error.Message.Contains('\n', StringComparison.Ordinal));
        }
    }

    private sealed class CountingConsumer : IBiflowConsumer
    {
        public long Packets { get; private set; }

        public long Octets { get; private set; }

        public void OnBiflow(ref readonly BiflowRecord record)
        {
            Packets += record.PacketCount;
            Octets += record.OctetCount;
        }
    }
}
