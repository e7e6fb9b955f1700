using System.Globalization;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Live;

/// <summary>Wall 1 in full: the program runs in the kernel, and what it lets in is compared with where the decoder says that the headers end.</summary>
public sealed class InnermostHeaderFilterTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_kind_of_frame_is_cut_where_its_innermost_headers_end()
    {
        using var program = KernelFilter.LoadOrSkip(InnermostHeaderFilter.Build(LinkKind.Ethernet));
        using var kernel = new KernelFilter(program);
        output.WriteLine($"{program.InstructionCount} instructions");
        foreach (var (name, frame, end) in Frames.All())
        {
            Assert.True(end == kernel.Cut(frame).Length, $"{name}: {kernel.Cut(frame).Length} instead of {end}");
        }
    }

    [Fact]
    public void However_short_a_frame_is_the_cut_is_where_the_decoder_says()
    {
        using var program = KernelFilter.LoadOrSkip(InnermostHeaderFilter.Build(LinkKind.Ethernet));
        using var kernel = new KernelFilter(program);
        foreach (var (name, frame, _) in Frames.All())
        {
            for (var length = 1; length < frame.Length; length++)
            {
                var difference = Difference(kernel, frame.AsSpan(0, length), frame.Length);
                Assert.True(difference is null, $"{name} of {length} octets: {difference}");
            }
        }
    }

    [Fact]
    public void Every_frame_of_every_capture_is_cut_where_the_decoder_says()
    {
        var captures = SharedData.Captures();
        if (captures.Count == 0)
        {
            Assert.Skip("../shared/data/captures is not there");
        }

        using var program = KernelFilter.LoadOrSkip(InnermostHeaderFilter.Build(LinkKind.Ethernet));
        using var kernel = new KernelFilter(program);
        long frames = 0, octets = 0, kept = 0, tunnelled = 0;
        var differences = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var path in captures)
        {
            if (!CaptureFile.TryOpen(path, out var file, out _))
            {
                continue;
            }

            using (file)
            {
                var packet = default(CapturedPacket);
                for (var number = 1; file.Read(ref packet) == PacketRead.Packet; number++)
                {
                    if (packet.LinkType != LinkType.Ethernet || packet.Data.Length is 0 or > 1 << 17)
                    {
                        continue;
                    }

                    frames++;
                    octets += packet.Data.Length;
                    kept += kernel.Cut(packet.Data).Length;
                    if (Difference(kernel, packet.Data, packet.OriginalLength) is { } difference)
                    {
                        differences[difference] = differences.GetValueOrDefault(difference) + 1;
                        if (differences[difference] <= 3)
                        {
                            output.WriteLine($"{difference}: frame {number} of {path}: {Convert.ToHexString(packet.Data[..Math.Min(160, packet.Data.Length)])}");
                        }
                    }
                }
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{frames} frames, {tunnelled} tunnelled, {octets} octets captured, {kept} octets kept"));
        Assert.Empty(differences);
        Assert.True(frames > 100_000);
    }

    /// <summary>How the kernel's cut differs from the decoder's end of headers, or null.</summary>
    private static string? Difference(KernelFilter kernel, ReadOnlySpan<byte> frame, int originalLength)
    {
        var cut = kernel.Cut(frame);
        originalLength = Math.Max(originalLength, frame.Length);
        var whole = FrameDecoder.Decode(LinkType.Ethernet, frame, originalLength, 0, out var expected);
        var live = FrameDecoder.Decode(LinkType.Ethernet, cut, originalLength, 0, out var got);
        if (expected.IpVersion == 0 && whole != DecodeStatus.NotIp)
        {
            // Nothing of such a frame is metered; of it the link header is kept, so that it is counted.
            return got.IpVersion == 0 && cut.Length <= 14 + (4 * FrameDecoder.MaxVlanTags) + 8 ? null : $"{whole} became {live}";
        }

        var end = Math.Min(expected.HeaderLength, frame.Length);
        return cut.Length != end ? string.Create(CultureInfo.InvariantCulture, $"{whole}: {(cut.Length > end ? "more" : "less")} was kept than the headers")
            : whole != live || !Same(expected, got) ? $"{whole} became {live} by the cut"
            : null;
    }

    private static bool Same(in PacketHeader a, in PacketHeader b) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<PacketHeader>(in a)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<PacketHeader>(in b)));
}
