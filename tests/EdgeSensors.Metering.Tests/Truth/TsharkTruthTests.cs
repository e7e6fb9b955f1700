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
    /// <summary>Layers, as tshark names them, under which an IP header lies that is not decoded yet.</summary>
    private static readonly string[] UndecodedLayers =
        ["pppoes", "mpls", "cfp", "vntag", "nsh", "gre", "gtp", "vxlan", "geneve", "teredo", "ayiya", "capwap.data"];

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

        ledger.AssertIs(output, compared: 1216, agreed: 1067, new Dictionary<string, int>
        {
            ["IP header contradicts itself: counted as malformed, not metered"] = 3,
            ["IP version contradicts the EtherType: malformed here, IPv4 and IPv6 at once there"] = 5,
            ["encapsulation not decoded yet: IP in IP"] = 64,
            ["encapsulation not decoded yet: ayiya"] = 2,
            ["encapsulation not decoded yet: capwap.data"] = 2,
            ["encapsulation not decoded yet: cfp"] = 2,
            ["encapsulation not decoded yet: geneve"] = 3,
            ["encapsulation not decoded yet: gre"] = 15,
            ["encapsulation not decoded yet: gtp"] = 14,
            ["encapsulation not decoded yet: mpls"] = 8,
            ["encapsulation not decoded yet: nsh"] = 1,
            ["encapsulation not decoded yet: pppoes"] = 8,
            ["encapsulation not decoded yet: teredo"] = 5,
            ["encapsulation not decoded yet: vntag"] = 2,
            ["encapsulation not decoded yet: vxlan"] = 8,
            ["link type not decoded"] = 14,
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
        var explanations = UndecodedLayers.Select(layer => ($"encapsulation not decoded yet: {layer}", Of(layers, layer)))
            .Append(("encapsulation not decoded yet: IP in IP", ours.IpInIp))
            .Append(("link type not decoded", ours.UnsupportedLink))
            .Append(("IP header contradicts itself: counted as malformed, not metered", ours.MalformedIp))
            .Append(("IP version contradicts the EtherType: malformed here, IPv4 and IPv6 at once there", ours.VersionMismatch))
            .Append(("original length over 2^31 held at 2^31 - 1", ours.Oversized))
            .Where(explanation => explanation.Item2.Octets > 0)
            .ToList();
        var budget = explanations.Aggregate(default(Amount), (sum, explanation) => sum + explanation.Item2);
        if (missing.Packets < 0 || missing.Packets > budget.Packets || missing.Octets > budget.Octets)
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
            if (header.IpVersion == 4)
                counts.IPv4 += frame;
            else if (header.IpVersion == 6)
                counts.IPv6 += frame;
            if ((int)header.Protocol is 4 or 41 && header.Fragment != FragmentKind.Later)
                counts.IpInIp += frame;
            if (status == DecodeStatus.UnsupportedLinkType)
                counts.UnsupportedLink += frame;
            else if (status is DecodeStatus.IpHeaderTruncated or DecodeStatus.IpLengthInvalid)
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
        public Amount IpInIp;
        public Amount UnsupportedLink;
        public Amount MalformedIp;
        public Amount VersionMismatch;
        public Amount Oversized;
    }
}
