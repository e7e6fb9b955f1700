using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Tests.Store;

public class FlowStoreTests
{
    [Fact]
    public async Task Reports_reach_the_flow_store_once_however_often_the_hub_restarts()
    {
        await using var hub = await TestHub.StartAsync();
        await using (var sensor = await hub.ConnectAsync(TestHub.Gateway))
        {
            await sensor.SubscribeAckAsync();
            await sensor.PublishAsync(Channel.Report, Messages.Report(7, 1, Messages.Flow("203.0.113.7", "198.51.100.1")));
            await sensor.ReportAsync(7, 2);
            await sensor.WaitForAckAsync(7, 2);
        }

        await hub.RestartAsync();
        await using (var sensor = await hub.ConnectAsync(TestHub.Gateway))
        {
            await sensor.SubscribeAckAsync();
            await sensor.ReportAsync(7, 2);
            await sensor.ReportAsync(7, 3);
            await sensor.WaitForAckAsync(7, 3);
        }

        await TestHub.EventuallyAsync(async () => (await hub.GetAsync<List<StoredWindow>>("/api/v1/windows")).Count == 3);
        await hub.RestartAsync();
        var windows = await hub.GetAsync<List<StoredWindow>>("/api/v1/windows?sensor=isp-a/gw-1");
        Assert.Equal([1_003_000, 1_002_000, 1_001_000], windows.Select(w => w.WindowStart));
        Assert.Equal(10UL, windows[0].PacketDeltaCount);
        var flow = Assert.Single(await hub.GetAsync<List<StoredFlow>>("/api/v1/flows?address=203.0.113.7"));
        Assert.Equal(("203.0.113.7", "198.51.100.1", 23, 3UL), (flow.Source, flow.Destination, flow.DestinationTransportPort, flow.PacketDeltaCount));
    }

    [Fact]
    public async Task A_sampled_window_keeps_the_bounds_that_its_sensor_states()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.SubscribeAckAsync();
        Assert.True(ReportCodec.TryDecode(Messages.Report(7, 1), out var report, out _));
        var sampled = report!.Measurement with { SamplingSize = 10, SamplingPopulation = 250, Bounds = new SamplingBounds(40, 100_000, 9_000) };
        await sensor.PublishAsync(Channel.Report, ReportCodec.Encode(report with { Measurement = sampled }));
        await sensor.PublishAsync(Channel.Report, Messages.Report(7, 2));
        await TestHub.EventuallyAsync(async () => (await hub.GetAsync<List<StoredWindow>>("/api/v1/windows")).Count == 2);
        var windows = await hub.GetAsync<List<StoredWindow>>("/api/v1/windows");
        Assert.Equal((0.04, 40UL, 100_000UL, 9_000UL), (windows[1].SamplingRatio, windows[1].PacketsWithin, windows[1].EstimatedOctets, windows[1].OctetsWithin));
        Assert.Null(windows[0].PacketsWithin);
    }

    [Fact]
    public async Task A_full_inbox_acknowledges_nothing_more_and_goes_on_when_projected_messages_were_pruned()
    {
        await using var hub = await TestHub.StartAsync(c => c with { Inbox = c.Inbox with { MaxMiB = 1, Retention = TimeSpan.FromHours(10) } });
        await using (var sensor = await hub.ConnectAsync(TestHub.Gateway))
        {
            await sensor.SubscribeAckAsync();
            var flows = Enumerable.Repeat(Messages.Flow("203.0.113.7", "198.51.100.1"), 300).ToArray();
            var sequence = 0UL;
            while ((await hub.HealthAsync()).Committing)
            {
                Assert.True(sequence < 500, "The inbox is bounded and yet takes everything.");
                await sensor.PublishAsync(Channel.Report, Messages.Report(7, ++sequence, flows));
            }

            // Those that are on their way still come; then none does, though more was published.
            var acks = new List<MessageId>();
            await TestHub.EventuallyAsync(async () =>
            {
                acks.AddRange(sensor.TakeAcks());
                await Task.Delay(1_200, TestContext.Current.CancellationToken);
                var late = sensor.TakeAcks();
                acks.AddRange(late);
                return late.Count == 0 && acks.Count > 0;
            });
            Assert.InRange(acks.Max(ack => ack.Sequence), 1UL, sequence - 1);
        }

        // The owner lets go of what was projected: there is room again.
        await hub.RestartAsync(c => c with { Inbox = c.Inbox with { Retention = TimeSpan.Zero } });
        await using var again = await hub.ConnectAsync(TestHub.Gateway);
        await again.SubscribeAckAsync();
        await again.ReportAsync(8, 1);
        await again.WaitForAckAsync(8, 1);
        Assert.True((await hub.HealthAsync()).Committing);
    }
}
