using CsCheck;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Live;

public sealed class HeaderOnlyFilterTests(ITestOutputHelper output)
{
    private static readonly BpfInstruction[] s_ethernet = HeaderOnlyFilter.Build(LinkKind.Ethernet);

    [Fact]
    public void Every_kind_of_frame_is_cut_where_its_headers_end()
    {
        foreach (var (name, frame, end) in Frames.All())
        {
            Assert.True(end == BpfInterpreter.Run(s_ethernet, frame), $"{name}: {BpfInterpreter.Run(s_ethernet, frame)} instead of {end}");
            Assert.Equal(-1, frame.AsSpan(0, end).IndexOf(Frames.Marker.AsSpan(0, 4)));
        }
    }

    [Fact]
    public void The_kernel_cuts_as_the_interpreter_does()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("socket filters are Linux's");
        }

        using var kernel = new KernelFilter(s_ethernet);
        foreach (var (name, frame, end) in Frames.All())
        {
            Assert.True(kernel.Cut(frame).Length == end, name);
        }
    }

    [Fact]
    public void However_short_a_frame_is_no_load_leaves_it_and_the_meter_reads_the_same()
    {
        foreach (var (name, frame, end) in Frames.Plain())
        {
            for (var length = 1; length < frame.Length; length++)
            {
                var cut = (int)BpfInterpreter.Run(s_ethernet, frame.AsSpan(0, length));
                Assert.True(cut >= Math.Min(14, length) && Math.Min(cut, length) <= end, $"{name} of {length} octets: {cut}");
                var whole = FrameDecoder.Decode(LinkType.Ethernet, frame.AsSpan(0, length), frame.Length, 0, out var expected);
                var live = FrameDecoder.Decode(LinkType.Ethernet, frame.AsSpan(0, Math.Min(cut, length)), frame.Length, 0, out var got);
                Assert.True(expected.IpVersion == 0 || expected.TunnelDepth > 0 || (whole == live && expected.SourcePort == got.SourcePort), $"{name} of {length} octets: {cut}, {live}");
            }
        }
    }

    [Fact]
    public void Any_bytes_are_cut_within_the_longest_headers_and_the_decoder_reads_the_same_from_the_cut()
    {
        // Mutations of good frames reach deeper than noise.
        var seeds = Frames.Plain().Select(f => f.Frame).ToArray();
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Select(Gen.Int[0, 120], Gen.Byte).Array[0, 6], Gen.Int[0, 60]).Sample(
            (index, changes, shorten) =>
            {
                var frame = seeds[index][..Math.Max(1, seeds[index].Length - shorten)];
                foreach (var (at, value) in changes)
                {
                    frame[at % frame.Length] = value;
                }

                var cut = (int)Math.Min(BpfInterpreter.Run(s_ethernet, frame), (uint)frame.Length);
                Assert.InRange(cut, Math.Min(14, frame.Length), frame.Length);
                var whole = FrameDecoder.Decode(LinkType.Ethernet, frame, frame.Length, 0, out var expected);
                var live = FrameDecoder.Decode(LinkType.Ethernet, frame.AsSpan(0, cut), frame.Length, 0, out var got);
                if (expected.IpVersion != 0 && expected.TunnelDepth == 0)
                {
                    Assert.Equal(whole, live);
                    Assert.Equal((expected.Source, expected.Destination, expected.Protocol), (got.Source, got.Destination, got.Protocol));
                    Assert.Equal((expected.SourcePort, expected.DestinationPort, expected.TcpFlags), (got.SourcePort, got.DestinationPort, got.TcpFlags));
                    Assert.Equal((expected.IpLength, expected.PayloadLength), (got.IpLength, got.PayloadLength));
                }
            },
            iter: 20_000,
            threads: 1);
    }

    [Fact]
    public void The_program_is_far_within_the_kernels_limit()
    {
        output.WriteLine($"{s_ethernet.Length} instructions");
        Assert.InRange(s_ethernet.Length, 100, BpfOpcode.MaximumInstructions / 4);
        foreach (var link in Enum.GetValues<LinkKind>())
        {
            Assert.Equal(BpfOpcode.ReturnConstant, HeaderOnlyFilter.Build(link)[^1].Code);
        }
    }
}
