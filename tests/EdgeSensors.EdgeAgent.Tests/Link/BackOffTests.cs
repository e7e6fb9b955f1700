using EdgeSensors.EdgeAgent.Link;

namespace EdgeSensors.EdgeAgent.Tests.Link;

public class BackOffTests
{
    [Fact]
    public void Waits_grow_to_a_bound_differ_between_sensors_and_begin_anew_after_a_success()
    {
        var one = new BackOff(new Random(1));
        var other = new BackOff(new Random(2));
        var waits = Enumerable.Range(0, 20).Select(_ => (One: one.Next(), Other: other.Next())).ToArray();
        Assert.All(waits, w => Assert.InRange(w.One, TimeSpan.FromMilliseconds(25), TimeSpan.FromSeconds(30)));
        Assert.Contains(waits, w => w.One > TimeSpan.FromSeconds(5));
        Assert.Equal(20, waits.Count(w => w.One != w.Other));
        one.Reset();
        Assert.InRange(one.Next(), TimeSpan.Zero, TimeSpan.FromMilliseconds(250));
    }
}
