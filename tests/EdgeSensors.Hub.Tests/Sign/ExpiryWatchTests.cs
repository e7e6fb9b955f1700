using EdgeSensors.Hub.Sign;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Sign;

/// <summary>What the hub cannot sign anew by itself is spoken of in time, and what it can is not.</summary>
public sealed class ExpiryWatchTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ExpiryWatch _watch = new(new Dictionary<string, DateTimeOffset> { [Expiring.Certificate] = Now.AddDays(29) });

    [Fact]
    public void Offline_roles_are_named_from_thirty_days_before_their_end_the_first_to_end_first()
    {
        var near = _watch.Look([Role("root", 31), Role("targets", 20), Role("mitigations-isp-a", -1), Role("timestamp", 1), Role("snapshot", 7), Role("control", 4)], Now);

        Assert.Equal(["mitigations-isp-a", "targets", Expiring.Certificate], near.Select(item => item.What));
        Assert.Equal(near, _watch.Near);
        Assert.Equal(7, _watch.All.Count);
        Assert.Equal("edgesensors-hub keys request renew targets", near[1].How);
    }

    [Fact]
    public void Each_is_said_once_a_day_until_it_is_signed_anew()
    {
        Assert.Equal(2, _watch.Look([Role("root", 10)], Now).Count);
        Assert.Empty(_watch.Look([Role("root", 10)], Now.AddHours(23)));
        Assert.Equal(2, _watch.Look([Role("root", 10)], Now.AddHours(24)).Count);
        Assert.Equal([Expiring.Certificate], _watch.Look([Role("root", 375)], Now.AddDays(2)).Select(item => item.What));
        Assert.DoesNotContain(_watch.Near, item => item.What == "root");
    }

    [Fact]
    public void An_online_role_that_is_near_its_end_could_not_be_renewed_and_is_named()
    {
        Assert.True(ExpiryWatch.IsNear("timestamp", Now.AddHours(5), Now)); // of 24, renewed at 12
        Assert.False(ExpiryWatch.IsNear("timestamp", Now.AddHours(7), Now));
        Assert.True(ExpiryWatch.IsNear("control", Now.AddHours(40), Now)); // of 7 days
        Assert.False(ExpiryWatch.IsNear("snapshot", Now.AddHours(44), Now));
    }

    [Fact]
    public void A_role_that_has_said_nothing_yet_does_not_expire() => Assert.DoesNotContain(_watch.Look([new RoleStatus("mitigations-new", 0, DateTimeOffset.MaxValue)], Now), item => item.What == "mitigations-new");

    [Fact]
    public async Task A_serving_hub_says_it_in_its_health()
    {
        await using var hub = await TestHub.StartAsync(certificateDays: 5);
        await TestHub.EventuallyAsync(async () => (await hub.HealthAsync()).Expiring is [{ What: Expiring.Certificate }]);
        Assert.Equal("ok", (await hub.HealthAsync()).Status);
    }

    private static RoleStatus Role(string name, double days) => new(name, 3, Now.AddDays(days));
}
