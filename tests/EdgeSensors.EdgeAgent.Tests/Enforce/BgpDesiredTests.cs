using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Enforce.Bgp;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using static EdgeSensors.EdgeAgent.Tests.Enforce.EnforcerNetwork;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

/// <summary>Which routes a plan makes, and how routes are read; no daemon is needed.</summary>
public sealed class BgpDesiredTests
{
    [Fact]
    public void No_route_covers_what_the_owner_allows()
    {
        var plan = Plan(Rule("inside", "192.0.2.11"), Rule("around", "192.0.2.0/28"), Rule("beside", "192.0.2.64/28"), Rule("all", "0.0.0.0/0"), Rule("late", "192.0.2.65", seconds: -1)) with
        {
            Allowlist = [Prefix.Parse("192.0.2.8/29")],
        };
        var desired = BgpDesired.Of(plan, new HashSet<BgpRoute>(), new BgpSettings(), UnixMilliseconds.Now(TimeProvider.System));
        Assert.Equal(["owner-allowlist", "covers-owner-allowlist", null, "every-address", null], desired.Verdicts.Select(verdict => verdict.Reason));
        Assert.Equal(RuleState.Expired, desired.Verdicts[4].State);
        Assert.Equal(BgpRoute.Flow(new PacketMatch(Prefix.Parse("192.0.2.64/28"), null)), Assert.Single(desired.Routes).Key);
    }

    [Fact]
    public void The_strictest_of_two_rules_for_the_same_packets_counts()
    {
        var plan = Plan(Rule("dropped", "192.0.2.11"), Rule("limited", "192.0.2.11", MitigationStep.RateLimit));
        var desired = BgpDesired.Of(plan, new HashSet<BgpRoute>(), new BgpSettings(), UnixMilliseconds.Now(TimeProvider.System));
        Assert.Equal(0, Assert.Single(desired.Routes).Value);
    }

    [Theory]
    [InlineData("203.0.113.0/24")]
    [InlineData("2001:db8::/32")]
    public void A_route_is_read_back_under_its_own_mark_only(string prefix)
    {
        var mark = BgpMark.Of(64512, new SensorName(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1")));
        var addresses = Prefix.Parse(prefix);
        foreach (var route in (BgpRoute[])
        [
            BgpRoute.Blackhole(addresses), BgpRoute.Flow(new PacketMatch(addresses, null)), BgpRoute.Flow(new PacketMatch(null, addresses)),
            BgpRoute.Flow(new PacketMatch(addresses, addresses, 17, 53, 65_535)), BgpRoute.Flow(new PacketMatch(null, addresses, 132)), BgpRoute.Flow(new PacketMatch(addresses, null, 6, DestinationPort: 0)),
        ])
        {
            var limit = route.Kind == BgpRouteKind.Blackhole ? 0 : 5000;
            var path = BgpPath.Of(route, limit, null, mark);
            Assert.True(BgpPath.TryRead(path, mark, out var read, out var rate));
            Assert.Equal((route, limit), (read, rate));
            Assert.False(BgpPath.TryRead(path, BgpMark.Of(64512, new SensorName(OperatorId.Parse("isp-a"), SensorId.Parse("gw-2"))), out _, out _));
            path.NeighborIp = "192.0.2.1"; // heard from a neighbour, however it is marked
            Assert.False(BgpPath.TryRead(path, mark, out _, out _));
        }
    }

    [Fact]
    public void Any_bytes_in_a_path_are_read_or_passed_over()
    {
        var random = new Random(7);
        var mark = BgpMark.Of(64512, new SensorName(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1")));
        var whole = BgpPath.Of(BgpRoute.Flow(new PacketMatch(Prefix.Parse("203.0.113.7"), Prefix.Parse("198.51.100.1"), 6, 443, 80)), 0, null, mark);
        for (var run = 0; run < 20_000; run++)
        {
            var path = whole.Clone();
            foreach (var part in path.Pattrs.Append(path.Nlri))
            {
                if (random.Next(2) == 0)
                {
                    var octets = part.Value.ToByteArray();
                    octets.AsSpan(random.Next(octets.Length + 1)).Fill((byte)random.Next(256));
                    part.Value = ByteString.CopyFrom(octets.AsSpan(0, random.Next(octets.Length + 1)));
                }
            }

            BgpPath.TryRead(path, mark, out _, out _);
        }

        Assert.False(BgpPath.TryRead(new EdgeAgent.Enforce.Bgp.Api.Path { Nlri = new Any() }, mark, out _, out _));
        Assert.False(BgpPath.TryRead(new EdgeAgent.Enforce.Bgp.Api.Path(), mark, out _, out _));
    }

    [Theory]
    [InlineData("unix:///run/gobgpd/api.sock", true)]
    [InlineData("http://127.0.0.1:50051", true)]
    [InlineData("http://[::1]:50051", true)]
    [InlineData("http://192.0.2.1:50051", false)]
    [InlineData("https://router.example:50051", false)]
    [InlineData("unix://run/gobgpd.sock", false)]
    [InlineData("/run/gobgpd.sock", false)]
    public void Only_a_daemon_of_this_machine_is_spoken_to(string api, bool taken)
    {
        var read = ConfigurationFile.TryParse($"sensor: isp-a/gw-1\nhub:\n  host: h\nbgp:\n  api: {api}\n", "agent.yaml", new Dictionary<string, string>(), out var settings, out var error);
        Assert.Equal(taken, read);
        Assert.Equal(taken, settings?.Bgp.Api is not null);
        Assert.Equal(!taken, error?.Message.Contains("bgp.api takes unix:///run/gobgpd/api.sock", StringComparison.Ordinal) ?? false);
    }
}
