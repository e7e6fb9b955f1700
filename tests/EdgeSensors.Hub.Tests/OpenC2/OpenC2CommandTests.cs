using System.Text;
using System.Text.Json;
using CsCheck;
using EdgeSensors.Hub.OpenC2;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.OpenC2;

/// <summary>The language as partners speak it: what is read, what is refused and how.</summary>
public sealed class OpenC2CommandTests
{
    [Theory]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.0/24"}}""", "203.0.113.0/24", SlpfDirection.Both)]
    [InlineData("""{"action":"deny","target":{"ipv6_net":"2001:DB8::1"},"args":{"slpf":{"direction":"egress"}}}""", "2001:db8::1", SlpfDirection.Egress)]
    [InlineData("""{"action":"deny","target":{"ipv4_connection":{"protocol":"tcp","src_addr":"1.2.3.4","src_port":10996,"dst_addr":"198.2.3.4","dst_port":80}},"actuator":{"slpf":{}}}""", "tcp 1.2.3.4:10996 > 198.2.3.4:80", SlpfDirection.Ingress)]
    [InlineData("""{"action":"allow","target":{"ipv6_connection":{"protocol":"tcp","dst_addr":"3ffe:1900:4545:3::f8ff:fe21:67cf","src_port":21}}}""", "tcp *:21 > 3ffe:1900:4545:3:0:f8ff:fe21:67cf", SlpfDirection.Egress)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"start_time":1534775460000,"duration":500,"response_requested":"ack","slpf":{"drop_process":"none","persistent":false}}}""", "203.0.113.7", SlpfDirection.Both)]
    public void What_the_language_says_is_read(string json, string target, SlpfDirection direction)
    {
        Assert.True(Read(json, out var command, out var refusal), refusal?.Text);
        Assert.Equal((SlpfTarget.Parse(target), direction), (command!.Target, command.Direction));
    }

    [Theory]
    [InlineData("""{"action":"deny"}""", 400)]
    [InlineData("""{"action":"deny","target":{}}""", 400)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.1/24"}}""", 400)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"2001:db8::1"}}""", 400)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"extra":1}""", 400)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"start_time":2,"stop_time":1}}""", 400)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"start_time":1,"stop_time":3,"duration":2}}""", 400)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"response_requested":"always"}}""", 400)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"command_id":""}""", 400)]
    [InlineData("""{"action":"deny","target":{"ipv4_connection":{"src_addr":"203.0.113.7","ttl":3}}}""", 400)]
    [InlineData("""{"action":"query","target":{"features":["versions","versions"]}}""", 400)]
    [InlineData("""{"action":"query","target":{"features":["anything"]}}""", 400)]
    [InlineData("""{"action":"delete","target":{"slpf:rule_number":0}}""", 400)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"slpf":{"drop_process":"reject"}}}""", 501)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"slpf":{"persistent":true}}}""", 501)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"slpf":{"insert_rule":1234}}}""", 501)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"x-acme":{}}}""", 501)]
    [InlineData("""{"action":"deny","target":{"ipv4_connection":{"protocol":"udp","dst_port":53}}}""", 501)]
    [InlineData("""{"action":"deny","target":{"domain_name":"example.com"}}""", 501)]
    [InlineData("""{"action":"update","target":{"file":{"name":"x"}}}""", 501)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"actuator":{"endpoint":{}}}""", 501)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"actuator":{"slpf":{"asset_id":"30"}}}""", 404)]
    [InlineData("""[]""", 400)]
    [InlineData("""7""", 400)]
    public void What_is_not_of_it_is_a_bad_request_and_what_is_not_done_is_not_implemented(string json, int status)
    {
        Assert.False(Read(json, out _, out var refusal));
        Assert.Equal(status, refusal!.Status);
        Assert.DoesNotContain(refusal.Text, char.IsControl);
    }

    [Fact]
    public void Any_octets_are_a_message_with_a_command_or_an_answer()
    {
        var whole = Encoding.UTF8.GetBytes(
            """{"headers":{"request_id":"abc123","created":1610483630,"from":"Producer1@example.com"},"body":{"openc2":{"request":{"action":"deny","command_id":"c-1","target":{"ipv4_connection":{"protocol":"tcp","src_addr":"1.2.3.4","src_port":10996}},"args":{"duration":500,"slpf":{"direction":"ingress"}},"actuator":{"slpf":{}}}}}}""");
        Assert.NotNull(OpenC2Message.Read(whole, isBare: false).Command);
        string[] words = ["null", "[]", "{}", "\"\"", "-1", "1e400", "\"\\ud800\"", "{\"a\":1,\"a\":2}", "\u0000", "[[[[[[[[[[[[[[[["];
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Int[0, 40], Gen.Int[0, words.Length - 1], Gen.Bool).Sample(
            (at, length, word, bare) =>
            {
                byte[] changed = [.. whole[..at], .. Encoding.UTF8.GetBytes(words[word]), .. whole[Math.Min(whole.Length, at + length)..]];
                var message = OpenC2Message.Read(changed, bare);
                return message.Command is null != message.Refusal is null;
            },
            iter: 20_000,
            threads: 1);
        Assert.Equal(400, OpenC2Message.Read(new byte[OpenC2Command.MaxOctets + 1], isBare: true).Refusal!.Status);
    }

    [Fact]
    public void An_answer_is_the_specifications()
    {
        // OASIS transf-mqtt 1.0, A.3; HTTPS 1.0 transfers the response alone.
        var features = OpenC2Message.Write(new OpenC2Response(200) { Features = ["profiles"] }, "abc123", "Producer1@example.com", new UnixMilliseconds(1610483633000));
        Assert.Equal(
            """{"headers":{"request_id":"abc123","created":1610483633000,"from":"edgesensors-hub","to":["Producer1@example.com"]},"body":{"openc2":{"response":{"status":200,"results":{"profiles":["slpf"]}}}}}""",
            Encoding.UTF8.GetString(features));
        Assert.Equal("""{"status":200,"results":{"slpf":{"rule_number":1234}}}""", Encoding.UTF8.GetString(new OpenC2Response(200) { RuleNumber = 1234 }.ToJson()));
        using var all = JsonDocument.Parse(new OpenC2Response(200) { Features = ["versions", "profiles", "pairs", "rate_limit"] }.ToJson());
        Assert.Equal(["versions", "profiles", "pairs", "rate_limit"], all.RootElement.GetProperty("results").EnumerateObject().Select(member => member.Name));
    }

    private static bool Read(string json, out OpenC2Command? command, out OpenC2Response? refusal)
    {
        using var document = JsonDocument.Parse(json);
        return OpenC2Command.TryRead(document.RootElement, out command, out refusal);
    }
}
