using System.Globalization;
using System.Text.RegularExpressions;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>
/// The same messages by telegraf's netflow input, field by field. Not compared: its own time of writing, vlan_src 0 (no tag), and elements that are no field of a flow here
/// and are skipped by their length (yaf's enterprise 6871, engine_type, engine_id); ICMP type and code of what is not ICMP.
/// </summary>
public sealed partial class TelegrafTruthTests
{
    [Theory]
    [InlineData("ipfix_example")]
    [InlineData("netflow_v9_example")]
    public void Records_agree_with_telegraf(string name)
    {
        var rig = Replay(name);
        var truths = Truth(name, "netflow");
        Assert.Equal(truths.Count, rig.Flows.Count);
        foreach (var (truth, flow) in truths.Zip(rig.Flows))
        {
            foreach (var (field, value) in truth)
                AssertField(field, value, flow);
        }
    }

    /// <summary>
    /// An exporter whose message length is two octets short and whose time fields have no length: telegraf prints those times as 0, here they are not given. Its "flows"
    /// (element 3) is no field of a flow here.
    /// </summary>
    [Fact]
    public void The_message_of_issue_14370_is_read_to_its_end()
    {
        var rig = Replay("issue_14370");
        var truths = Truth("issue_14370", "netflow");
        Assert.Equal(truths.Count, rig.Flows.Count);
        foreach (var (truth, flow) in truths.Zip(rig.Flows))
        {
            Assert.False(flow.Has(FlowFields.Times));
            foreach (var (field, value) in truth.Where(pair => pair.Key is not ("flow_start" or "flow_end" or "flows")))
                AssertField(field, value, flow);
        }
    }

    [Fact]
    public void The_options_of_ipfix_example_tell_when_the_exporter_began()
    {
        var rig = Replay("ipfix_example");
        var options = Truth("ipfix_example", "netflow_options");
        Assert.Equal(options.Count, rig.Totals.OptionsRecordCount);
        Assert.Contains(rig.Collector.Domains, domain => domain.SystemInitNs == long.Parse(options[0]["system_init_ms"][..^1], CultureInfo.InvariantCulture) * 1_000_000);
    }

    /// <summary>A discarded-packet notification whose header is of no protocol we decode: telegraf prints it as a metric, here it makes no flow.</summary>
    [Fact]
    public void The_datagram_of_issue_15375_is_read_to_its_end()
    {
        var rig = Replay("sflow_issue_15375");
        Assert.Equal("192.168.119.184", rig.Report().Agent.ToString());
        Assert.Equal(100_000u, rig.Report().ObservationDomainId);
        Assert.Equal(rig.Totals.DatagramCount, rig.Totals.Count(CollectStatus.Ok));
    }

    private static CollectorRig Replay(string name)
    {
        var rig = new CollectorRig();
        foreach (var path in Directory.EnumerateFiles(Path.Combine(ExportReplay.Folder, "telegraf"), name + "__*.bin").Order(StringComparer.Ordinal))
            ExportReplay.Into(rig.Collector, path);
        return rig;
    }

    private static List<Dictionary<string, string>> Truth(string name, string measurement) =>
        [.. File.ReadLines(Path.Combine(ExportReplay.Folder, "telegraf", "truth", name + ".expected.out"))
            .Where(line => line.StartsWith(measurement + ",", StringComparison.Ordinal))
            .Select(line => Field().Matches(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim('"')))];

    private static void AssertField(string field, string value, in ExportedFlow flow)
    {
        var actual = field switch
        {
            "src" => flow.Source.ToString(),
            "dst" => flow.Destination.ToString(),
            "src_port" => Unsigned(flow.SourcePort),
            "dst_port" => Unsigned(flow.DestinationPort),
            "protocol" => flow.Protocol == IpProtocol.Tcp ? "tcp" : flow.Protocol == IpProtocol.Udp ? "udp" : "?",
            "in_total_bytes" or "in_bytes" => Unsigned(flow.OctetCount),
            "in_total_packets" or "in_packets" => Unsigned(flow.PacketCount),
            "type_29305_85" => $"0x{flow.ReverseOctetCount:x8}",
            "type_29305_86" => $"0x{flow.ReversePacketCount:x8}",
            "flow_start_ms" => Unsigned(flow.StartNs / 1_000_000),
            "flow_end_ms" => Unsigned(flow.EndNs / 1_000_000),
            "src_tos" => $"0x{flow.TrafficClass:x2}",
            "fwd_status" or "fwd_reason" => flow.ForwardingStatus == 0 ? "unknown" : "?",
            "flow_end_reason" => (int)flow.EndReason switch { 3 => "end of flow", 4 => "forced end", _ => "?" },
            "tcp_flags" => Flags(flow.TcpFlags),
            "in_snmp" => Unsigned(flow.IngressInterface),
            "out_snmp" => Unsigned(flow.EgressInterface),
            "bgp_src_as" => Unsigned(flow.SourceAs),
            "bgp_dst_as" => Unsigned(flow.DestinationAs),
            "direction" => flow.Direction == 0 ? "ingress" : "egress",
            "vlan_src" => Unsigned(flow.VlanId),
            "icmp_type" or "icmp_code" when flow.Protocol is not (IpProtocol.Icmp or IpProtocol.IcmpV6) => value,
            "engine_type" or "engine_id" or "type_29305_5" or "type_29305_58" => value,
            _ when field.StartsWith("type_6871_", StringComparison.Ordinal) => value,
            _ => "not compared",
        };
        Assert.Equal((field, value), (field, actual));
    }

    private static string Unsigned(long value) => value.ToString(CultureInfo.InvariantCulture) + "u";

    private static string Flags(TcpControlBits flags) => string.Concat("CEUAPRSF".Select((letter, index) => ((int)flags & (0x80 >> index)) != 0 ? letter : '.'));

    [GeneratedRegex("(\\w+)=(\"[^\"]*\"|[^,\\s]+)")]
    private static partial Regex Field();
}
