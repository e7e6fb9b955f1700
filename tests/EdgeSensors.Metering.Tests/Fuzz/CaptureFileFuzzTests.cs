using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Metering.Tests.Truth;

namespace EdgeSensors.Metering.Tests.Fuzz;

/// <summary>Wall 7 for capture files: any octets are read to an end or a typed error, through the whole of the meter, in bounded memory.</summary>
public class CaptureFileFuzzTests(ITestOutputHelper output)
{
    private const int LongestFile = 16_384;

    /// <summary>What reading one file may allocate: its buffer of a megabyte, an error's text, an interface list as long as the file is, the flow table's growth.</summary>
    private const long MostAllocated = 2 * CaptureFile.MaxPacketLength;

    [Theory]
    [InlineData("pcap")]
    [InlineData("pcapng")]
    public void Any_mutated_capture_is_read_to_an_end_or_a_typed_error(string format)
    {
        var seeds = Seeds(format);
        var inputs = Math.Max(1, FuzzRun.Inputs(usual: 20_000) / 10); // a file is many frames
        var buffer = new byte[LongestFile + 64];
        var meter = new PacketMeter(new FlowTableOptions { MaxFlows = 64 }, new Discard());
        foreach (var seed in seeds)
            Read(seed, seed.Length, meter, out _);

        long packets = 0, complete = 0;
        var kinds = new SortedDictionary<string, long>(StringComparer.Ordinal);
        for (var number = 0L; number < inputs; number++)
        {
            var random = FuzzRun.Input(number);
            var seed = seeds[random.Below(seeds.Count)];
            seed.CopyTo(buffer, 0);
            var length = Mutator.Mutate(ref random, buffer, seed.Length, seeds[random.Below(seeds.Count)]);
            try
            {
                packets += Read(buffer, length, meter, out var kind);
                complete += kind.Length == 0 ? 1 : 0;
                if (kind.Length > 0)
                    kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.FailException)
            {
                Assert.Fail($"input {number}: {exception.Message}\n{Convert.ToHexString(buffer.AsSpan(0, length))}");
            }
        }

        output.WriteLine($"{inputs:N0} inputs from {seeds.Count:N0} {format} files, {packets:N0} packets; {complete:N0} read to their end");
        foreach (var (kind, count) in kinds)
            output.WriteLine($"{count,12:N0} {kind}");
        Assert.True(packets > inputs && complete > 0);
    }

    /// <summary>The beginnings of the corpus's captures, the malformed ones whole.</summary>
    private static List<byte[]> Seeds(string format) =>
        [.. Directory.EnumerateFiles(Corpus.Captures, "*.pcap*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(Beginning)
            .Where(octets => octets.Length > 28 && octets.AsSpan().StartsWith("\n\r\r\n"u8) == (format == "pcapng"))];

    private static byte[] Beginning(string path)
    {
        using var file = File.OpenRead(path);
        var octets = new byte[Math.Min(file.Length, path.Contains("malformed", StringComparison.Ordinal) ? LongestFile : 4096)];
        file.ReadExactly(octets);
        return octets;
    }

    private static long Read(byte[] octets, int length, PacketMeter meter, out string error)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        if (!CaptureFile.TryOpen(new MemoryStream(octets, 0, length), "f", out var file, out var refused))
        {
            error = refused.Kind.ToString();
            return 0;
        }

        using (file)
        {
            CapturedPacket packet = default;
            var (last, metered) = (0L, meter.Totals.PacketCount);
            while (file.Read(ref packet) != PacketRead.End)
            {
                Assert.True(packet.Data.Length <= length && packet.OriginalLength >= 0);
                meter.Enqueue(ref packet);
                Assert.True(file.Position.Offset > last && file.Position.Offset <= length, "the position goes on, within the file");
                last = file.Position.Offset;
            }

            meter.Drain();
            meter.Flows.Flush();
            Assert.Equal(0, meter.Flows.Count);
            Assert.True(file.Error is null || !file.Error.Message.Contains('\n', StringComparison.Ordinal));
            Assert.Equal(PacketRead.End, file.Read(ref packet));
            error = file.Error?.Kind.ToString() ?? "";
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
            return meter.Totals.PacketCount - metered;
        }
    }

    private sealed class Discard : IBiflowConsumer
    {
        public void OnBiflow(ref readonly BiflowRecord record)
        {
        }
    }
}
