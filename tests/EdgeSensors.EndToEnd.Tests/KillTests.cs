using System.Globalization;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Traffic;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>Wall 6, with real processes and SIGKILL: acknowledged means durable, and nothing is counted twice.</summary>
public class KillTests
{
    // Kills per test; the long version is asked for by the environment.
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("EDGESENSORS_KILLS"), CultureInfo.InvariantCulture, out var kills) ? kills : 10;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hub_killed_at_random_moments_has_every_report_once()
    {
        using var station = await Station.MakeAsync("198.51.100.10");
        var (capture, packets) = Capture(station);
        await station.Hub.ServeAsync(Stop);
        using var agent = station.StartAgent(station.Reads(capture, pace: "4", windowSeconds: 0.2));
        Assert.NotNull(await agent.WaitForLineAsync(l => l.Contains("in force", StringComparison.Ordinal), TimeSpan.FromSeconds(30), Stop));
        var random = new Random(20261124);
        for (var kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(random.Next(20, 600), Stop);
            station.Hub.Serving.Kill();
            await Task.Delay(random.Next(0, 200), Stop);
            await station.Hub.ServeAsync(Stop);
        }

        await Station.EndsByItselfAsync(agent);
        AssertOnce(station, packets);
    }

    [Fact]
    public async Task An_agent_killed_at_random_moments_loses_nothing_and_counts_nothing_twice()
    {
        using var station = await Station.MakeAsync("198.51.100.10");
        var (capture, packets) = Capture(station);
        await station.Hub.ServeAsync(Stop);
        var settings = station.Reads(capture, pace: "4", windowSeconds: 0.2);
        var random = new Random(20261125);
        for (var kill = 0; kill < Kills; kill++)
        {
            using var agent = station.StartAgent(settings);
            await Task.Delay(random.Next(100, 900), Stop);
            agent.Kill();
        }

        using var last = station.StartAgent(settings);
        await Station.EndsByItselfAsync(last);
        AssertOnce(station, packets);
    }

    private static (string Path, long Packets) Capture(Station station)
    {
        const int Passes = 5;
        var trace = GeneratedAttack.Make(seed: 7);
        var path = station.WriteCapture("replay.pcap", trace, Passes);
        return (path, CountPackets(path));
    }

    private static long CountPackets(string path)
    {
        Assert.True(Metering.Capture.CaptureFile.TryOpen(path, out var file, out var error), error?.Message);
        using (file)
        {
            var packet = default(Metering.Capture.CapturedPacket);
            while (file.Read(ref packet) == Metering.Capture.PacketRead.Packet)
            {
            }

            return file.PacketCount;
        }
    }

    private static void AssertOnce(Station station, long packets)
    {
        var inbox = station.Inbox();
        Assert.Equal(0, InboxFile.CountRejected(station.Hub.Folder));
        Assert.Equal(inbox.Count, inbox.Select(m => m.Id).Distinct().Count());
        var epoch = Assert.Single(inbox.Select(m => m.Id.Epoch).Distinct());
        Assert.NotEqual(0UL, epoch);

        // Without a hole from the first to the last: whatever was acknowledged is among them.
        Assert.Equal(Enumerable.Range(1, inbox.Count).Select(n => (ulong)n), inbox.Select(m => m.Id.Sequence).Order());
        Assert.Equal((ulong)packets, station.Reports().Aggregate(0UL, (sum, r) => sum + (r.Total?.Packets ?? 0)));
    }
}
