using System.Globalization;
using System.Runtime.InteropServices;
using CsCheck;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Live;

/// <summary>Wall 1 in full: the program runs in the kernel, and what it lets in is compared with where the decoder says that the headers end.</summary>
public sealed class InnermostHeaderFilterTests(ITestOutputHelper output)
{
    /// <summary>Octets that mean something in a header: protocols, versions with lengths, flags.</summary>
    private static readonly byte[] s_telling = [0, 1, 4, 6, 8, 17, 41, 47, 0x11, 0x45, 0x46, 0x47, 0x60, 0x88, 0xFF];

    [Fact]
    public void Every_kind_of_frame_is_cut_where_its_innermost_headers_end()
    {
        using var program = KernelFilter.LoadOrSkip(InnermostHeaderFilter.Build(LinkKind.Ethernet));
        using var kernel = new KernelFilter(program);
        output.WriteLine($"{program.InstructionCount} instructions");
        foreach (var (name, frame, end) in Frames.All(HeaderDepth.Innermost))
        {
            Assert.True(end == kernel.Cut(frame).Length, $"{name}: {kernel.Cut(frame).Length} instead of {end}");
            Assert.Equal(-1, frame.AsSpan(0, end).IndexOf(Frames.Marker.AsSpan(0, 4)));
            Assert.True(Difference(kernel, frame) is null, $"{name}: {Difference(kernel, frame)}");
        }
    }

    [Fact]
    public void Any_bytes_are_cut_where_the_decoder_says_and_never_behind()
    {
        using var program = KernelFilter.LoadOrSkip(InnermostHeaderFilter.Build(LinkKind.Ethernet));
        using var kernel = new KernelFilter(program);
        var seeds = Frames.All().Select(f => f.Frame).ToArray();
        var (iterations, less) = (0, 0);

        // Mutations of good frames reach deeper than noise; those of the first octets change what a frame is, so most are further in.
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Select(Gen.Int[12, 180], Gen.OneOf(Gen.Byte, Gen.Int[0, s_telling.Length - 1].Select(i => s_telling[i]))).Array[0, 5], Gen.Int[0, 90]).Sample(
            (index, changes, shorten) =>
            {
                var frame = seeds[index][..Math.Max(1, seeds[index].Length - shorten)];
                foreach (var (at, value) in changes)
                {
                    frame[at % frame.Length] = value;
                }

                iterations++;
                var difference = Difference(kernel, frame);
                if (difference is not null)
                {
                    // Of several ways to read what lies behind labels the program remembers one, the decoder each of them.
                    Assert.EndsWith("less was kept than the headers", difference, StringComparison.Ordinal);
                    less++;
                    output.WriteLine(Convert.ToHexString(frame));
                }
            },
            iter: Environment.GetEnvironmentVariable("EDGESENSORS_FUZZ") is { } count ? int.Parse(count, CultureInfo.InvariantCulture) : 20_000,
            threads: 1);
        output.WriteLine($"{iterations} frames, {less} kept less");
        Assert.True(less <= iterations / 1000);
    }

    [Fact]
    public void However_short_a_frame_is_the_cut_is_where_the_decoder_says()
    {
        using var program = KernelFilter.LoadOrSkip(InnermostHeaderFilter.Build(LinkKind.Ethernet));
        using var kernel = new KernelFilter(program);
        foreach (var (name, frame, _) in Frames.All(HeaderDepth.Innermost))
        {
            for (var length = 1; length < frame.Length; length++)
            {
                var difference = Difference(kernel, frame.AsSpan(0, length));
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
                    if (Difference(kernel, packet.Data) is { } difference)
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

    /// <summary>How the kernel's cut differs from the decoder's end of headers, or null. A capture's frame that was cut is, on the wire, a short frame.</summary>
    private static string? Difference(KernelFilter kernel, ReadOnlySpan<byte> frame)
    {
        var cut = kernel.Cut(frame);
        var whole = FrameDecoder.Decode(LinkType.Ethernet, frame, frame.Length, 0, out var expected);
        var live = FrameDecoder.Decode(LinkType.Ethernet, cut, frame.Length, 0, out var got);
        if (expected.IpVersion == 0)
        {
            // Nothing of such a frame is metered; of it the outermost link header is kept, so that it is counted.
            return got.IpVersion == 0 && cut.Length <= 14 + (8 * FrameDecoder.MaxVlanTags) + 8 ? null : $"{whole} became {live}";
        }

        var end = Math.Min(expected.HeaderLength, frame.Length);
        return cut.Length != end ? string.Create(CultureInfo.InvariantCulture, $"{whole}: {(cut.Length > end ? "more" : "less")} was kept than the headers")
            : whole != live || !Same(expected, got) ? $"{whole} became {live} by the cut"
            : null;
    }

    private static bool Same(in PacketHeader a, in PacketHeader b) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<PacketHeader>(in a)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<PacketHeader>(in b)));
}
