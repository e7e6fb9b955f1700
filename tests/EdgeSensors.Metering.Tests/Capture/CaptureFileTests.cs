using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Tests.Truth;

namespace EdgeSensors.Metering.Tests.Capture;

public class CaptureFileTests
{
    private static readonly byte[] Octets = [.. Enumerable.Range(0, 61).Select(i => (byte)i)];

    [Theory]
    [InlineData(false, 0xA1B2C3D4u, 123_456_000)]
    [InlineData(true, 0xA1B2C3D4u, 123_456_000)]
    [InlineData(false, 0xA1B23C4Du, 123_456)]
    [InlineData(true, 0xA1B23C4Du, 123_456)]
    public void A_pcap_file_reads_the_same_in_both_byte_orders_and_units(bool bigEndian, uint magic, long fractionNs)
    {
        var packets = ReadAll(new CaptureWriter(bigEndian).PcapHeader(magic, LinkType.LinuxCooked).PcapRecord(1_700_000_000, 123_456, Octets, 1500), out var error);
        Assert.Null(error);
        Assert.Equal([new Packet((1_700_000_000L * 1_000_000_000) + fractionNs, LinkType.LinuxCooked, Octets, 1500)], packets);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pcapng_file_reads_each_interface_in_its_own_unit_and_framing(bool bigEndian)
    {
        var packets = ReadAll(
            new CaptureWriter(bigEndian).Section()
                .Interface()
                .Interface(LinkType.Raw, resolution: 9)
                .Interface(LinkType.Null, resolution: 0x80 | 10, offsetSeconds: 1_000)
                .Interface(LinkType.Ethernet, resolution: 12)
                .Block(0x0BAD, [1, 2, 3])
                .EnhancedPacket(0, 5_000_001, Octets)
                .EnhancedPacket(1, 5_000_001, Octets, 2000)
                .EnhancedPacket(2, 512, Octets[..5])
                .EnhancedPacket(3, 7_000_999, []),
            out var error);
        Assert.Null(error);
        Assert.Equal(
            [
                new Packet(5_000_001_000, LinkType.Ethernet, Octets, 61),
                new Packet(5_000_001, LinkType.Raw, Octets, 2000),
                new Packet(1_000_500_000_000, LinkType.Null, Octets[..5], 5),
                new Packet(7_000, LinkType.Ethernet, [], 0),
            ],
            packets);
    }

    [Fact]
    public void A_simple_packet_has_the_length_of_its_block_and_the_time_of_the_packet_before()
    {
        var packets = ReadAll(
            new CaptureWriter(false).Section().Interface(snapLength: 10).EnhancedPacket(0, 42, Octets).SimplePacket(Octets[..10], 61), out _);
        Assert.Equal([new Packet(42_000, LinkType.Ethernet, Octets, 61), new Packet(42_000, LinkType.Ethernet, Octets[..10], 61)], packets);
    }

    [Fact]
    public void A_second_section_may_have_the_other_byte_order_and_its_own_interfaces()
    {
        var first = new CaptureWriter(false).Section().Interface(LinkType.Raw).EnhancedPacket(0, 1, Octets).ToArray();
        var second = new CaptureWriter(true).Section().Interface(LinkType.Null).EnhancedPacket(0, 2, Octets).ToArray();
        var packets = ReadAll(new MemoryStream([.. first, .. second]), out var error);
        Assert.Null(error);
        Assert.Equal([LinkType.Raw, LinkType.Null], packets.Select(packet => packet.LinkType));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_truncated_last_record_is_reported_after_all_before_it_were_read(bool pcapng)
    {
        var whole = pcapng
            ? new CaptureWriter(false).Section().Interface().EnhancedPacket(0, 1, Octets).EnhancedPacket(0, 2, Octets).ToArray()
            : new CaptureWriter(false).PcapHeader().PcapRecord(1, 1, Octets).PcapRecord(2, 2, Octets).ToArray();
        var oneRecord = pcapng ? 28 + 20 + 96 : 24 + 16 + 61;
        for (var length = oneRecord + 1; length < whole.Length; length++)
        {
            Assert.Single(ReadAll(new MemoryStream(whole[..length]), out var error));
            Assert.Equal(CaptureErrorKind.Truncated, error!.Kind);
            Assert.Equal(oneRecord, error.Offset);
        }
    }

    [Theory]
    [InlineData(new byte[0], CaptureErrorKind.Empty)]
    [InlineData(new byte[] { 0xD4, 0xC3, 0xB2 }, CaptureErrorKind.NotACapture)]
    [InlineData(new byte[] { 0xD4, 0xC3, 0xB2, 0xA1, 2 }, CaptureErrorKind.Truncated)]
    [InlineData(new byte[] { 0x1F, 0x8B, 8, 0 }, CaptureErrorKind.Compressed)]
    [InlineData(new byte[] { 0x28, 0xB5, 0x2F, 0xFD }, CaptureErrorKind.Compressed)]
    [InlineData(new byte[] { 0x0A, 0x0D, 0x0D, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, CaptureErrorKind.NotACapture)]
    [InlineData(new byte[] { (byte)'#', (byte)'!', (byte)'/', (byte)'b' }, CaptureErrorKind.NotACapture)]
    public void What_is_no_readable_capture_is_told_by_its_kind(byte[] octets, CaptureErrorKind kind)
    {
        Assert.False(CaptureFile.TryOpen(new MemoryStream(octets), "f", out _, out var error));
        Assert.Equal(kind, error.Kind);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_told_apart()
    {
        Assert.False(CaptureFile.TryOpen(Path.Combine(AppContext.BaseDirectory, "none.pcap"), out _, out var missing));
        Assert.False(CaptureFile.TryOpen(AppContext.BaseDirectory, out _, out var folder));
        Assert.Equal((CaptureErrorKind.NotFound, CaptureErrorKind.NotACapture), (missing.Kind, folder.Kind));
    }

    [Fact]
    public void A_record_that_claims_more_than_any_packet_has_ends_the_reading_there()
    {
        var packets = ReadAll(new CaptureWriter(false).PcapHeader().PcapRecord(1, 1, Octets).Word(0).Word(0).Word(0x7FFFFFFF).Word(0x7FFFFFFF), out var error);
        Assert.Single(packets);
        Assert.Equal(CaptureErrorKind.Corrupt, error!.Kind);
    }

    [Fact]
    public void A_packet_of_an_interface_never_described_ends_the_reading_there()
    {
        Assert.Empty(ReadAll(new CaptureWriter(false).Section().Interface().EnhancedPacket(1, 1, Octets), out var error));
        Assert.Equal(CaptureErrorKind.Corrupt, error!.Kind);
    }

    [Fact]
    public void Reading_goes_on_at_any_position_of_a_pcap_file() =>
        AssertResumesAnywhere(new CaptureWriter(true).PcapHeader().PcapRecord(1, 1, Octets).PcapRecord(2, 2, []).PcapRecord(3, 3, Octets[..7]).ToArray());

    [Fact]
    public void Reading_goes_on_at_any_position_of_a_pcapng_file_with_the_interfaces_described_before_it()
    {
        var first = new CaptureWriter(false).Section().Interface(LinkType.Raw).EnhancedPacket(0, 1, Octets).Interface(LinkType.Null, 9)
            .Block(5, [1, 2, 3]).EnhancedPacket(1, 2, Octets).EnhancedPacket(0, 3, Octets).ToArray();
        var second = new CaptureWriter(true).Section().Interface(LinkType.LinuxCooked).EnhancedPacket(0, 4, Octets).EnhancedPacket(0, 5, Octets).ToArray();
        AssertResumesAnywhere([.. first, .. second]);
    }

    [Theory]
    [InlineData(0, 29)]
    [InlineData(4, 28)]
    [InlineData(0, 1_000_000)]
    [InlineData(28, 48)]
    public void A_position_that_is_no_record_boundary_of_the_file_is_refused(long section, long offset)
    {
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, new CaptureWriter(false).Section().Interface().EnhancedPacket(0, 1, Octets).ToArray());
        Assert.False(CaptureFile.TryOpen(path, new CapturePosition(section, offset), out _, out var error));
        Assert.Equal(CaptureErrorKind.PositionMismatch, error.Kind);
        File.Delete(path);
    }

    [Fact]
    public void Every_capture_of_the_corpus_reads_on_from_its_middle()
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Corpus.Captures, "flows-arkime", "arkime"), "*.pcap*"))
        {
            if (!CaptureFile.TryOpen(path, out var file, out _))
                continue;
            var all = new List<(Packet Packet, CapturePosition After)>();
            using (file)
            {
                CapturedPacket packet = default;
                while (file.Read(ref packet) != PacketRead.End)
                    all.Add((Packet.Of(in packet), file.Position));
            }

            if (all.Count < 2)
                continue;
            var middle = all.Count / 2;
            Assert.True(CaptureFile.TryOpen(path, all[middle - 1].After, out var rest, out var error), error?.Message);
            using (rest)
                Assert.Equal(all.Skip(middle).Select(entry => entry.Packet), Drain(rest));
        }
    }

    [Fact]
    public void Reading_allocates_nothing_per_packet()
    {
        var writer = new CaptureWriter(false).PcapHeader();
        for (var i = 0u; i < 50_000; i++)
            writer.PcapRecord(i, 0, Octets);
        Assert.True(CaptureFile.TryOpen(writer.ToStream(), "f", out var file, out _));
        CapturedPacket packet = default;
        file.Read(ref packet);
        var before = GC.GetAllocatedBytesForCurrentThread();
        while (file.Read(ref packet) != PacketRead.End)
        {
        }

        // one object a packet would be over a million octets; what the runtime itself allocates while it recompiles a method is a few thousand, once
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16_384);
        Assert.Equal(50_000, file.PacketCount);
        file.Dispose();
    }

    private static void AssertResumesAnywhere(byte[] octets)
    {
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, octets);
        Assert.True(CaptureFile.TryOpen(path, out var file, out var error), error?.Message);
        var positions = new List<CapturePosition> { file.Position };
        var all = new List<Packet>();
        using (file)
        {
            CapturedPacket packet = default;
            while (file.Read(ref packet) != PacketRead.End)
            {
                all.Add(Packet.Of(in packet));
                positions.Add(file.Position);
            }
        }

        for (var read = 0; read < positions.Count; read++)
        {
            Assert.True(CaptureFile.TryOpen(path, positions[read], out var rest, out error), error?.Message);
            using (rest)
                Assert.Equal(all.Skip(read), Drain(rest));
        }

        File.Delete(path);
    }

    private static List<Packet> ReadAll(CaptureWriter writer, out CaptureError? error) => ReadAll(writer.ToStream(), out error);

    private static List<Packet> ReadAll(Stream stream, out CaptureError? error)
    {
        Assert.True(CaptureFile.TryOpen(stream, "f", out var file, out error), error?.Message);
        using (file)
        {
            var packets = Drain(file);
            error = file.Error;
            return packets;
        }
    }

    private static List<Packet> Drain(CaptureFile file)
    {
        var packets = new List<Packet>();
        CapturedPacket packet = default;
        while (file.Read(ref packet) != PacketRead.End)
            packets.Add(Packet.Of(in packet));
        return packets;
    }

    private sealed record Packet(long TimestampNs, LinkType LinkType, string Data, int OriginalLength)
    {
        public Packet(long timestampNs, LinkType linkType, byte[] data, int originalLength)
            : this(timestampNs, linkType, Convert.ToHexString(data), originalLength)
        {
        }

        public static Packet Of(ref readonly CapturedPacket packet) => new(packet.TimestampNs, packet.LinkType, packet.Data.ToArray(), packet.OriginalLength);
    }
}
