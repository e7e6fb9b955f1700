using System.Net;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

public class ObserveOnlyEnforcerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_rule_would_have_met_is_counted_and_nothing_else()
    {
        var enforcer = await With(Rule("one", "203.0.113.9", SlpfDirection.Both), Rule("wide", "198.51.100.0/24", SlpfDirection.Ingress));
        Count(enforcer, "203.0.113.9", "192.0.2.1");
        Count(enforcer, "192.0.2.1", "203.0.113.9");
        Count(enforcer, "198.51.100.7", "192.0.2.1");
        Count(enforcer, "192.0.2.1", "198.51.100.7");
        Count(enforcer, "192.0.2.2", "192.0.2.1");
        Assert.Equal([("one", 2UL, 200UL), ("wide", 1UL, 100UL)], await Hits(enforcer));
    }

    [Fact]
    public async Task A_connection_counts_its_own_packets_only()
    {
        var enforcer = await With(
            Rule("dns", "udp 203.0.113.9:53 > *", SlpfDirection.Ingress), Rule("web", "tcp * > 203.0.113.9:80", SlpfDirection.Egress),
            Rule("pair", "any 198.51.100.0/24 > 192.0.2.1", SlpfDirection.Both));
        Count(enforcer, "203.0.113.9", "192.0.2.1", IpProtocol.Udp, 53, 5000);
        Count(enforcer, "203.0.113.9", "192.0.2.1", IpProtocol.Udp, 54, 5000);
        Count(enforcer, "203.0.113.9", "192.0.2.1", IpProtocol.Tcp, 53, 5000);
        Count(enforcer, "192.0.2.1", "203.0.113.9", IpProtocol.Udp, 5000, 53);
        Count(enforcer, "192.0.2.1", "203.0.113.9", IpProtocol.Tcp, 5000, 80);
        Count(enforcer, "192.0.2.1", "203.0.113.9", IpProtocol.Tcp, 80, 5000);
        Count(enforcer, "198.51.100.3", "192.0.2.1", IpProtocol.Tcp, 1, 2);
        Count(enforcer, "192.0.2.1", "198.51.100.3", IpProtocol.Tcp, 2, 1);
        Assert.Equal([("dns", 1UL, 100UL), ("web", 1UL, 100UL), ("pair", 1UL, 100UL)], await Hits(enforcer));
    }

    [Fact]
    public async Task A_new_plan_keeps_what_was_counted()
    {
        var one = Rule("one", "2001:db8::9", SlpfDirection.Both);
        var enforcer = await With(one);
        Count(enforcer, "2001:db8::9", "2001:db8::1");
        await enforcer.ApplyAsync(new EnforcementPlan { Rules = [Rule("two", "203.0.113.9", SlpfDirection.Both), one] }, Stop);
        Count(enforcer, "2001:db8::9", "2001:db8::1");
        Assert.Equal([("two", 0UL, 0UL), ("one", 2UL, 200UL)], await Hits(enforcer));
    }

    [Fact]
    public async Task The_owners_allowlist_is_never_counted()
    {
        var enforcer = new ObserveOnlyEnforcer("test", TimeProvider.System);
        await enforcer.ApplyAsync(new EnforcementPlan { Rules = [Rule("wide", "203.0.113.0/24", SlpfDirection.Both)], Allowlist = [Prefix.Parse("203.0.113.9")] }, Stop);
        Count(enforcer, "203.0.113.9", "192.0.2.1");
        Count(enforcer, "203.0.113.8", "192.0.2.1");
        Assert.Equal([("wide", 1UL, 100UL)], await Hits(enforcer));
    }

    private static async Task<ObserveOnlyEnforcer> With(params EnforcedRule[] rules)
    {
        var enforcer = new ObserveOnlyEnforcer("test", TimeProvider.System);
        await enforcer.ApplyAsync(new EnforcementPlan { Rules = rules }, Stop);
        return enforcer;
    }

    private static async Task<IEnumerable<(string, ulong, ulong)>> Hits(ObserveOnlyEnforcer enforcer) =>
        (await enforcer.ReadHitsAsync(Stop)).Hits.Select(h => (h.Id.Text, h.Packets, h.Octets));

    private static EnforcedRule Rule(string id, string target, SlpfDirection direction) =>
        new(DocumentId.Parse(id), SlpfTarget.Parse(target), direction, MitigationStep.Drop, new UnixMilliseconds(UnixMilliseconds.MaxValue));

    private static void Count(
        ObserveOnlyEnforcer enforcer, string source, string destination, IpProtocol protocol = IpProtocol.Udp, ushort sourcePort = 1, ushort destinationPort = 2) => enforcer.Count(new PacketHeader
    {
        Protocol = protocol,
        SourcePort = sourcePort,
        DestinationPort = destinationPort,
        Source = HostAddress.From(IPAddress.Parse(source)),
        Destination = HostAddress.From(IPAddress.Parse(destination)),
        IpLength = 100,
    });
}
