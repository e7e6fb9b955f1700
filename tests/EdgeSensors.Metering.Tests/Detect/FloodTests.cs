using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Detect;

namespace EdgeSensors.Metering.Tests.Detect;

public sealed class FloodTests
{
    private static readonly HostAddress Victim = Bench.Ip(7);

    [Fact]
    public void Syns_from_everywhere_that_lead_to_nothing_are_a_flood()
    {
        var bench = new Bench();
        for (uint i = 0; i < 3000; i++)
        {
            bench.Tcp(Bench.Ip(i, 0x0A000000), (ushort)(1024 + i), Victim, 443, TcpControlBits.Syn).Wait(1);
        }

        var finding = bench.End().Findings[^1];
        Assert.Equal((DetectionKind.Flood, Victim, (ushort)443), (finding.Kind, finding.Subject, finding.Port));
        Assert.InRange(finding.PeakPacketsPerSecond, 900, 1100);
        Assert.False(finding.SourceProven);
    }

    [Fact]
    public void As_many_syns_that_are_answered_are_a_busy_server()
    {
        var bench = new Bench();
        for (uint i = 0; i < 3000; i++)
        {
            bench.Conversation(Bench.Ip(i, 0x0A000000), (ushort)(1024 + i), Victim, 443).Wait(1);
        }

        Assert.Empty(bench.End().Findings);
    }

    [Fact]
    public void Answers_that_nobody_asked_for_are_a_reflected_flood()
    {
        var bench = new Bench();
        for (uint i = 0; i < 2000; i++)
        {
            bench.Udp(Bench.Ip(i, 0x0A000000), 123, Victim, 50_000, 440).Wait(1);
        }

        Assert.Equal(DetectionKind.ReflectedFlood, bench.End().Findings[0].Kind);
        Assert.Equal(123, bench.Findings[0].Port);
    }

    [Fact]
    public void A_download_is_none_whether_its_requests_are_seen_or_not()
    {
        var bench = new Bench();
        for (uint i = 0; i < 5000; i++)
        {
            // QUIC whose client's packets take another path, and one that is seen both ways.
            bench.Udp(Bench.Ip(1, 0x0A000000), 443, Victim, 50_000, 1200);
            bench.Udp(Victim, 50_001, Bench.Ip(2, 0x0A000000), 443, 30).Udp(Bench.Ip(2, 0x0A000000), 443, Victim, 50_001, 1200).NowNs += Bench.Ms / 4;
        }

        Assert.Empty(bench.End().Findings);
    }
}
