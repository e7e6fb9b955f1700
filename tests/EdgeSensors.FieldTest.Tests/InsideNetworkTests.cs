using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Tests;

public class InsideNetworkTests
{
    [Fact]
    public void Who_answers_more_than_he_opens_is_inside() =>
        Assert.Equal(["192.0.2.7"], Derive(Opens("203.0.113.5", "192.0.2.7", 1), Opens("203.0.113.5", "192.0.2.7", 2)));

    [Fact]
    public void A_sweep_of_ones_own_network_leaves_only_the_sweeper_outside()
    {
        var sweep = Enumerable.Range(2, 254).Select(host => Opens("10.0.0.1", $"10.0.0.{host}", 80)).ToArray();
        var inside = Network(sweep);
        Assert.False(inside.Contains(Address("10.0.0.1")));
        Assert.All(Enumerable.Range(2, 254), host => Assert.True(inside.Contains(Address($"10.0.0.{host}"))));
        Assert.DoesNotContain(inside.Prefixes, p => p.Contains(Address("10.0.0.1").ToIPAddress().GetAddressBytes()));
    }

    [Fact]
    public void The_exact_cover_joins_neighbours_and_nothing_else() =>
        Assert.Equal(
            ["10.0.0.0/31", "10.0.0.3", "2001:db8::2/127"],
            PrefixCover.Exact(Array.ConvertAll(["10.0.0.1", "10.0.0.0", "10.0.0.3", "2001:db8::3", "2001:db8::2"], Address)).Select(p => p.ToString()));

    [Fact]
    public void A_one_way_capture_is_enough() =>
        Assert.Equal(["2001:db8::9"], Derive(Opens("2001:db8:1::1", "2001:db8::9", 53), Opens("2001:db8:1::2", "2001:db8::9", 53)));

    [Fact]
    public void A_host_that_opens_as_often_as_it_answers_goes_where_more_packets_go()
    {
        var calls = Opens("192.0.2.1", "192.0.2.2", 80);
        var callsBack = PacketBuilder.Udp(0, Endpoint.Of("192.0.2.2", 999), Endpoint.Of("192.0.2.1", 70), 10);
        var more = Opens("192.0.2.1", "192.0.2.2", 80);
        Assert.Equal(["192.0.2.2"], Derive(calls, callsBack, more));
    }

    [Fact]
    public void Many_scattered_insiders_are_taken_by_whole_neighbourhoods_without_the_outsiders()
    {
        var packets = Enumerable.Range(0, 200).SelectMany(n => (int[])[1, 3, 5]).Select((host, i) => Opens("10.0.0.200", $"10.{i / 3}.0.{host}", 80)).ToArray();
        var inside = Network(packets);
        Assert.Contains(inside.Prefixes, p => p.ToString() == "10.7.0.0/24");
        Assert.False(inside.Contains(Address("10.0.0.200")));
        Assert.True(inside.Contains(Address("10.0.0.3")));
    }

    [Fact]
    public void Without_anybody_who_answers_the_user_is_asked()
    {
        var there = Opens("192.0.2.1", "192.0.2.2", 80);
        var back = Opens("192.0.2.2", "192.0.2.1", 81);
        Assert.False(InsideNetwork.TryDerive(Trace.Of("even", [there, back]), out _, out var error));
        Assert.Contains("--inside", error, StringComparison.Ordinal);
    }

    private static TracePacket Opens(string from, string to, int port) =>
        PacketBuilder.Tcp(0, Endpoint.Of(from, 40_000), Endpoint.Of(to, port), TcpControlBits.Syn);

    private static HostAddress Address(string text) => Endpoint.Of(text, 0).Address;

    private static InsideNetwork Network(params TracePacket[] packets)
    {
        Assert.True(InsideNetwork.TryDerive(Trace.Of("test", [.. packets]), out var network, out var error), error);
        return network!;
    }

    private static IEnumerable<string> Derive(params TracePacket[] packets) => Network(packets).Prefixes.Select(p => p.ToString());
}
