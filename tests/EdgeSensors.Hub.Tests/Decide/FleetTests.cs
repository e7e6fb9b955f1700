using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Tests.Decide;

/// <summary>What the hub knows of its sensors, and what it costs to know it.</summary>
public sealed class FleetTests : IDisposable
{
    private static readonly SensorName Late = new(OperatorId.Parse("isp-a"), SensorId.Parse("late"));

    private readonly LifeStation _station = new();

    public void Dispose() => _station.Dispose();

    [Fact]
    public void A_sensor_that_is_not_known_makes_nobody_read_them_all_for_each_of_its_receipts()
    {
        _station.Fleet.Enforcers(_station.Now);
        var before = _station.Store.SensorReads;
        for (var i = 0; i < 1_000; i++)
        {
            _station.Fleet.Hear(Late);
            Assert.False(_station.Fleet.IsTap(Late));
            _station.Pass(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(_station.Store.SensorReads - before, 1, 5);
    }

    [Fact]
    public void A_new_sensor_is_known_soon_after_it_was_heard()
    {
        _station.Fleet.Enforcers(_station.Now);
        _station.Hear(Late);
        _station.Fleet.Hear(Late);
        _station.Pass(TimeSpan.FromMilliseconds(200));
        Assert.Contains(Late, _station.Fleet.Enforcers(_station.Now));
    }
}
