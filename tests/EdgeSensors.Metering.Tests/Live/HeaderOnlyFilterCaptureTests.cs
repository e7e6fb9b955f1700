using System.Globalization;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Live;

/// <summary>Wall 1 on real traffic: the kernel's cut of every frame of every capture, against the decoder's own idea of where headers end.</summary>
public sealed class HeaderOnlyFilterCaptureTests(ITestOutputHelper output)
{
    [Fact]
    public void The_kernel_cuts_every_real_frame_where_its_headers_end_and_the_meter_loses_nothing()
    {
        var captures = SharedData.Captures();
        if (captures.Count == 0)
        {
            Assert.Skip("../shared/data/captures is not there");
        }

        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("socket filters are Linux's");
        }

        var ethernet = HeaderOnlyFilter.Build(LinkKind.Ethernet);
        using var kernel = new KernelFilter(ethernet);
        long frames = 0, octets = 0, kept = 0;
        var verdicts = new SortedDictionary<Verdict, int>();
        foreach (var path in captures)
        {
            if (!CaptureFile.TryOpen(path, out var file, out _))
            {
                continue;
            }

            using (file)
            {
                var packet = default(CapturedPacket);
                while (file.Read(ref packet) == PacketRead.Packet)
                {
                    if (packet.LinkType != LinkType.Ethernet || packet.Data.Length is 0 or > 1 << 17)
                    {
                        continue;
                    }

                    var cut = kernel.Cut(packet.Data);
                    frames++;
                    octets += packet.Data.Length;
                    kept += cut.Length;
                    Assert.Equal((int)Math.Min((uint)packet.Data.Length, BpfInterpreter.Run(ethernet, packet.Data)), cut.Length);
                    Assert.True(packet.Data.StartsWith(cut));

                    var whole = FrameDecoder.Decode(LinkType.Ethernet, packet.Data, packet.OriginalLength, 0, out var expected);
                    var original = Math.Max(packet.OriginalLength, packet.Data.Length);
                    var live = FrameDecoder.Decode(LinkType.Ethernet, cut, original, 0, out var got);
                    var verdict = Compare(whole, live, expected, got, packet.Data.Length, cut.Length);
                    verdicts[verdict] = verdicts.GetValueOrDefault(verdict) + 1;
                    Assert.False(verdict < 0, $"{verdict} in {path}: {whole}, {live}, cut {cut.Length}, decoder {expected.HeaderLength}: {Convert.ToHexString(packet.Data)}");
                }
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{frames} frames, {octets} octets captured, {kept} octets kept"));
        foreach (var (verdict, count) in verdicts)
        {
            output.WriteLine($"{count} {verdict}");
        }

        Assert.True(verdicts[Verdict.SameEnd] > 100_000);
    }

    /// <summary>How a cut compares with the decoder's end of headers; the negative ones must not occur.</summary>
    private enum Verdict
    {
        WrongEnd = -3,
        AnotherHeader = -2,
        MeteredThoughCut = -1,
        SameEnd = 0,

        /// <summary>The decoder finds no IP packet in the whole frame, and none in the cut.</summary>
        NotMetered,

        /// <summary>The decoder goes into a tunnel or behind a tag other than a VLAN's, which the classic filter does not; it cuts before.</summary>
        InTunnel,

        /// <summary>The IP header's length field ends inside a header that measures itself longer: the filter follows the inner, the decoder the outer.</summary>
        LengthsContradict,
    }

    private static Verdict Compare(DecodeStatus whole, DecodeStatus live, in PacketHeader expected, in PacketHeader got, int captured, int cut)
    {
        if (expected.IpVersion == 0)
        {
            return got.IpVersion == 0 && (whole != DecodeStatus.NotIp || cut == expected.HeaderLength) ? Verdict.NotMetered : Verdict.MeteredThoughCut;
        }

        if (expected.TunnelDepth > 0 || live == DecodeStatus.LinkHeaderTruncated)
        {
            return cut <= expected.IpOffset ? Verdict.InTunnel : Verdict.WrongEnd;
        }

        if (whole != live || !Same(expected, got))
        {
            return Verdict.AnotherHeader;
        }

        var end = Math.Min(expected.HeaderLength, captured);
        if (cut == end)
        {
            return Verdict.SameEnd;
        }

        return whole != DecodeStatus.Ok && cut > end && cut - end <= 60 ? Verdict.LengthsContradict : Verdict.WrongEnd;
    }

    private static bool Same(PacketHeader a, PacketHeader b)
    {
        a.HeaderLength = b.HeaderLength; // compared apart
        return MemoryMarshal.AsBytes(new ReadOnlySpan<PacketHeader>(in a)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<PacketHeader>(in b)));
    }
}
