using EdgeSensors.EdgeAgent.Input;
using EdgeSensors.EdgeAgent.Report;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.EdgeAgent.Tests.Report;

public sealed class LiveReportTests
{
    private const long StartNs = 1_700_000_000_000_000_000;
    private const long Second = 1_000_000_000;

    [Fact]
    public void After_a_kill_on_an_interface_the_next_report_says_that_a_window_is_lost_and_the_one_after_does_not()
    {
        using var station = new Station();
        Run(station, reporter => Windows(reporter, 2), finish: false);
        Run(station, reporter => Windows(reporter, 2), finish: true);
        Run(station, reporter => Windows(reporter, 1), finish: true);
        var lost = station.Waiting().Reports.Select(r => r.Measurement.PreviousWindowLost).ToList();
        Assert.Equal([false, false, true, false, false, false, false], lost);
    }

    [Fact]
    public void The_first_window_of_an_interface_begins_when_it_is_looked_at_and_the_last_ends_when_it_is_not_any_more()
    {
        using var station = new Station();
        var start = station.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        Run(station, reporter =>
        {
            foreach (var ms in (long[])[700, 1_000, 2_200])
                reporter.AdvanceTo((start + ms) * 1_000_000);
            station.Clock.Advance(TimeSpan.FromMilliseconds(2_250));
        }, finish: true);
        Assert.Equal([(start + 700, start + 1_000), (start + 1_000, start + 2_000), (start + 2_000, start + 2_250)], station.Waiting().Reports.Select(r => (r.WindowStart.Value, r.WindowEnd.Value)));
    }

    [Fact]
    public void A_clock_that_was_set_back_begins_another_window_and_packets_out_of_order_do_not()
    {
        using var station = new Station();
        Run(station, reporter =>
        {
            reporter.AdvanceTo(StartNs);
            reporter.AdvanceTo(StartNs - (Second / 2));
            reporter.AdvanceTo(StartNs - (3600 * Second));
            reporter.AdvanceTo(StartNs - (3599 * Second));
        }, finish: false);
        Assert.Equal(2, station.Waiting().Reports.Count);
    }

    [Fact]
    public void A_report_says_what_the_kernel_dropped_in_its_window_and_of_a_file_that_it_is_unknown()
    {
        using var station = new Station();
        var dropped = 5L;
        Run(station, reporter =>
        {
            reporter.DroppedFrames = _ => dropped;
            Windows(reporter, 1);
            dropped = 12;
            reporter.AdvanceTo(StartNs + (2 * Second));
        }, finish: false);
        Assert.Equal([5UL, 7UL], station.Waiting().Reports.Select(r => r.Measurement.DroppedPackets!.Value));
        var file = new PcapBuilder().Tcp(0, "192.0.2.1", 1, "192.0.2.2", 2, 2, []).Save();
        using var other = new Station();
        other.Run(file, stop: TestContext.Current.CancellationToken);
        Assert.Null(Assert.Single(other.Waiting().Reports).Measurement.DroppedPackets);
        File.Delete(file);
    }

    [Fact]
    public void When_the_disk_takes_messages_again_somebody_is_told_once_and_the_dropped_ones_are_counted()
    {
        using var station = new Station();
        var told = 0;
        using var outbox = station.Open();
        var reporter = new TrafficReporter(
            new ReporterOptions(TimeSpan.FromSeconds(1), 1024, new DetectorOptions(), Live: true), Checkpoint.Read(outbox.ReadCheckpoint()), station.Holder, outbox, station.Clock, NullLogger.Instance)
        {
            DiskWorks = () => told++,
        };
        reporter.AdvanceTo(StartNs);
        using (var other = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = station.OutboxFile, Pooling = false }.ToString()))
        {
            // Somebody else holds the file, which fails as a full disk does.
            other.Open();
            using var hold = other.CreateCommand();
            hold.CommandText = "BEGIN IMMEDIATE";
            hold.ExecuteNonQuery();
            reporter.AdvanceTo(StartNs + Second);
            Assert.Equal((0, 1UL), (told, outbox.Health.DroppedReports));
        }

        reporter.AdvanceTo(StartNs + (2 * Second));
        reporter.AdvanceTo(StartNs + (3 * Second));
        Assert.Equal((1, 1UL), (told, outbox.Health.DroppedReports));
    }

    [Fact]
    public void Contact_with_an_address_of_the_blocklist_is_told_until_its_entry_expires()
    {
        using var station = new Station();
        var builder = new BlocklistBuilder();
        builder.Add(Prefix.Parse("203.0.113.9"), DocumentId.Parse("c2"), new UnixMilliseconds(station.Clock.GetUtcNow().ToUnixTimeMilliseconds() + 60_000));
        builder.Add(Prefix.Parse("203.0.113.10"), DocumentId.Parse("c2"), new UnixMilliseconds(station.Clock.GetUtcNow().ToUnixTimeMilliseconds()));
        station.Holder.Replace(Station.Trust(Station.Document("198.51.100.0/24")) with { Blocklist = new BlocklistMatcher(builder.Build(1)) });
        var path = new PcapBuilder().Tcp(10, "198.51.100.7", 40_000, "203.0.113.9", 443, 2, []).Tcp(20, "198.51.100.8", 40_000, "203.0.113.10", 443, 2, []).Save();
        station.Run(path, stop: TestContext.Current.CancellationToken);
        var alert = Assert.Single(station.Waiting().Alerts);
        Assert.Equal((DetectorKind.Listed, FlowEnd.Clear(Prefix.Parse("203.0.113.9"))), (alert.Detector, alert.Indicator));
        File.Delete(path);
    }

    [Fact]
    public void When_the_authorisation_ends_in_the_midst_of_a_window_nothing_of_it_is_told()
    {
        using var station = new Station();
        var document = Station.Document("198.51.100.0/24");
        station.Holder.Replace(Station.Trust(document));
        var file = new PcapBuilder();
        for (ushort port = 1; port <= 60; port++)
        {
            file.Tcp(port * 10, "203.0.113.9", 40_000, "198.51.100.7", port, 2, []);
        }

        var path = file.Save();
        Run(station, reporter =>
        {
            Assert.True(CaptureFile.TryOpen(path, out var capture, out _));
            using (capture)
            {
                CapturedPacket packet = default;
                while (capture.Read(ref packet) == PacketRead.Packet)
                {
                    reporter.Add(ref packet);
                }
            }

            station.Clock.SetUtcNow(document.NotAfter.ToDateTimeOffset());
        }, finish: true);
        var (reports, alerts) = station.Waiting();
        Assert.Empty(alerts);
        Assert.All(reports, r => Assert.True(r.AuthorizationId is null && r.Total is null && r.Flows.Count == 0));
        File.Delete(path);
    }

    [Fact]
    public void A_narrowed_authorisation_takes_nothing_over_from_the_one_before()
    {
        using var station = new Station();
        var document = Station.Document("198.51.100.0/24");
        station.Holder.Replace(Station.Trust(document));
        var path = new PcapBuilder().Tcp(10, "203.0.113.9", 40_000, "198.51.100.7", 80, 2, []).Save();
        Run(station, reporter =>
        {
            Assert.True(CaptureFile.TryOpen(path, out var capture, out _));
            using (capture)
            {
                CapturedPacket packet = default;
                capture.Read(ref packet);
                reporter.Add(ref packet);
            }

            station.Holder.Replace(Station.Trust(document with { Directions = FlowDirections.Outbound }));
        }, finish: true);
        Assert.DoesNotContain(station.Waiting().Reports, r => r.Directions.Any(d => d.Direction == TrafficDirection.Inbound));
        File.Delete(path);
    }

    [Fact]
    public void The_trusted_clock_never_goes_behind_what_was_verified_not_even_after_a_restart()
    {
        var directory = Directory.CreateTempSubdirectory("edgesensors-clock-").FullName;
        var wall = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
        var clock = new TrustedClock(wall, directory);
        clock.Raise(DateTimeOffset.MinValue);
        var behind = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000), new TrustedClock(behind, directory).GetUtcNow());
        wall.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_800_000_005), clock.GetUtcNow());
        File.WriteAllText(Path.Combine(directory, "time-floor"), "nonsense");
        Assert.Equal(behind.GetUtcNow(), new TrustedClock(behind, directory).GetUtcNow());
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void A_checkpoint_reads_as_it_was_written_and_anything_else_is_a_fresh_one()
    {
        var written = new Checkpoint { Seed = 7, Input = "abc/10", Windows = 3, Findings = 9, WindowOpen = true };
        Assert.Equal(written, Checkpoint.Read(written.Encode()));
        Assert.Equal(0, Checkpoint.Read([9, 9]).Windows);
        Assert.Equal((7UL, 0L), (written.For("other").Seed, written.For("other").Windows));
    }

    private static void Windows(TrafficReporter reporter, int count)
    {
        for (var i = 0; i <= count; i++)
        {
            reporter.AdvanceTo(StartNs + (i * Second));
        }
    }

    private static void Run(Station station, Action<TrafficReporter> drive, bool finish)
    {
        using var outbox = station.Open();
        var checkpoint = Checkpoint.Read(outbox.ReadCheckpoint()) with { Windows = 0, Findings = 0 };
        outbox.Commit([], (checkpoint with { WindowOpen = true }).Encode());
        var reporter = new TrafficReporter(
            new ReporterOptions(TimeSpan.FromSeconds(1), 1 << 12, new DetectorOptions(), Live: true), checkpoint, station.Holder, outbox, station.Clock, NullLogger.Instance);
        drive(reporter);
        if (finish)
        {
            reporter.Finish();
        }
    }
}
