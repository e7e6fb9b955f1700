using System.Text.Json;
using EdgeSensors.EdgeAgent.Commands;
using EdgeSensors.EdgeAgent.Export;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.EdgeAgent.Tests.Meter;

public class MeterRunTests(ITestOutputHelper output)
{
    /// <summary>The names that a line may have: of the IANA IPFIX registry, with RFC 5103's prefix before one that is, and in the last three lines ours.</summary>
    private static readonly HashSet<string> Names =
    [
        "flowStartMilliseconds", "flowEndMilliseconds", "sourceIPv4Address", "destinationIPv4Address", "sourceIPv6Address", "destinationIPv6Address",
        "sourceTransportPort", "destinationTransportPort", "protocolIdentifier", "packetDeltaCount", "octetDeltaCount", "reversePacketDeltaCount",
        "reverseOctetDeltaCount", "tcpControlBits", "reverseTcpControlBits", "icmpTypeCodeIPv4", "icmpTypeCodeIPv6", "reverseIcmpTypeCodeIPv4",
        "reverseIcmpTypeCodeIPv6", "vlanId", "dot1qCustomerVlanId", "reverseFlowStartMilliseconds", "reverseFlowEndMilliseconds", "flowEndReason",
        "initialTCPFlags", "reverseInitialTCPFlags", "tunnelType", "tunnelId", "flowOutcome",
        "ipTotalLengthMean", "ipTotalLengthVariance", "packetGapMeanMicroseconds", "packetGapVarianceSquareMicroseconds",
        "reverseIpTotalLengthMean", "reverseIpTotalLengthVariance", "reversePacketGapMeanMicroseconds", "reversePacketGapVarianceSquareMicroseconds",
    ];

    /// <summary>Those that <c>--detail</c> adds.</summary>
    private static readonly HashSet<string> DetailNames =
    [
        "minimumIpTotalLength", "maximumIpTotalLength", "minimumTTL", "maximumTTL", "ttlMean", "reverseMinimumIpTotalLength", "reverseMaximumIpTotalLength", "reverseMinimumTTL",
        "reverseMaximumTTL", "reverseTtlMean", "tcpRetransmissionCount", "reverseTcpRetransmissionCount", "tcpZeroWindowCount", "reverseTcpZeroWindowCount", "tcpHandshakeMicroseconds",
        "firstPacketLengths", "firstPacketGapsMicroseconds",
    ];

    [Fact]
    public void Every_file_of_the_corpus_ends_with_flows_or_one_line_that_says_why_not()
    {
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(Captures(), "*", SearchOption.AllDirectories))
        {
            var (exit, lines, errors) = Run(path, FlowFormat.JsonLines);
            foreach (var line in lines)
            {
                using var flow = JsonDocument.Parse(line);
                Assert.All(flow.RootElement.EnumerateObject(), member => Assert.Contains(member.Name, Names));
            }

            if (exit == ExitCode.Ok)
            {
                Assert.All(errors, note => Assert.StartsWith("note: ", note, StringComparison.Ordinal));
            }
            else
            {
                var error = Assert.Single(errors);
                Assert.Matches(@"^error\[[a-z-]+\]: .+", error);
            }

            var outcome = exit == ExitCode.Ok ? "ok" : errors[0][..(errors[0].IndexOf(']', StringComparison.Ordinal) + 1)];
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        foreach (var (outcome, count) in outcomes)
            output.WriteLine($"{outcome}: {count}");
        Assert.True(outcomes["ok"] > 1500);
    }

    [Fact]
    public void The_three_outputs_agree_on_the_totals()
    {
        var path = Path.Combine(Captures(), "flows-zeek", "zeek", "tunnels__Teredo.pcap");
        var (_, flows, _) = Run(path, FlowFormat.JsonLines);
        var (_, totals, _) = Run(path, FlowFormat.JsonLines, quiet: true);
        var (_, table, _) = Run(path, FlowFormat.Table);
        using var summary = JsonDocument.Parse(Assert.Single(totals));
        var parsed = flows.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(summary.RootElement.GetProperty("flows").GetInt32(), flows.Length);
        Assert.Equal(
            summary.RootElement.GetProperty("ipPackets").GetInt64(),
            parsed.Sum(flow => flow.GetProperty("packetDeltaCount").GetInt64() + flow.GetProperty("reversePacketDeltaCount").GetInt64()));
        Assert.Equal(
            summary.RootElement.GetProperty("ipOctets").GetInt64(),
            parsed.Sum(flow => flow.GetProperty("octetDeltaCount").GetInt64() + flow.GetProperty("reverseOctetDeltaCount").GetInt64()));
        Assert.StartsWith("START (UTC)", table[0], StringComparison.Ordinal);
        Assert.Contains(table, line => line.StartsWith("flows ", StringComparison.Ordinal) && line.EndsWith($" {flows.Length}", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_printed_is_the_same_in_each_run_and_for_any_number_of_workers()
    {
        var path = Path.Combine(Captures(), "flows-zeek", "zeek", "tunnels__Teredo.pcap");
        foreach (var format in (ReadOnlySpan<FlowFormat>)[FlowFormat.JsonLines, FlowFormat.Table])
        {
            var one = Run(path, format, workers: 1);
            foreach (var workers in (ReadOnlySpan<int>)[1, 2, 3, 8])
                Assert.Equal(one.Lines, Run(path, format, workers: workers).Lines);
        }
    }

    [Fact]
    public void Details_are_added_where_they_are_asked_for_by_any_number_of_workers()
    {
        var path = Path.Combine(Captures(), "flows-zeek", "zeek", "tunnels__Teredo.pcap");
        var options = new FlowTableOptions { Detail = true };
        var (_, plain, _) = Run(path, FlowFormat.JsonLines, workers: 1);
        string[]? before = null;
        foreach (var workers in (ReadOnlySpan<int>)[1, 2, 3])
        {
            using var stream = new MemoryStream();
            new MeterRun(path, options, FlowFormat.JsonLines, quiet: false, workers: workers)
                .Execute(stream, TextWriter.Null, new Progress(null, TimeProvider.System), TestContext.Current.CancellationToken);
            var lines = System.Text.Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(before ?? lines, lines);
            before = lines;
        }

        var added = new HashSet<string>();
        foreach (var (line, without) in before!.Zip(plain))
        {
            Assert.StartsWith(without[..^1], line, StringComparison.Ordinal);
            using var flow = JsonDocument.Parse(line);
            added.UnionWith(flow.RootElement.EnumerateObject().Select(member => member.Name).Except(Names));
            var packets = flow.RootElement.GetProperty("packetDeltaCount").GetInt64() + flow.RootElement.GetProperty("reversePacketDeltaCount").GetInt64();
            Assert.Equal(Math.Min(16, packets), flow.RootElement.GetProperty("firstPacketLengths").GetArrayLength());
        }

        Assert.Equal(DetailNames.Order(), added.Order());
    }

    [Fact]
    public void A_truncated_capture_prints_what_was_read_and_fails_with_the_place()
    {
        var whole = File.ReadAllBytes(Path.Combine(Captures(), "flows-zeek", "zeek", "tunnels__Teredo.pcap"));
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
        var (exit, lines, errors) = Run(path, FlowFormat.JsonLines);
        Assert.Equal(ExitCode.Failed, exit);
        Assert.NotEmpty(lines);
        Assert.Matches(@"^error\[truncated\]: .*\(at byte \d+\)$", Assert.Single(errors));
        File.Delete(path);
    }

    [Fact]
    public void A_missing_file_fails_with_its_name()
    {
        var (exit, lines, errors) = Run("/nowhere/at-all.pcap", FlowFormat.Table);
        Assert.Equal((ExitCode.Failed, "error[not-found]: /nowhere/at-all.pcap: no such file; check the path"), (exit, Assert.Single(errors)));
        Assert.Empty(lines);
    }

    [Fact]
    public void A_full_output_fails_instead_of_printing_less_in_silence()
    {
        var errors = new StringWriter();
        var path = Path.Combine(Captures(), "flows-zeek", "zeek", "tunnels__Teredo.pcap");
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var exit = new MeterRun(path, new FlowTableOptions(), FlowFormat.Table, quiet: false)
            .Execute(full, errors, new Progress(null, TimeProvider.System), TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Failed, exit);
        Assert.StartsWith("error[output]: ", errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("meter", "Required argument 'FILE' missing")]
    [InlineData("meter --colour f.pcap", "Unknown option '--colour'")]
    [InlineData("meter f.pcap --idle-timeout never", "--idle-timeout takes seconds")]
    [InlineData("meter f.pcap --active-timeout 0", "--active-timeout takes seconds")]
    [InlineData("meter f.pcap --max-flows -1", "--max-flows takes a number")]
    [InlineData("meter f.pcap --format xml", "--format takes table, jsonl or ipfix")]
    [InlineData("meter f.pcap --format ipfix", "--format ipfix needs --to")]
    [InlineData("meter f.pcap --to udp://127.0.0.1:4739", "--to goes with --format ipfix")]
    [InlineData("meter f.pcap --format ipfix --to 127.0.0.1:4739", "--to takes udp://HOST:PORT")]
    [InlineData("meter f.pcap --format ipfix --to udp://user@host", "--to takes udp://HOST:PORT")]
    [InlineData("meter f.pcap --format ipfix --to file:x --domain 0", "--domain takes a number from 1")]
    [InlineData("meter f.pcap --format ipfix --to file:x --rate -1", "--rate takes messages a second")]
    [InlineData("meter f.pcap --format ipfix --to tls://host --tls-key k.pem", "--tls-key goes with --tls-cert")]
    public void A_wrong_command_line_is_one_line_that_points_to_the_help(string line, string what)
    {
        var parsed = new System.CommandLine.RootCommand { MeterCommand.Create() }.Parse(line);
        Assert.NotEmpty(parsed.Errors);
        var said = Usage.Describe(parsed);
        Assert.Contains(what, said, StringComparison.Ordinal);
        Assert.EndsWith("See edgesensors-agent meter --help.", said, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', said);
    }

    private static (int Exit, string[] Lines, string[] Errors) Run(string path, FlowFormat format, bool quiet = false, int workers = 0)
    {
        using var stream = new MemoryStream();
        var errors = new StringWriter();
        var exit = new MeterRun(path, new FlowTableOptions(), format, quiet, workers: workers)
            .Execute(stream, errors, new Progress(null, TimeProvider.System), TestContext.Current.CancellationToken);
        return (exit, Split(System.Text.Encoding.UTF8.GetString(stream.ToArray())), Split(errors.ToString()));

        static string[] Split(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    internal static string Captures()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeSensors.sln"))
                && Path.Combine(folder.Parent!.FullName, "shared", "data", "captures") is var captures && Directory.Exists(captures))
                return captures;
        }

        Assert.Skip("../shared/data/captures is not beside the repository: this test runs the meter over its captures.");
        return "";
    }
}
