using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Replay;
using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Tests;

public class GatewayNetworkTests
{
    [Fact]
    public void Every_packet_of_the_generated_attack_crosses_the_gateway()
    {
        using var run = Run.Of(GeneratedAttack.Make(seed: 1));
        run.Pass();
        Assert.Equal(run.Replayer.Injected.Snapshot().OrderBy(e => e.Key), run.Watch.Arrived.Snapshot().OrderBy(e => e.Key));
        Assert.Equal(0, run.Replayer.Refused);
    }

    [Fact]
    public void IPv6_crosses_too()
    {
        var packets = Enumerable.Range(0, 500).Select(i =>
            PacketBuilder.Tcp(i * 100_000L, Endpoint.Of("2001:db8:bad::1", 40_000), Endpoint.Of("2001:db8:1::7", 1 + i), TcpControlBits.Syn));
        using var run = Run.Of(Trace.Of("IPv6 scan", [.. packets]));
        run.Pass();
        Assert.Equal(500, run.Watch.Arrived.InboundOf(Endpoint.Of("2001:db8:bad::1", 0).Address));
        Assert.Equal(run.Replayer.Injected.Total, run.Watch.Arrived.Total);
    }

    [Fact]
    public void Packets_of_64_KiB_cross_whole()
    {
        var large = PacketBuilder.Udp(0, Endpoint.Of("203.0.113.1", 1000), Endpoint.Of("192.0.2.1", 2000), payload: 60_000);
        using var run = Run.Of(Trace.Of("large", [large]));
        run.Pass();
        Assert.Equal(1, run.Watch.Arrived.InboundOf(large.Source));
    }

    [Fact]
    public void A_run_leaves_no_namespace_and_no_interface_behind()
    {
        var before = Directory.GetDirectories("/sys/class/net").Order().ToArray();
        using (Run.Of(GeneratedAttack.Make(seed: 2)))
        {
            Assert.Equal(before, Directory.GetDirectories("/sys/class/net").Order());
        }

        Assert.Equal(before, Directory.GetDirectories("/sys/class/net").Order());
    }

    private sealed class Run : IDisposable
    {
        private readonly GatewayNetwork _network;
        private readonly FrameInjector _outside;
        private readonly FrameInjector _inside;

        private Run(GatewayNetwork network, ReplayPlan plan)
        {
            _network = network;
            _outside = network.OpenOutside();
            _inside = network.OpenInside();
            Watch = ArrivalWatch.Open(network, plan);
            Replayer = new Replayer(plan, _outside, _inside, TimeProvider.System);
        }

        public ArrivalWatch Watch { get; }

        public Replayer Replayer { get; }

        public static Run Of(Trace trace)
        {
            if (!UserNamespace.MayMakeNetworks(out var reason))
            {
                Assert.Skip($"no network namespaces here: {reason}");
            }

            Assert.True(InsideNetwork.TryDerive(trace, out var inside, out var error), error);
            Assert.True(ReplayPlan.TryMake(trace, inside!, speed: 4, out var plan, out error), error);
            return new Run(GatewayNetwork.Build("gateway", inside!.Prefixes, trace.LargestPacket), plan!);
        }

        public void Pass()
        {
            Replayer.RunPass(0, TestContext.Current.CancellationToken);
            Watch.Settle(TimeSpan.FromSeconds(5));
            Assert.Equal(0, Watch.Missed());
        }

        public void Dispose()
        {
            Watch.Dispose();
            _outside.Dispose();
            _inside.Dispose();
            _network.Dispose();
        }
    }
}
