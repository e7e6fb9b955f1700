using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Tests.Report;

/// <summary>Wall 6 before the link: a kill at any moment loses nothing of a file and tells nothing twice.</summary>
public sealed class ResumeTests
{
    [Theory]
    [InlineData("attacks/curated-pcaps/masscan__tcp_0_1000_20190821.pcap", "198.124.152.0/24")]
    [InlineData("attacks/StratosphereLinuxIPS/test19-malicious-ssh__malicious-ssh-bruteforce.pcap", "147.32.80.37/32")]
    [InlineData("attacks/Pcaphunt/test__ps-tcp_ack.pcap", "10.0.0.1/32")]
    public void A_file_killed_at_many_moments_tells_what_it_tells_without(string file, string own)
    {
        var path = SharedCapture.Path(file);
        using var whole = new Station();
        whole.Holder.Replace(Station.Trust(Station.Document(own)));
        Assert.True(whole.Run(path, windowMs: 200, stop: TestContext.Current.CancellationToken));

        using var killed = new Station();
        killed.Holder.Replace(Station.Trust(Station.Document(own)));
        var random = new Random(4711);
        var kills = 0;
        for (long packets = 1; !killed.Run(path, packets, 200, TestContext.Current.CancellationToken); packets += random.Next(500))
        {
            kills++;
        }

        Assert.True(kills > 5);
        var (wholeReports, wholeAlerts) = whole.Waiting();
        var (reports, alerts) = killed.Waiting();
        Assert.Equal(wholeReports.Select(Gist), reports.Select(Gist));
        Assert.Equal(wholeAlerts.Select(a => (a.ObservedAt, a.Detector, a.Indicator, a.Evidence)), alerts.Select(a => (a.ObservedAt, a.Detector, a.Indicator, a.Evidence)));
        Assert.Equal(alerts.Count, alerts.Select(a => (a.EventId, a.ObservedAt, a.Evidence)).Distinct().Count());
        Assert.Equal((ulong)1, reports.Concat<object>(alerts).Select(m => m is ReportMessage r ? r.Id.Sequence : ((AlertMessage)m).Id.Sequence).Min());
    }

    [Fact]
    public void A_file_that_was_told_of_is_not_told_of_again_and_another_is()
    {
        var scan = SharedCapture.Path("attacks/maltrail/port_scan.pcap");
        using var station = new Station();
        station.Holder.Replace(Station.Trust(Station.Document("198.51.100.0/24")));
        station.Run(scan, stop: TestContext.Current.CancellationToken);
        var (before, alertsBefore) = station.Waiting();
        station.Run(scan, stop: TestContext.Current.CancellationToken);
        Assert.Equal(before.Count, station.Waiting().Reports.Count);
        Assert.Equal(alertsBefore.Count, station.Waiting().Alerts.Count);
        station.Run(SharedCapture.Path("attacks/maltrail/udp_scan.pcap"), stop: TestContext.Current.CancellationToken);
        Assert.True(station.Waiting().Reports.Count > before.Count);
    }

    private static (UnixMilliseconds, Counters?, int, ulong) Gist(ReportMessage report) =>
        (report.WindowStart, report.Total, report.Flows.Count, report.Flows.Aggregate(0UL, (sum, flow) => sum + flow.Packets + flow.ReversePackets));
}
