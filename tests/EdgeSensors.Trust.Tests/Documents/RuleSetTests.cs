using System.Text;
using System.Text.Json;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Tests.Documents;

public sealed class RuleSetTests
{
    [Fact]
    public void A_rules_command_is_OpenC2_SLPF()
    {
        using var json = JsonDocument.Parse(Samples.Rules.ToCanonicalJson());

        Assert.Equal(
            """{"action":"deny","actuator":{"slpf":{}},"args":{"slpf":{"direction":"ingress","drop_process":"none"},"start_time":1900000000000,"stop_time":1900003600000},"target":{"ipv4_net":"198.51.100.7"}}""",
            json.RootElement.GetProperty("rules")[0].GetProperty("openc2").GetRawText());
    }

    [Fact]
    public void An_IPv6_target_is_an_ipv6_net()
    {
        var rules = new RuleSet { Revision = 1, Rules = [Samples.Rule with { OpenC2 = Samples.Rule.OpenC2 with { Target = Prefix.Parse("2001:db8::/64") } }] };

        Assert.Contains("\"target\":{\"ipv6_net\":\"2001:db8::/64\"}", Encoding.UTF8.GetString(rules.ToCanonicalJson()), StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_under_the_other_familys_name_is_refused()
    {
        var text = Encoding.UTF8.GetString(Samples.Rules.ToCanonicalJson()).Replace("ipv4_net", "ipv6_net", StringComparison.Ordinal);

        Assert.False(RuleSet.TryParse(Encoding.UTF8.GetBytes(text), out _, out var error));
        Assert.Equal("rules[0].openc2.target.ipv6_net", error.Path);
    }

    [Fact]
    public void One_id_twice_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => new RuleSet { Revision = 1, Rules = [Samples.Rule, Samples.Rule] }.ToCanonicalJson());

    [Fact]
    public void A_reason_of_several_lines_cannot_leave() => // canonical JSON would put the line break there bare, and no reader takes that
        Assert.Throws<InvalidOperationException>(() => new RuleSet { Revision = 1, Rules = [Samples.Rule with { ReasonText = "a\nb" }] }.ToCanonicalJson());

    [Fact]
    public void A_rule_ends_at_the_earlier_of_its_two_ends()
    {
        Assert.Equal(Samples.End, Samples.Rule.EffectiveUntil);
        Assert.Equal(Samples.Start, (Samples.Rule with { NotAfter = Samples.Start }).EffectiveUntil);
    }

    [Fact]
    public void A_rule_is_for_the_sensors_in_its_scope()
    {
        Assert.True(Samples.Rule.IsFor(OperatorId.Parse("carrier-a"), SensorId.Parse("edge-07")));
        Assert.False(Samples.Rule.IsFor(OperatorId.Parse("carrier-b"), SensorId.Parse("edge-07")));
    }
}
