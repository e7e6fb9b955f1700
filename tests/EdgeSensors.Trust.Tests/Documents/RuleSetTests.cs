using System.Text;
using System.Text.Json;
using CsCheck;
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
    public void A_rule_that_cannot_stand_in_a_set_is_known_before_it_is_in_one_and_one_that_can_by_its_bytes()
    {
        Assert.Null(RuleSet.FindFault(Samples.Rule, out var bytes));
        Assert.Equal(new RuleSet { Revision = 0, Rules = [Samples.Rule] }.ToCanonicalJson().Length, bytes);
        var patterns = Enumerable.Range(0, MitigationRule.MaxSensors + 1).Select(i => SensorPattern.Parse($"isp-a/gw-{i}")).ToList();
        Assert.Null(RuleSet.FindFault(Samples.Rule with { Sensors = patterns[1..] }, out _));
        foreach (var wrong in new[] { Samples.Rule with { Because = "two\nlines" }, Samples.Rule with { Sensors = patterns }, Samples.Rule with { Sensors = [] }, Samples.Rule with { ReasonAlerts = [new string('a', 65)] } })
        {
            Assert.NotNull(RuleSet.FindFault(wrong, out _));
            Assert.Throws<InvalidOperationException>(new RuleSet { Revision = 0, Rules = [wrong] }.ToCanonicalJson);
        }
    }

    [Fact]
    public void An_IPv6_target_is_an_ipv6_net()
    {
        var rules = new RuleSet { Revision = 1, Rules = [Samples.Rule with { OpenC2 = Samples.Rule.OpenC2 with { Target = Prefix.Parse("2001:db8::/64") } }] };

        Assert.Contains("\"target\":{\"ipv6_net\":\"2001:db8::/64\"}", Encoding.UTF8.GetString(rules.ToCanonicalJson()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("udp 198.51.100.7:53 > *", """{"ipv4_connection":{"protocol":"udp","src_addr":"198.51.100.7","src_port":53}}""")]
    [InlineData("tcp [2001:db8::/64]:443 > [2001:db8:1::1]:80", """{"ipv6_connection":{"dst_addr":"2001:db8:1::1","dst_port":80,"protocol":"tcp","src_addr":"2001:db8::/64","src_port":443}}""")]
    [InlineData("any 2001:db8::1 > 2001:db8::2", """{"ipv6_connection":{"dst_addr":"2001:db8::2","src_addr":"2001:db8::1"}}""")]
    [InlineData("icmp * > 192.0.2.0/24", """{"ipv4_connection":{"dst_addr":"192.0.2.0/24","protocol":"icmp"}}""")]
    public void A_connection_is_OpenC2s_and_has_one_text(string text, string json)
    {
        var rules = new RuleSet { Revision = 1, Rules = [Samples.Rule with { OpenC2 = Samples.Rule.OpenC2 with { Target = SlpfTarget.Parse(text) } }] };

        Assert.Contains($"\"target\":{json}", Encoding.UTF8.GetString(rules.ToCanonicalJson()), StringComparison.Ordinal);
        Assert.Equal(text, SlpfTarget.Parse(text).ToString());
    }

    [Theory]
    [InlineData("udp *:53 > *", "no address")]
    [InlineData("any 198.51.100.7:53 > *", "a port, and no protocol")]
    [InlineData("icmp 198.51.100.7:53 > *", "ports, and a protocol without")]
    [InlineData("udp 198.51.100.7:65536 > *", "no port")]
    [InlineData("udp 198.51.100.7:-1 > *", "no port")]
    [InlineData("udp 198.51.100.7 > 2001:db8::1", "two families")]
    [InlineData("udp 0.0.0.0/0 > 192.0.2.1", "an end that is everybody and says so")]
    [InlineData("gre 198.51.100.7 > *", "a protocol that OpenC2 has no word for")]
    [InlineData("udp 198.51.100.7 < *", "no arrow")]
    [InlineData("udp [198.51.100.7:53 > *", "half a bracket")]
    [InlineData("udp  198.51.100.7 > *", "a space too many")]
    [InlineData("", "nothing")]
    [InlineData(null, "nothing at all")]
    public void Other_texts_are_no_target(string? text, string why) => Assert.False(SlpfTarget.TryParse(text, out _), why);

    [Fact]
    public void Any_text_is_a_target_or_none()
    {
        string[] parts = ["udp", "any", " ", ">", "*", ":", "53", "198.51.100.7", "2001:db8::/32", "[", "]", "/", "-", "65536", "\u0000"];
        Gen.Int[0, parts.Length - 1].Array[0, 12].Sample(
            picked =>
            {
                var text = string.Concat(picked.Select(i => parts[i]));
                return !SlpfTarget.TryParse(text, out var target) || SlpfTarget.Parse(target.ToString()) == target;
            },
            iter: 20_000);
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
