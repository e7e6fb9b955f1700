using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.EdgeAgent.Tests.Report;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Tests.Selecting;

public sealed class AuthorityTests
{
    private static readonly HostAddress Own = Address("198.51.100.7");
    private static readonly HostAddress Own6 = Address("2001:db8:1::7");
    private static readonly HostAddress Home = Address("203.0.113.5");
    private static readonly HostAddress Abroad = Address("192.0.2.9");

    private static readonly Authority s_carrier = new(
        Station.Document("198.51.100.0/24", "2001:db8:1::/48") with { Network = NetworkKind.Carrier, Basis = CollectionBasis.Authorization },
        new PrefixSet([Prefix.Parse("198.51.100.0/24"), Prefix.Parse("203.0.113.0/24")]), new Pseudonymizer(Station.Key), null);

    [Fact]
    public void Directions_are_seen_from_the_own_prefixes()
    {
        Assert.Equal(TrafficDirection.Inbound, s_carrier.Classify(Abroad, Own).Direction);
        Assert.Equal(TrafficDirection.Outbound, s_carrier.Classify(Own6, Abroad).Direction);
        Assert.Equal(TrafficDirection.Transit, s_carrier.Classify(Abroad, Home).Direction);
        Assert.Equal(TrafficDirection.Internal, s_carrier.Classify(Own, Own6).Direction);
    }

    [Fact]
    public void A_carrier_selects_only_where_an_end_is_foreign_and_nothing_without_a_table()
    {
        Assert.Equal(Scope.TotalOnly, s_carrier.Classify(Home, Own).Scope);
        Assert.Equal(Scope.Selectable, s_carrier.Classify(Abroad, Own).Scope);
        var blind = new Authority(s_carrier.Document, null, new Pseudonymizer(Station.Key), null);
        Assert.Equal(Scope.TotalOnly, blind.Classify(Abroad, Own).Scope);
    }

    [Fact]
    public void The_own_end_is_a_pseudonym_and_in_transit_both_are()
    {
        Assert.Null(s_carrier.Shown(Own, TrafficDirection.Inbound).Address);
        Assert.Equal("192.0.2.9", s_carrier.Shown(Abroad, TrafficDirection.Inbound).ToString());
        Assert.Null(s_carrier.Shown(Abroad, TrafficDirection.Transit).Address);
        Assert.Equal("192.0.2.9", s_carrier.Shown(Abroad, TrafficDirection.Transit, named: true).ToString());
        Assert.Null(s_carrier.Shown(Own, TrafficDirection.Internal, named: true).Address);
    }

    [Fact]
    public void A_pseudonym_is_the_same_under_one_key_and_another_under_another()
    {
        Assert.Equal(s_carrier.Shown(Own, TrafficDirection.Inbound), s_carrier.Shown(Own, TrafficDirection.Inbound));
        Assert.NotEqual(new Pseudonymizer(Station.Key).Of(Own), new Pseudonymizer(new byte[32]).Of(Own));
        Assert.Equal(16, new Pseudonymizer(Station.Key).Of(Own6).Length);
    }

    [Fact]
    public void A_prefix_set_answers_as_its_prefixes_do()
    {
        var random = new Random(5);
        Prefix[] prefixes = [.. Enumerable.Range(0, 500).Select(i => i % 3 == 0
            ? Prefix.Of(Six(random), random.Next(0, 20) == 0 ? 3 : random.Next(8, 129))
            : Prefix.Of(Four(random), random.Next(6, 33)))];
        var set = new PrefixSet(prefixes);
        for (var i = 0; i < 20_000; i++)
        {
            var near = prefixes[random.Next(prefixes.Length)].Address.GetAddressBytes();
            near[random.Next(near.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Equal(prefixes.Any(p => p.Contains(near)), set.Contains(HostAddress.From(new System.Net.IPAddress(near))));
        }

        Assert.False(new PrefixSet([]).Contains(Own));
        Assert.True(new PrefixSet([Prefix.Parse("0.0.0.0/0")]).Contains(Own));
        Assert.False(new PrefixSet([Prefix.Parse("0.0.0.0/0")]).Contains(Own6));
    }

    [Fact]
    public void A_class_survives_as_a_number()
    {
        foreach (var direction in Enum.GetValues<TrafficDirection>())
        {
            foreach (var scope in Enum.GetValues<Scope>())
            {
                Assert.Equal(new FlowClass(direction, scope, true), FlowClass.Of(new FlowClass(direction, scope, true).ToByte()));
            }
        }
    }

    private static byte[] Six(Random random)
    {
        var octets = new byte[16];
        random.NextBytes(octets);
        octets[0] = 0x20;
        return octets;
    }

    private static byte[] Four(Random random)
    {
        var octets = new byte[4];
        random.NextBytes(octets);
        return octets;
    }

    private static HostAddress Address(string text) => HostAddress.From(System.Net.IPAddress.Parse(text));
}
