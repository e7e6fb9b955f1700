using System.Text;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Tests.Report;

/// <summary>Walls 1 to 3 at the place where messages are made.</summary>
public sealed class WallTests
{
    private static readonly byte[] s_marker = Encoding.ASCII.GetBytes("PAYLOAD-MARKER-7f3a");

    [Theory]
    [InlineData("attacks/nDPI/synscan.pcap", "64.13.134.0/24", "172.16.0.8")]
    [InlineData("attacks/curated-pcaps/masscan__tcp_0_1000_20190821.pcap", "198.124.152.0/24", "172.31.15.102")]
    [InlineData("attacks/Pcaphunt/test__ps-tcp_ack.pcap", "10.0.0.1/32", "10.0.0.135")]
    public void Flows_that_no_detector_picked_never_leave(string file, string own, string attacker)
    {
        using var station = new Station();
        station.Holder.Replace(Station.Trust(Station.Document(own)));
        station.Run(SharedCapture.Path(file), stop: TestContext.Current.CancellationToken);
        var (reports, alerts) = station.Waiting();
        var flows = reports.SelectMany(r => r.Flows).ToList();
        var accused = alerts.Select(a => a.Indicator).ToHashSet();
        Assert.NotEmpty(flows);
        Assert.All(flows, flow => Assert.Contains(flow.Source, accused));
        Assert.All(flows.Where(flow => flow.Direction == TrafficDirection.Inbound), flow => Assert.Equal(attacker, flow.Source.ToString()));
        Assert.All(flows.Where(flow => flow.Direction == TrafficDirection.Inbound), flow => Assert.Null(flow.Destination.Address));
    }

    [Theory]
    [InlineData("attacks/StratosphereLinuxIPS/test-cc__test-cc-capture-1.pcap", "147.32.80.0/24")]
    [InlineData("benign/mercury/capture2.pcap", "10.0.0.0/8")]
    public void Where_no_detector_speaks_no_record_leaves(string file, string own)
    {
        using var station = new Station();
        station.Holder.Replace(Station.Trust(Station.Document(own)));
        station.Run(SharedCapture.Path(file), stop: TestContext.Current.CancellationToken);
        var (reports, alerts) = station.Waiting();
        Assert.Empty(alerts);
        Assert.All(reports, r => Assert.Empty(r.Flows));
        Assert.Contains(reports, r => r.Total is { Packets: > 0 });
    }

    [Fact]
    public void A_marker_in_every_payload_is_nowhere_in_the_outbox()
    {
        var capture = Scan();
        using var station = new Station();
        station.Holder.Replace(Station.Trust(Station.Document("198.51.100.0/24")));
        station.Run(capture, stop: TestContext.Current.CancellationToken);
        Assert.NotEmpty(station.Waiting().Alerts);
        Assert.Contains(station.Waiting().Reports, r => r.Flows.Count > 0);
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(station.OutboxFile)!))
        {
            Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf(s_marker));
        }

        File.Delete(capture);
    }

    [Fact]
    public void What_lies_beyond_a_files_headers_is_zeroed_right_after_parsing()
    {
        var path = Scan();
        using var station = new Station();
        using var outbox = station.Open();
        var reporter = new EdgeAgent.Report.TrafficReporter(
            new(TimeSpan.FromSeconds(1), 1 << 12, new(), Live: false), new() { Seed = 1 }, station.Holder, outbox, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Assert.True(CaptureFile.TryOpen(path, out var capture, out _));
        using (capture)
        {
            CapturedPacket packet = default;
            while (capture.Read(ref packet) == PacketRead.Packet)
            {
                FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
                reporter.Add(ref packet);
                Assert.False(packet.Data[header.HeaderLength..].ContainsAnyExcept((byte)0));
            }
        }

        File.Delete(path);
    }

    [Fact]
    public void Without_an_authorisation_only_health_leaves()
    {
        var capture = Scan();
        using var station = new Station();
        station.Run(capture, stop: TestContext.Current.CancellationToken);
        var (reports, alerts) = station.Waiting();
        Assert.Empty(alerts);
        Assert.NotEmpty(reports);
        Assert.All(reports, r => Assert.True(r.AuthorizationId is null && r.Total is null && r.Services.Count == 0 && r.Flows.Count == 0 && r.Cardinalities.Count == 0));
        File.Delete(capture);
    }

    [Fact]
    public void An_authorisation_that_is_not_yet_or_no_more_valid_or_for_another_sensor_is_none()
    {
        var document = Station.Document("198.51.100.0/24");
        using var station = new Station();
        station.Holder.Replace(Station.Trust(document));
        Assert.NotNull(station.Holder.InForce);
        station.Clock.SetUtcNow(document.NotAfter.ToDateTimeOffset());
        Assert.Null(station.Holder.InForce);
        station.Holder.Replace(Station.Trust(document with { NotBefore = new(1_801_500_000_000), NotAfter = new(1_802_000_000_000) }));
        Assert.Null(station.Holder.InForce);
        station.Holder.Replace(Station.Trust(document with { NotAfter = new(1_900_000_000_000), Sensor = SensorId.Parse("gw-2") }));
        Assert.Null(station.Holder.InForce);
        station.Holder.Replace(Station.Trust(document with { NotAfter = new(1_900_000_000_000) }) with { Expires = document.NotAfter.ToDateTimeOffset() });
        Assert.Null(station.Holder.InForce);
    }

    [Fact]
    public void At_level_broad_counts_leave_and_neither_alerts_nor_flows()
    {
        var capture = Scan();
        using var station = new Station();
        station.Holder.Replace(Station.Trust(Station.Document("198.51.100.0/24") with { Level = CollectionLevel.Broad }));
        station.Run(capture, stop: TestContext.Current.CancellationToken);
        var (reports, alerts) = station.Waiting();
        Assert.Empty(alerts);
        Assert.All(reports, r => Assert.Empty(r.Flows));
        Assert.Contains(reports, r => r.Measurement.FlowsOutOfScope > 0);
        Assert.Contains(reports, r => r.Services.Any(s => s.Port == 1));
        File.Delete(capture);
    }

    [Fact]
    public void Domestic_traffic_on_a_carriers_network_is_counted_in_the_total_and_nowhere_else()
    {
        var capture = Scan();
        using var station = new Station();
        var table = new DomesticPrefixTable { Version = 1, Prefixes = [Prefix.Parse("198.51.100.0/24"), Prefix.Parse("203.0.113.0/24")] };
        station.Holder.Replace(Station.Trust(Station.Document("198.51.100.0/24") with { Network = NetworkKind.Carrier, Basis = CollectionBasis.Authorization }, table));
        station.Run(capture, stop: TestContext.Current.CancellationToken);
        var (reports, alerts) = station.Waiting();
        Assert.Empty(alerts);
        Assert.All(reports, r => Assert.True(r.Flows.Count == 0 && r.Directions.Count == 0 && r.Services.Count == 0 && r.Protocols.Count == 0));
        Assert.Contains(reports, r => r.Total is { Packets: > 0 } && r.Measurement.DomesticPackets > 0);
        File.Delete(capture);
    }

    [Fact]
    public void The_owners_consent_covers_peers_at_home()
    {
        var capture = Scan();
        using var station = new Station();
        var table = new DomesticPrefixTable { Version = 1, Prefixes = [Prefix.Parse("198.51.100.0/24"), Prefix.Parse("203.0.113.0/24")] };
        station.Holder.Replace(Station.Trust(Station.Document("198.51.100.0/24"), table));
        station.Run(capture, stop: TestContext.Current.CancellationToken);
        Assert.NotEmpty(station.Waiting().Alerts);
        File.Delete(capture);
    }

    [Fact]
    public void A_direction_that_was_not_granted_is_counted_in_the_total_only()
    {
        var capture = Scan();
        using var station = new Station();
        station.Holder.Replace(Station.Trust(Station.Document("198.51.100.0/24") with { Directions = FlowDirections.Outbound }));
        station.Run(capture, stop: TestContext.Current.CancellationToken);
        var (reports, alerts) = station.Waiting();
        Assert.Empty(alerts);
        Assert.DoesNotContain(reports, r => r.Directions.Any(d => d.Direction == TrafficDirection.Inbound));
        Assert.All(reports, r => Assert.True(r.Total!.Value.Packets > r.Directions.Aggregate(0UL, (sum, d) => sum + d.Count.Packets)));
        File.Delete(capture);
    }

    private static string Scan()
    {
        var capture = new PcapBuilder();
        for (ushort port = 1; port <= 60; port++)
        {
            capture.Tcp(port * 50, "203.0.113.9", 40_000, "198.51.100.7", port, 0x02, s_marker);
            capture.Tcp((port * 50) + 1, "198.51.100.8", 50_000, "203.0.113.80", 443, 0x18, s_marker);
            capture.Tcp((port * 50) + 2, "198.51.100.7", port, "203.0.113.9", 40_000, 0x14, []);
        }

        return capture.Save();
    }
}
