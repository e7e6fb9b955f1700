using System.Text;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Tests.Inbox;

/// <summary>Wall 5: a sensor that comes while something is published is told of it, though the broker looks for what it keeps before it notes who subscribes.</summary>
public sealed class NoticeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)] // as a tap does
    public async Task What_is_published_while_a_sensor_subscribes_reaches_it(bool mqtt3)
    {
        var moment = new Moment();
        await using var station = await BrokerStation.StartAsync(moment);
        await station.Broker.PublishTimestampAsync("before"u8.ToArray());
        await using var sensor = await station.ConnectAsync(mqtt3);

        // The broker asks the clock whether the certificate counts still: between its two looks.
        moment.Next = () => station.Broker.PublishTimestampAsync("meanwhile"u8.ToArray()).GetAwaiter().GetResult();
        await sensor.SubscribeAsync(Topics.UpdatesTimestamp);
        Assert.Null(moment.Next);
        while (await NextAsync(sensor) != "meanwhile")
        {
        }
    }

    [Fact]
    public async Task Who_comes_later_is_told_of_the_newest_once()
    {
        await using var station = await BrokerStation.StartAsync(new Moment());
        await station.Broker.PublishTimestampAsync("first"u8.ToArray());
        await station.Broker.PublishTimestampAsync("second"u8.ToArray());
        await using var sensor = await station.ConnectAsync(mqtt3: false);
        await sensor.SubscribeAsync(Topics.UpdatesTimestamp);
        await station.Broker.PublishTimestampAsync("third"u8.ToArray());
        Assert.Equal("second", await NextAsync(sensor));
        Assert.Equal("third", await NextAsync(sensor));
    }

    [Fact]
    public async Task What_is_published_after_its_end_reaches_nobody_and_is_no_fault()
    {
        await using var station = await BrokerStation.StartAsync(new Moment());
        await station.Broker.DisposeAsync();
        await station.Broker.PublishTimestampAsync("late"u8.ToArray());
    }

    private static async Task<string> NextAsync(TestSensor sensor) => Encoding.UTF8.GetString(await sensor.NextTimestampAsync());

    /// <summary>The system's clock, which does something the next time that it is read.</summary>
    private sealed class Moment : TimeProvider
    {
        private Action? _next;

        public Action? Next
        {
            get => _next;
            set => _next = value;
        }

        public override DateTimeOffset GetUtcNow()
        {
            Interlocked.Exchange(ref _next, null)?.Invoke();
            return base.GetUtcNow();
        }
    }
}
