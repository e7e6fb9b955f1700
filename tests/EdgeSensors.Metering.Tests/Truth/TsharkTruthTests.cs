using System.Text.Json;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>
/// TSHARK_TRUTH.jsonl holds tshark's protocol hierarchy: frames and frame octets in which each protocol occurs. A frame with IP inside IP is counted at each occurrence,
/// and a header that contradicts itself is counted like any other.
/// </summary>
public class TsharkTruthTests(ITestOutputHelper output)
{
    private const string Pseudowire = "pseudowire with a control word: tshark takes that for the frame's first octets and finds no IP";
    private const string TunnelContradicts = "packet in a tunnel contradicts itself: the tunnel's own packet is metered, or none";
    private const string TunnelFragments = "fragments of a tunnel's packet: the packet inside is counted with the first here, with the last, when all are there, there";

    [Fact]
    public void IP_packets_and_bytes_agree_with_tshark_but_for_known_classes()
    {
        var ledger = new DifferenceLedger();
        foreach (var truth in Corpus.TsharkTruth())
        {
            var name = truth.GetProperty("file").GetString()!;
            if (!CaptureFile.TryOpen(Path.Combine(Corpus.Captures, name), out var file, out var error))
            {
                ledger.Unexplained($"{name}: {error.Message}");
                continue;
            }

            using (file)
                Compare(ledger, name, truth.GetProperty("phs"), Measure(file));
        }

        ledger.AssertIs(output, compared: 1216, agreed: 1197, new Dictionary<string, int>
        {
            ["IP header contradicts itself: counted as malformed, not metered"] = 3,
            ["IP version contradicts the EtherType: malformed here, IPv4 and IPv6 at once there"] = 5,
            [Pseudowire] = 1,
            [TunnelContradicts] = 4,
            [TunnelFragments] = 10,
            ["original length over 2^31 held at 2^31 - 1"] = 1,
        });
    }

    private static void Compare(DifferenceLedger ledger, string name, JsonElement layers, Counts ours)
    {
        ledger.Compared++;
        var theirs = Of(layers, "ip") + Of(layers, "ipv6");
        if (Of(layers, "ip") == ours.IPv4 && Of(layers, "ipv6") == ours.IPv6)
        {
            ledger.Agreed++;
            return;
        }

        var missing = theirs - ours.IPv4 - ours.IPv6;
        var explanations = new List<(string Reason, Amount Amount)>
        {
            ("IP header contradicts itself: counted as malformed, not metered", ours.MalformedIp),
            ("IP version contradicts the EtherType: malformed here, IPv4 and IPv6 at once there", ours.VersionMismatch),
            (TunnelContradicts, ours.UnreadTunnels),
            (TunnelFragments, ours.FirstFragments.Packets > 0 ? ours.LaterFragments : default),
            ("original length over 2^31 held at 2^31 - 1", ours.Oversized),
        };
        explanations.RemoveAll(explanation => explanation.Amount.Octets == 0);
        var budget = explanations.Aggregate(default(Amount), (sum, explanation) => sum + explanation.Amount);
        if (-missing.Packets == ours.Pseudowires.Packets && -missing.Octets == ours.Pseudowires.Octets)
        {
            ledger.Add(Pseudowire, name);
            return;
        }

        if (missing.Packets < -ours.FirstFragments.Packets || missing.Octets < -ours.FirstFragments.Octets || missing.Packets > budget.Packets || missing.Octets > budget.Octets)
        {
            ledger.Unexplained($"{name}: tshark has {missing} more than the meter, explained {budget}");
            return;
        }

        foreach (var (reason, _) in explanations)
            ledger.Add(reason, name);
    }

    private static Counts Measure(CaptureFile file)
    {
        var counts = default(Counts);
        CapturedPacket packet = default;
        while (file.Read(ref packet) != PacketRead.End)
        {
            var status = FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
            var frame = new Amount(1, packet.OriginalLength);
            if (packet.OriginalLength == int.MaxValue)
                counts.Oversized += new Amount(0, uint.MaxValue);
            if (status == DecodeStatus.TunnelNotRead || (status == DecodeStatus.NotIp && packet.Data.Length > 14 && packet.Data[12..].StartsWith((ReadOnlySpan<byte>)[0x88, 0x47])) || (header.DestinationPort == 2152 && header.Protocol == IpProtocol.Udp))
                counts.UnreadTunnels += frame;
            if (header.Tunnel == TunnelKind.Mpls && packet.Data[header.IpOffset - 1] == 0)
                counts.Pseudowires += frame;
            if (header.Fragment == FragmentKind.First && header.TunnelDepth > 0)
                counts.FirstFragments += frame;
            else if (header.Fragment == FragmentKind.Later)
                counts.LaterFragments += frame;
            for (int tunnels = 0, last = -1; tunnels <= header.TunnelDepth; tunnels++)
            {
                FrameDecoder.DecodeLayer(packet.LinkType, packet.Data, packet.OriginalLength, tunnels, out var layer);
                if (layer.IpVersion == 0 || layer.IpOffset == last)
                    continue;
                last = layer.IpOffset;
                if (layer.IpVersion == 4)
                    counts.IPv4 += frame;
                else
                    counts.IPv6 += frame;
            }

            if (status is DecodeStatus.IpHeaderTruncated or DecodeStatus.IpLengthInvalid)
                counts.MalformedIp += frame;
            else if (status is DecodeStatus.IpVersionInvalid)
                counts.VersionMismatch += frame + frame;
        }

        return counts;
    }

    private static Amount Of(JsonElement layers, string layer) =>
        layers.TryGetProperty(layer, out var amount) ? new Amount(amount[0].GetInt64(), amount[1].GetInt64()) : default;

    private readonly record struct Amount(long Packets, long Octets)
    {
        public static Amount operator +(Amount x, Amount y) => new(x.Packets + y.Packets, x.Octets + y.Octets);

        public static Amount operator -(Amount x, Amount y) => new(x.Packets - y.Packets, x.Octets - y.Octets);
    }

    private struct Counts
    {
        public Amount IPv4;
        public Amount IPv6;
        public Amount UnreadTunnels;
        public Amount Pseudowires;
        public Amount FirstFragments;
        public Amount LaterFragments;
        public Amount MalformedIp;
        public Amount VersionMismatch;
        public Amount Oversized;
    }
}
