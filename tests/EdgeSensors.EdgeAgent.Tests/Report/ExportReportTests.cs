using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Input;
using EdgeSensors.EdgeAgent.Report;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeSensors.EdgeAgent.Tests.Report;

/// <summary>Exporters' records go the way that packets do: the same walls, the same detectors, and what they do not show is not claimed.</summary>
public sealed class ExportReportTests
{
    private const string Inside = "198.51.100.";
    private const string Scanner = "203.0.113.9";

    [Fact]
    public void A_scan_in_whole_records_is_found_proven_by_what_was_answered_and_its_flows_are_reported()
    {
        var (reports, alerts) = Run(stated: 1, drive: router =>
        {
            // At one port somebody answers with data; so the scanner receives at its address.
            router.Flow(Scanner, 41_000, Inside + "7", 443, 6, 0x17, 3, 120).Flow(Inside + "7", 443, Scanner, 41_000, 6, 0x1A, 2, 200);
            Scan(router, 60);
        });
        var last = alerts.Last(a => a.Detector == DetectorKind.PortFanOut);
        Assert.Equal("T1595.002", last.Technique);
        Assert.True(last.Evidence is { Sampled: false, SourceProven: true, FailedAttempts: >= 60 });
        Assert.Equal(Prefix.Parse(Scanner + "/32"), last.Indicator.Address);
        Assert.Contains(reports.SelectMany(r => r.Flows), f => f.Reason == DetectorKind.PortFanOut && f.Destination.Address is null);
        Assert.All(reports, r => Assert.Equal((1U, 1U, 0UL), (r.Measurement.SamplingSize, r.Measurement.SamplingPopulation, r.Measurement.UnknownSamplingPackets)));
    }

    [Fact]
    public void One_sampled_SYN_is_no_proof_and_a_sampled_scan_is_said_with_less_confidence_and_never_as_proven()
    {
        var (_, alerts) = Run(stated: 100, drive: router =>
        {
            router.Flow("203.0.113.44", 40_000, Inside + "9", 443, 6, ExportedTraffic.Syn);
            router.Flow(Scanner, 41_000, Inside + "7", 443, 6, 0x17, 3, 120).Flow(Inside + "7", 443, Scanner, 41_000, 6, 0x1A, 2, 200);
            Scan(router, 60);
        });
        Assert.All(alerts, a => Assert.Equal(Prefix.Parse(Scanner + "/32"), a.Indicator.Address));
        Assert.All(alerts, a => Assert.True(a.Evidence is { Sampled: true, SourceProven: false } && a.Confidence <= 80));
        var (_, whole) = Run(stated: 1, drive: router => Scan(router, 60));
        Assert.True(alerts.Max(a => a.Confidence) < whole.Max(a => a.Confidence));
    }

    [Fact]
    public void An_unknown_rate_is_treated_as_a_sample()
    {
        var (_, alerts) = Run(stated: 0, drive: router =>
        {
            router.Flow(Scanner, 41_000, Inside + "7", 443, 6, 0x17, 3, 120).Flow(Inside + "7", 443, Scanner, 41_000, 6, 0x1A, 2, 200);
            Scan(router, 60);
        });
        Assert.NotEmpty(alerts);
        Assert.All(alerts, a => Assert.True(a.Evidence is { Sampled: true, SourceProven: false }));
    }

    [Fact]
    public void A_busy_client_of_which_a_few_SYNs_were_sampled_is_no_scanner()
    {
        var (_, alerts) = Run(stated: 100, drive: router =>
        {
            for (var host = 0; host < 200; host++)
            {
                // Of each conversation one packet is looked at: of every third its SYN.
                router.Flow(Scanner, (ushort)(40_000 + host), $"198.51.{100 + (host / 250)}.{host % 250}", 443, 6, host % 3 == 0 ? ExportedTraffic.Syn : (byte)0x18);
                router.NowMs += 50;
            }
        }, "198.51.100.0/22");
        Assert.Empty(alerts);
    }

    [Fact]
    public void A_one_sided_view_of_UDP_accuses_nobody_and_a_two_sided_one_finds_the_sweep()
    {
        foreach (var twoSided in new[] { false, true })
        {
            var (_, alerts) = Run(stated: 1, drive: router =>
            {
                for (ushort client = 0; client < 40; client++)
                {
                    if (twoSided)
                        router.Conversed($"203.0.113.{client + 100}", 50_000, Inside + "80", 443);
                    else
                        router.Flow($"203.0.113.{client + 100}", 50_000, Inside + "80", 443, 6, ExportedTraffic.Conversation, 10, 5000);
                }

                router.NowMs += 6000;
                for (var host = 1; host < 60; host++)
                    router.Flow(Scanner, 44_000, $"{Inside}{host}", 161, 17, 0);
            });
            Assert.Equal(twoSided, alerts.Count > 0);
        }
    }

    [Fact]
    public void A_sampled_reflected_flood_is_scaled_and_many_honest_answers_are_none()
    {
        foreach (var octets in new uint[] { 200, 1400 })
        {
            var (_, alerts) = Run(stated: 1000, drive: router =>
            {
                for (var second = 0; second < 20; second++)
                {
                    for (var resolver = 0; resolver < 20; resolver++)
                        router.Flow($"203.0.113.{resolver}", 53, Inside + "5", (ushort)(30_000 + (second * 20) + resolver), 17, 0, 1, octets);
                    router.NowMs += 1000;
                }
            });
            Assert.Equal(octets == 1400, alerts.Count > 0);
            Assert.All(alerts, a => Assert.Equal("T1498.002", a.Technique));
            // 20 samples a second of one packet in 1000.
            if (alerts.Count > 0)
                Assert.InRange(alerts.Max(a => a.Evidence.PeakPacketsPerSecond), 15_000UL, 25_000UL);
        }
    }

    [Fact]
    public void A_sampled_SYN_flood_is_found_and_a_busy_server_is_not_flooded()
    {
        foreach (var flood in new[] { false, true })
        {
            var (_, alerts) = Run(stated: 100, drive: router =>
            {
                var random = new Random(7);
                for (var i = 0; i < 4000; i++)
                {
                    var flags = flood || random.Next(6) == 0 ? ExportedTraffic.Syn : (byte)0x10;
                    router.Flow($"203.0.{random.Next(100, 120)}.{random.Next(256)}", (ushort)random.Next(1024, 65_000), Inside + "80", 443, 6, flags);
                    router.NowMs += i % 2;
                }
            });
            Assert.Equal(flood, alerts.Any(a => a.Detector == DetectorKind.Flood));
        }
    }

    [Fact]
    public void Without_an_authorisation_nothing_of_the_records_is_told()
    {
        var (reports, alerts) = Run(stated: 1, drive: router => Scan(router, 60), authorised: false);
        Assert.Empty(alerts);
        Assert.All(reports, r => Assert.True(r.AuthorizationId is null && r.Total is null && r.Flows.Count == 0 && r.Measurement.UnknownSamplingPackets == 0));
    }

    [Fact]
    public void On_a_carriers_network_domestic_flows_are_counted_in_the_total_only()
    {
        var document = Station.Document("198.51.100.0/24") with { Network = NetworkKind.Carrier, Basis = CollectionBasis.Authorization, Directions = FlowDirections.Inbound | FlowDirections.Outbound | FlowDirections.Transit };
        var domestic = new DomesticPrefixTable { Prefixes = [Prefix.Parse("198.51.0.0/16"), Prefix.Parse("203.0.113.0/24")], Version = 1 };
        var (reports, alerts) = Run(stated: 1, drive: router => Scan(router, 60), document: document, domestic: domestic);
        Assert.Empty(alerts);
        Assert.Empty(reports.SelectMany(r => r.Flows));
        Assert.Equal(120UL, (ulong)reports.Sum(r => (long)(r.Total?.Packets ?? 0)));
        Assert.Equal(120UL, (ulong)reports.Sum(r => (long)r.Measurement.DomesticPackets));
        Assert.All(reports, r => Assert.Empty(r.Directions));
    }

    [Fact]
    public void Reports_say_the_sampling_ratio_what_is_unknown_of_it_and_what_never_came()
    {
        var missing = 0L;
        var (reports, _) = Run(stated: 0, sampling: 512, drive: router =>
        {
            router.Conversed("203.0.113.5", 40_000, Inside + "7", 443, packets: 5);
            missing = 3;
            router.NowMs += 1500;
        }, missing: () => missing);
        var told = Assert.Single(reports, r => r.Total is { Packets: 10 });
        Assert.Equal((1U, 512U, 0UL, 3UL), (told.Measurement.SamplingSize, told.Measurement.SamplingPopulation, told.Measurement.UnknownSamplingPackets, told.Measurement.MissingExports));

        (reports, _) = Run(stated: 0, drive: router => router.Conversed("203.0.113.5", 40_000, Inside + "7", 443, packets: 5));
        told = Assert.Single(reports, r => r.Total is { Packets: 10 });
        Assert.Equal((1U, 1U, 10UL, 0UL), (told.Measurement.SamplingSize, told.Measurement.SamplingPopulation, told.Measurement.UnknownSamplingPackets, told.Measurement.MissingExports));
    }

    [Fact]
    public void An_exporters_wrong_clock_moves_no_window_and_no_flow()
    {
        var (reports, alerts) = Run(stated: 1, drive: router =>
        {
            router.ClockErrorMs = -86_400_000;
            Scan(router, 60);
        });
        Assert.NotEmpty(alerts);
        Assert.All(alerts, a => Assert.InRange(a.Evidence.FirstSeen.Value, 1_799_999_990_000, 1_800_000_020_000));
        Assert.All(reports, r => Assert.InRange(r.WindowStart.Value, 1_799_999_990_000, 1_800_000_020_000));
        Assert.All(reports.SelectMany(r => r.Flows), f => Assert.InRange(f.Start.Value, 1_799_999_990_000, 1_800_000_020_000));
    }

    [Fact]
    public void Records_that_waited_for_their_template_count_when_they_can_be_read_and_open_no_window_of_the_past()
    {
        var (reports, _) = Run(stated: 1, drive: router =>
        {
            router.Conversed("203.0.113.5", 40_000, Inside + "7", 443, packets: 5);
            router.NowMs += 300_000;
            router.Conversed("203.0.113.6", 40_000, Inside + "7", 443, packets: 5);
            router.NowMs -= 200_000;
            router.Conversed("203.0.113.7", 40_000, Inside + "7", 443, packets: 5);
            router.NowMs += 200_000;
        });
        Assert.Equal(reports.Select(r => r.WindowStart.Value).Order(), reports.Select(r => r.WindowStart.Value));
        Assert.Equal([10UL, 20UL], reports.Where(r => r.Total is { Packets: > 0 }).Select(r => r.Total!.Value.Packets));
    }

    [Fact]
    public async Task Rules_that_are_observed_count_what_exporters_tell_of()
    {
        var enforcer = new ObserveOnlyEnforcer("test", TimeProvider.System);
        var rule = new EnforcedRule(DocumentId.Parse("r-1"), Prefix.Parse(Scanner + "/32"), SlpfDirection.Ingress, MitigationStep.Drop, new UnixMilliseconds(4_000_000_000_000));
        await enforcer.ApplyAsync(EnforcementPlan.Empty with { Rules = [rule] }, TestContext.Current.CancellationToken);
        Run(stated: 1, drive: router => router.Conversed(Scanner, 40_000, Inside + "7", 443, packets: 5), observed: enforcer);
        Assert.Equal((5UL, 500UL), (await enforcer.ReadHitsAsync(TestContext.Current.CancellationToken)).Hits.Select(r => (r.Packets, r.Octets)).Single());
    }

    private static void Scan(ExportedTraffic router, int ports)
    {
        for (ushort port = 1; port <= ports; port++)
        {
            router.Flow(Scanner, (ushort)(40_000 + port), Inside + "7", port, 6, ExportedTraffic.Syn).Flow(Inside + "7", port, Scanner, (ushort)(40_000 + port), 6, ExportedTraffic.RstAck);
            router.NowMs += 20;
        }
    }

    private static (List<ReportMessage> Reports, List<AlertMessage> Alerts) Run(
        double stated, Action<ExportedTraffic> drive, string own = "198.51.100.0/24", ushort sampling = 0, bool authorised = true,
        CollectionAuthorization? document = null, DomesticPrefixTable? domestic = null, Func<long>? missing = null, ObserveOnlyEnforcer? observed = null)
    {
        using var station = new Station();
        if (authorised)
            station.Holder.Replace(Station.Trust(document ?? Station.Document(own), domestic));
        using (var outbox = station.Open())
        {
            var checkpoint = Checkpoint.Read(outbox.ReadCheckpoint());
            var reporter = new TrafficReporter(
                new ReporterOptions(TimeSpan.FromSeconds(1), 1 << 12, new DetectorOptions(), Live: true), checkpoint, station.Holder, outbox, TimeProvider.System, NullLogger.Instance)
            {
                MissingExports = missing, Observed = observed,
            };
            var router = new ExportedTraffic(reporter, sampling, stated);
            drive(router);
            reporter.AdvanceTo((router.NowMs + 6000) * 1_000_000);
            reporter.Finish();
        }

        return station.Waiting();
    }
}
