using System.Globalization;
using System.Text.Json;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>
/// The same datagrams by nfacctd (pmacct), whose output aggregates records of equal keys (and ORs their TCP flags): ours are aggregated by the very fields that its line
/// names, then compared field by field. Fields that only nfacctd has from elsewhere (its maps, its address plan) are not compared: label, mpls_vpn_rd and its origin, net_src, net_dst, peer_ip_src,
/// writer_id, flows, event_type. mpls_label_stack, the mplsTopLabel primitives and the names of VRFs and interfaces are no fields of a flow here and are skipped by length.
/// </summary>
public sealed class PmacctTruthTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("100-IPFIXv10-CISCO", 0, false)]
    [InlineData("101-NFv9-CISCO-cust_primitives", 0, false)]
    [InlineData("102-NFv9-CISCO-f2rd-pretag-sampling-reload", 0, false)]
    [InlineData("102-NFv9-CISCO-f2rd-pretag-sampling-reload", 1, true)]
    [InlineData("103-IPFIXv10-CISCO-pretag-JSON_encoding", 0, false)]
    [InlineData("104-IPFIXv10-IPv6-CISCO-sampling_option", 0, true)]
    [InlineData("110-IPFIXv10-NFv9-multiple-sources", 0, false)]
    [InlineData("111-IPFIXv10-NFv9-IPv6-IPv4-mix_sources", 0, false)]
    [InlineData("112-IPFIXv10-CISCO-options-map-reassignment", 0, false)]
    public void Records_agree_with_nfacctd(string name, int run, bool scaled)
    {
        // The second run of 102 came after its map had been reloaded with a rate of 1000, whatever the exporter says.
        var rig = new CollectorRig(run == 1 ? new CollectorOptions { ConfiguredSampling = _ => 1000 } : null);
        foreach (var path in Directory.EnumerateFiles(Path.Combine(ExportReplay.Folder, "pmacct"), name + "__*.pcap").Order(StringComparer.Ordinal))
            Assert.All(ExportReplay.Into(rig.Collector, path), status => Assert.Equal(CollectStatus.Ok, status));

        var truths = File.ReadLines(Path.Combine(ExportReplay.Folder, "pmacct", "truth", $"{name}.output-flow-{run:D2}.json"))
            .Where(line => line.Length > 0).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        // Lines that differ only in what nfacctd looked up (112: a VRF's distinguisher is announced anew in mid-stream) are one key here.
        var expected = Merge(truths.Select(Line)).OrderBy(line => line.Key, StringComparer.Ordinal).ThenBy(line => line.Start).ThenBy(line => line.Packets).ToList();
        var hasTimes = truths[0].TryGetProperty("timestamp_start", out _);
        var actual = Merge(rig.Flows
            .Select(flow => new TruthLine(
                Describe(in flow, truths[0]), hasTimes ? Milliseconds(flow.StartNs) : 0, hasTimes ? Milliseconds(flow.EndNs) : 0,
                flow.PacketCount * (scaled ? flow.Sampling.OneIn : 1), flow.OctetCount * (scaled ? flow.Sampling.OneIn : 1), flow.TcpFlags)))
            .OrderBy(line => line.Key, StringComparer.Ordinal).ThenBy(line => line.Start).ThenBy(line => line.Packets).ToList();
        foreach (var line in actual.Where(line => !expected.Any(other => Agree(line, other))).Take(5))
            output.WriteLine($"ours  {line}");
        foreach (var line in expected.Where(line => !actual.Any(other => Agree(line, other))).Take(5))
            output.WriteLine($"truth {line}");
        output.WriteLine($"{rig.Flows.Count} records, {actual.Count} and {expected.Count} lines; {rig.Totals.HeldSetCount} held, {rig.Totals.ReleasedSetCount} released, {rig.Totals.DatagramCount} datagrams, {rig.Totals.TemplateCount} templates, {rig.Totals.OptionsRecordCount} options records");
        Assert.Equal(expected.Count, actual.Count);
        Assert.All(expected.Zip(actual), pair => Assert.True(Agree(pair.First, pair.Second), $"{pair.First} against {pair.Second}"));
    }

    /// <summary>nfacctd works out NetFlow v9's times in whole seconds (export time, uptime and switch time each cut), so the two may be up to a second apart; all else is equal.</summary>
    private static bool Agree(TruthLine x, TruthLine y) => x.Key == y.Key && x.Packets.Equals(y.Packets) && x.Octets.Equals(y.Octets) && x.Flags == y.Flags
        && Math.Abs(x.Start - y.Start) <= 1000 && Math.Abs(x.End - y.End) <= 1000;

    private static IEnumerable<TruthLine> Merge(IEnumerable<TruthLine> lines) => lines
        .GroupBy(line => (line.Key, line.Start, line.End))
        .Select(group => group.First() with
        {
            Packets = group.Sum(line => line.Packets),
            Octets = group.Sum(line => line.Octets),
            Flags = group.Aggregate(TcpControlBits.None, (flags, line) => flags | line.Flags),
        });

    private static long Milliseconds(long ns) => ns / 1_000_000;

    private static TruthLine Line(JsonElement truth) => new(
        Describe(truth), Time(truth, "timestamp_start"), Time(truth, "timestamp_end"), truth.GetProperty("packets").GetDouble(), truth.GetProperty("bytes").GetDouble(),
        truth.GetProperty("tcp_flags").EnumerateArray().Aggregate(TcpControlBits.None, (flags, name) => flags | Enum.Parse<TcpControlBits>(name.GetString()!, ignoreCase: true)));

    private static long Time(JsonElement truth, string name) =>
        truth.TryGetProperty(name, out var time) ? (long)(decimal.Parse(time.GetString()!, CultureInfo.InvariantCulture) * 1000) : 0;

    private static string Describe(JsonElement truth)
    {
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{truth.GetProperty("ip_src")} {truth.GetProperty("ip_dst")} {truth.GetProperty("port_src")} {truth.GetProperty("port_dst")} {truth.GetProperty("ip_proto")} in={truth.GetProperty("iface_in")} out={truth.GetProperty("iface_out")} tos={truth.GetProperty("tos")} fwd={truth.GetProperty("fwd_status")}");
        if (truth.TryGetProperty("mask_src", out var mask))
            text += $" masks={mask},{truth.GetProperty("mask_dst")}";
        if (truth.TryGetProperty("custom_primitives", out var custom) && custom.TryGetProperty("vrf_id_ingress", out var vrf))
            text += $" vrf={vrf},{custom.GetProperty("vrf_id_egress")}";
        return text;
    }

    /// <summary>The key in the words of nfacctd, with the fields that this truth has.</summary>
    private static string Describe(in ExportedFlow flow, JsonElement like)
    {
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{flow.Source} {flow.Destination} {flow.SourcePort} {flow.DestinationPort} {ProtocolName(flow.Protocol)} in={flow.IngressInterface} out={flow.EgressInterface} tos={flow.TrafficClass} fwd={Forwarding(flow)}");
        if (like.TryGetProperty("mask_src", out _))
            text += $" masks={flow.SourcePrefixLength},{flow.DestinationPrefixLength}";
        if (like.TryGetProperty("custom_primitives", out var custom) && custom.TryGetProperty("vrf_id_ingress", out _))
            text += $" vrf={flow.IngressVrf},{flow.EgressVrf}";
        return text;
    }

    private static string ProtocolName(IpProtocol protocol) => (int)protocol switch
    {
        6 => "tcp",
        17 => "udp",
        58 => "ipv6-icmp",
        112 => "vrrp",
        var number => number.ToString(CultureInfo.InvariantCulture),
    };

    private static string Forwarding(in ExportedFlow flow) => flow.ForwardingStatus switch
    {
        0x40 => "FORWARDED Unknown",
        0xC3 => "CONSUMED For us",
        0 => "UNKNOWN Unclassified",
        var other => $"0x{other:x2}",
    };

    private sealed record TruthLine(string Key, long Start, long End, double Packets, double Octets, TcpControlBits Flags);
}
