using System.Runtime.InteropServices;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Metering.Tests.Truth;

namespace EdgeSensors.Metering.Tests.Fuzz;

/// <summary>Wall 7 for frames: any octets in any framing give a status, and what it promises holds.</summary>
public class FrameFuzzTests(ITestOutputHelper output)
{
    private const int LongestFrame = 4096;
    private const int FramesOfACapture = 40;

    private static readonly KeyRule s_rule = new(1, withVlan: true);
    private static long s_plain;

    private static readonly LinkType[] Framings = [.. Enum.GetValues<LinkType>(), (LinkType)999];

    [Fact]
    public void Any_mutated_frame_decodes_to_a_status_whose_promises_hold()
    {
        var seeds = Seeds();
        var inputs = FuzzRun.Inputs(usual: 200_000);
        var tunnelled = seeds.Where(seed => FrameDecoder.Decode(seed.LinkType, seed.Frame, 0, 0, out var header) >= 0 && header.TunnelDepth > 0).ToList();
        using var guarded = new GuardedBuffer(65_536);
        var buffer = new byte[LongestFrame];
        var statuses = new long[Enum.GetValues<DecodeStatus>().Length];
        var tunnels = new long[FrameDecoder.MaxTunnelDepth + 1];
        foreach (var seed in seeds)
            Check(seed.LinkType, guarded.Place(seed.Frame), seed.Frame.Length, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var number = 0L; number < inputs; number++)
        {
            var random = FuzzRun.Input(number);
            var (linkType, seed) = random.Below(2) == 0 ? seeds[random.Below(seeds.Count)] : tunnelled[random.Below(tunnelled.Count)];
            seed.CopyTo(buffer, 0);
            var length = Mutator.Mutate(ref random, buffer, seed.Length, seeds[random.Below(seeds.Count)].Frame);
            if (random.Below(16) == 0)
                linkType = Framings[random.Below(Framings.Length)];
            var frame = guarded.Place(buffer.AsSpan(0, length));
            try
            {
                var status = Check(linkType, frame, (int)random.Next(), out var depth);
                statuses[(int)status]++;
                tunnels[depth]++;
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.FailException)
            {
                Assert.Fail($"input {number}, {linkType}: {exception.Message}\n{Convert.ToHexString(frame)}");
            }
        }

        // Nothing is allocated for a frame; the allowance is the runtime's own, while it recompiles methods.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        output.WriteLine($"{inputs:N0} inputs from {seeds.Count:N0} frames; by tunnels entered: {string.Join(", ", tunnels)}");
        for (var status = 0; status < statuses.Length; status++)
            output.WriteLine($"{statuses[status],12:N0} {(DecodeStatus)status}");
        output.WriteLine($"{s_plain:N0} frames were plain");
        Assert.InRange(s_plain, inputs / 20, long.MaxValue);
        Assert.All(tunnels, count => Assert.True(inputs < 100_000 || count > 0));
    }

    /// <summary>The first frames of each capture of the corpus, the malformed ones too, and a few that nest.</summary>
    private static List<(LinkType LinkType, byte[] Frame)> Seeds()
    {
        var seeds = new List<(LinkType, byte[])>();
        foreach (var path in Directory.EnumerateFiles(Corpus.Captures, "*.pcap*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (!CaptureFile.TryOpen(path, out var file, out _))
                continue;
            using (file)
            {
                CapturedPacket packet = default;
                for (var count = 0; count < FramesOfACapture && file.Read(ref packet) != PacketRead.End; count++)
                    seeds.Add((packet.LinkType, packet.Data[..Math.Min(packet.Data.Length, LongestFrame / 2)].ToArray()));
            }
        }

        seeds.AddRange(Decode.TunnelFrames.All().Select(tunnel => (tunnel.LinkType, tunnel.Frame)));
        seeds.Add((LinkType.Ethernet, Decode.Frames.Ethernet(0x0800, Decode.TunnelFrames.Inner, (0x88A8, 1), (0x8100, 2), (0x8100, 3), (0x8100, 4))));

        // Each header in itself: the mutations find their way deeper.
        var packets = seeds.Where(seed => seed.Item1 == LinkType.Ethernet && seed.Item2.Length is > 60 and < 200).Take(200).ToList();
        foreach (var (_, frame) in packets)
        {
            var nested = frame[14..];
            for (var depth = 0; depth < FrameDecoder.MaxTunnelDepth + 1; depth++)
                nested = Decode.Frames.IPv4("192.0.2.1", "192.0.2.2", nested[0] >> 4 == 4 ? 4 : 41, nested);
            seeds.Add((LinkType.Raw, nested));
        }

        return seeds;
    }

    private static DecodeStatus Check(LinkType linkType, Span<byte> frame, int originalLength, out int depth)
    {
        var status = FrameDecoder.Decode(linkType, frame, originalLength, 7, out var header);
        var metered = header.IpVersion != 0;
        depth = header.TunnelDepth;
        Require(Enum.IsDefined(status), "a status");
        Require(metered == IsMetered(status), "metered exactly where the status says so");
        Require(header.HeaderLength >= 0 && header.HeaderLength <= frame.Length, "headers within the frame");
        Require(header.PayloadLength >= 0 && header.IpLength >= 0, "lengths");
        Require(header.TunnelDepth <= FrameDecoder.MaxTunnelDepth && (header.TunnelDepth > 0) == (header.Tunnel != TunnelKind.None), "tunnels");
        Require(header.VlanId < 4096 && header.CustomerVlanId < 4096 && header.SegmentId < 1 << 24, "ids within their width");
        Require((header.FragmentKey != 0) == (header.Fragment != FragmentKind.Whole), "a key exactly of fragments");
        Require(FrameDecoder.Decode(linkType, frame, originalLength, 7, out var again) == status && Same(in again, in header), "the same a second time");
        if (linkType == LinkType.Ethernet)
            CheckPlain(frame, status, in header);
        if (!metered)
            return status;

        Require(header.IpVersion is 4 or 6 && header.Source.IsIPv4 | header.IpVersion == 6, "an IP version");
        Require(header.IpOffset + (header.IpVersion == 4 ? 20 : 40) <= header.HeaderLength, "the IP header among the headers");
        if (originalLength < frame.Length)
            originalLength = frame.Length;
        var cut = FrameDecoder.Decode(linkType, frame[..header.HeaderLength], originalLength, 7, out var ofHeaders);
        Require(cut == status && Same(in ofHeaders, in header), "the same when cut behind its headers");
        frame[header.HeaderLength..].Clear();

        // A cut extension header is not kept; as zeros it is another one.
        var blank = FrameDecoder.Decode(linkType, frame, originalLength, 7, out var blanked);
        Require(status == DecodeStatus.ExtensionHeaderTruncated || (blank == status && Same(in blanked, in header)), "the same when blanked behind its headers");
        if (FrameDecoder.TryDecodeQuoted(frame, in header, out var quoted))
            Require(quoted.HeaderLength <= header.HeaderLength && quoted.IpOffset >= header.QuotedOffset, "a quotation within the headers");
        var last = -1;
        for (var layer = 0; layer <= header.TunnelDepth; layer++)
        {
            FrameDecoder.DecodeLayer(linkType, frame, originalLength, layer, out var outer);
            Require(outer.TunnelDepth <= layer && (outer.IpVersion == 0 || outer.IpOffset >= last), "layers from the outside in");
            last = outer.IpVersion == 0 ? last : outer.IpOffset;
        }

        Require(last == header.IpOffset, "the innermost layer last");
        return status;
    }

    /// <summary>What the short way of plain frames reads is what the decoder reads.</summary>
    private static void CheckPlain(ReadOnlySpan<byte> frame, DecodeStatus status, in PacketHeader header)
    {
        KeyedPacket plain = default;
        if (!PlainFrame.TryRead(frame, ref plain))
            return;
        s_plain++;
        KeyedPacket keyed = default;
        KeyedPacket.Make(in header, in s_rule, ref keyed);
        plain.TimestampNs = header.TimestampNs;
        plain.Key.Tail.Hash = s_rule.Hash(in plain.Key);
        Require(status == DecodeStatus.Ok && header.Fragment == FragmentKind.Whole && header.QuotedOffset == 0, "a plain frame has nothing unusual");
        Require(MemoryMarshal.AsBytes(new ReadOnlySpan<KeyedPacket>(in plain)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<KeyedPacket>(in keyed))), "a plain frame gives what the decoder gives");
    }

    private static bool IsMetered(DecodeStatus status) => status is DecodeStatus.Ok or DecodeStatus.ExtensionHeaderTruncated or DecodeStatus.ExtensionHeadersTooMany
        or DecodeStatus.TransportHeaderTruncated or DecodeStatus.TransportHeaderInvalid or DecodeStatus.TunnelNotRead or DecodeStatus.TunnelsTooDeep;

    /// <summary>Equal in every octet; the decoder overwrites its padding too.</summary>
    private static bool Same(in PacketHeader x, in PacketHeader y) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<PacketHeader>(in x)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<PacketHeader>(in y)));

    /// <summary>An assertion that allocates nothing where it holds.</summary>
    private static void Require(bool holds, string what)
    {
        if (!holds)
            throw new InvalidOperationException($"broken: {what}");
    }
}
