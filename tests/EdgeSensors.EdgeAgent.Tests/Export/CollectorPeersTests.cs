using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EdgeSensors.EdgeAgent.Commands;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Tests;

namespace EdgeSensors.EdgeAgent.Tests.Export;

/// <summary>Collectors that carriers run take what <c>meter --format ipfix --to udp://…</c> sends: nfcapd with nfdump, and nfacctd (pmacct).</summary>
public sealed class CollectorPeersTests : IDisposable
{
    private const string Mixed = "flows-ipfixprobe/ipfixprobe/functional__inputs__mixed.pcap"; // IPv4 and IPv6, UDP and ICMP
    private const string Bruteforce = "flows-zeek/zeek/ftp__bruteforce.pcap"; // TCP
    private const string Tagged = "flows-zeek/zeek/mixed-vlan-mpls.pcap"; // VLAN tags

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nfacctd");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(Mixed, false)]
    [InlineData(Mixed, true)]
    [InlineData(Bruteforce, false)]
    [InlineData(Bruteforce, true)]
    [InlineData(Tagged, false)]
    public async Task Flows_arrive_whole_in_nfcapd(string name, bool biflows)
    {
        var capture = ExportRig.Capture(name);
        using var nfcapd = await NfdumpCollector.StartOrSkip(TestContext.Current.CancellationToken);
        var (exit, _, errors) = ExportRig.Send(capture, $"udp://127.0.0.1:{nfcapd.Port}", biflows);
        Assert.Equal((ExitCode.Ok, ""), (exit, errors));

        var metered = ExportRig.Metered(capture);
        var records = biflows ? metered.Count : metered.Sum(record => (record.Forward.PacketCount > 0 ? 1 : 0) + (record.Reverse.PacketCount > 0 ? 1 : 0));
        Assert.True(records > 1);
        Assert.Equal(
            (records, metered.Sum(record => record.PacketCount), metered.Sum(record => record.OctetCount), 0L),
            await nfcapd.Summary(TestContext.Current.CancellationToken));
    }

    /// <summary>nfacctd adds records of equal keys up; so are ours, by the key that its lines have.</summary>
    [Theory]
    [InlineData(Mixed)]
    [InlineData(Bruteforce)]
    [InlineData(Tagged)]
    public async Task Flows_arrive_whole_in_nfacctd(string name)
    {
        var capture = ExportRig.Capture(name);
        var lines = await Nfacctd(capture, biflows: false);
        var expected = ExportRig.Metered(capture).SelectMany(Directions)
            .GroupBy(line => line.Key)
            .Select(group => $"{group.Key} {group.Sum(line => line.Packets)} {group.Sum(line => line.Octets)} {group.Aggregate(TcpControlBits.None, (flags, line) => flags | line.Flags)}");
        Assert.NotEmpty(lines);
        Assert.Equal(expected.Order(StringComparer.Ordinal), lines.Order(StringComparer.Ordinal));
    }

    /// <summary>Why one record for both directions is not the default: nfacctd reads over the reverse elements (RFC 5103), and says nothing.</summary>
    [Fact]
    public async Task Nfacctd_loses_the_way_back_of_biflow_records()
    {
        var capture = ExportRig.Capture(Mixed);
        var lines = await Nfacctd(capture, biflows: true);
        var metered = ExportRig.Metered(capture);
        var packets = lines.Sum(line => long.Parse(line.Split(' ')[^3], CultureInfo.InvariantCulture));
        Assert.Equal(metered.Sum(record => record.Forward.PacketCount > 0 ? record.Forward.PacketCount : record.Reverse.PacketCount), packets);
        Assert.True(packets < metered.Sum(record => record.PacketCount));
    }

    private async Task<List<string>> Nfacctd(string capture, bool biflows)
    {
        var program = OtherProgram.FindOrSkip("nfacctd", "pmacct");
        int port;
        using (var probe = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))
            port = ((IPEndPoint)probe.Client.LocalEndPoint!).Port;
        var settings = Path.Combine(_folder.FullName, "nfacctd.conf");
        var output = Path.Combine(_folder.FullName, "flows.json");
        await File.WriteAllTextAsync(
            settings,
            $"""
            daemonize: false
            nfacctd_ip: 127.0.0.1
            nfacctd_port: {port}
            plugins: print
            aggregate: src_host, dst_host, src_port, dst_port, proto, tcpflags, vlan
            print_output: json
            print_output_file: {output}
            print_refresh_time: 3600

            """,
            TestContext.Current.CancellationToken);
        using var nfacctd = OtherProgram.Start(program, "-f", settings);
        try
        {
            await UdpPort.Bound(port, TestContext.Current.CancellationToken);
            var (exit, _, errors) = ExportRig.Send(capture, $"udp://127.0.0.1:{port}", biflows);
            Assert.Equal((ExitCode.Ok, ""), (exit, errors));
            await UdpPort.Drained(port, TestContext.Current.CancellationToken);
            OtherProgram.Run("/bin/kill", "-INT", nfacctd.Id.ToString(CultureInfo.InvariantCulture));
            await nfacctd.WaitForExitAsync(TestContext.Current.CancellationToken);

            // Its plugin is a process of its own, which writes when the core has gone.
            for (var tries = 0; tries < 200 && !File.Exists(output); tries++)
                await Task.Delay(50, TestContext.Current.CancellationToken);
            await Task.Delay(300, TestContext.Current.CancellationToken);
        }
        finally
        {
            if (!nfacctd.HasExited)
                nfacctd.Kill();
        }

        return [.. File.ReadLines(output).Select(line => Line(JsonDocument.Parse(line).RootElement))];
    }

    private static string Line(JsonElement line) =>
        $"{line.GetProperty("ip_src")}:{line.GetProperty("port_src")} {line.GetProperty("ip_dst")}:{line.GetProperty("port_dst")} {line.GetProperty("ip_proto")} vlan {line.GetProperty("vlan")} "
        + $"{line.GetProperty("packets")} {line.GetProperty("bytes")} {(TcpControlBits)int.Parse(line.GetProperty("tcp_flags").GetString()!, CultureInfo.InvariantCulture)}";

    private static IEnumerable<(string Key, long Packets, long Octets, TcpControlBits Flags)> Directions(BiflowRecord record)
    {
        var protocol = record.Protocol switch
        {
            IpProtocol.Icmp => "icmp",
            IpProtocol.IcmpV6 => "ipv6-icmp",
            IpProtocol.Tcp => "tcp",
            _ => "udp",
        };
        if (record.Forward is { PacketCount: > 0 } forward)
            yield return ($"{record.Source}:{record.SourcePort} {record.Destination}:{record.DestinationPort} {protocol} vlan {record.VlanId}", forward.PacketCount, forward.OctetCount, forward.TcpFlags);
        if (record.Reverse is { PacketCount: > 0 } reverse)
            yield return ($"{record.Destination}:{record.DestinationPort} {record.Source}:{record.SourcePort} {protocol} vlan {record.VlanId}", reverse.PacketCount, reverse.OctetCount, reverse.TcpFlags);
    }
}
