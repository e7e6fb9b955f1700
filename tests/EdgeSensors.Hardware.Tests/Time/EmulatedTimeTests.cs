using EdgeSensors.Hardware.Time;

namespace EdgeSensors.Hardware.Tests.Time;

/// <summary>Time moves only when it is moved, and fires what comes due on the way.</summary>
public class EmulatedTimeTests
{
    [Fact]
    public void Timers_fire_in_order_at_their_times()
    {
        EmulatedTime time = new(DateTimeOffset.UnixEpoch);
        List<(string Name, long At)> fired = [];
        using ITimer second = time.CreateTimer(_ => fired.Add(("b", time.Nanoseconds)), null, TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(2));
        using ITimer first = time.CreateTimer(_ => fired.Add(("a", time.Nanoseconds)), null, TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        ITimer never = time.CreateTimer(_ => fired.Add(("c", 0)), null, TimeSpan.FromMilliseconds(3), Timeout.InfiniteTimeSpan);
        never.Dispose();
        time.Advance(5_000_000);
        Assert.Equal([("a", 1_000_000), ("b", 2_000_000), ("b", 4_000_000)], fired);
        Assert.Equal(5_000_000, time.Nanoseconds);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddMilliseconds(5), time.GetUtcNow());
    }

    [Fact]
    public async Task Delays_of_the_library_end_with_it()
    {
        EmulatedTime time = new(DateTimeOffset.UnixEpoch);
        Task delay = Task.Delay(TimeSpan.FromSeconds(10), time, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(delay.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        await delay;
    }
}
