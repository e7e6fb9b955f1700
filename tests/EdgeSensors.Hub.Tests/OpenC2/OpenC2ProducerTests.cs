using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.OpenC2;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;
using MQTTnet;
using MQTTnet.Protocol;

namespace EdgeSensors.Hub.Tests.OpenC2;

/// <summary>Partners at a whole hub, over HTTPS and MQTT, with certificates of their own.</summary>
public sealed class OpenC2ProducerTests
{
    private const string Deny = """{"action":"deny","target":{"ipv4_connection":{"protocol":"udp","src_addr":"203.0.113.7","src_port":53}},"args":{"duration":600000,"slpf":{"drop_process":"none"}},"command_id":"c-1"}""";

    private static readonly OperatorId s_cert = OperatorId.Parse("cert-b");
    private static readonly OperatorId s_other = OperatorId.Parse("cert-c");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_deny_is_a_draft_that_people_approve_and_its_producer_takes_back_before_that()
    {
        await using var hub = await TestHub.StartAsync();
        using var partner = Http(hub, s_cert);
        var first = await PostAsync(partner, Deny);
        Assert.Equal((200, 102), (first.Http, first.Status));
        var draft = Assert.Single(await hub.MitigationsAsync());
        Assert.Equal(("udp 203.0.113.7:53 > *", "ingress", "drop", "proposed", "openc2:cert-b", 10.0), (draft.Target, draft.Direction, draft.Step, draft.State, draft.ProposedBy, draft.DurationMinutes));

        // Twice is once; under the same id something else is nothing.
        Assert.Equal(first, await PostAsync(partner, Deny));
        Assert.Single(await hub.MitigationsAsync());
        Assert.Equal(400, (await PostAsync(partner, Deny.Replace("203.0.113.7", "203.0.113.8", StringComparison.Ordinal))).Status);

        await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{draft.Id}/approve", new { });
        // The partner may ask so often a minute only: the hub is asked until it is so.
        await TestHub.EventuallyAsync(async () => (await hub.GetAsync<MitigationView>($"/api/v1/mitigations/{draft.Id}")).PublishedAt is not null);
        Assert.Equal(200, (await PostAsync(partner, Deny)).Status);

        // What people approved is theirs: its producer takes it back no more, by neither command.
        Assert.Equal(403, (await PostAsync(partner, Delete(first.RuleNumber, "d-0"))).Status);
        Assert.Equal(403, (await PostAsync(partner, Deny.Replace("deny", "allow", StringComparison.Ordinal).Replace("c-1", "a-0", StringComparison.Ordinal))).Status);
        Assert.Equal(200, (await PostAsync(partner, Deny)).Status);
        Assert.Equal(draft.Id, Assert.Single(hub.ReadRules().Rules).Id.Text);

        // Of a draft nobody else's, and its own once.
        var next = await PostAsync(partner, Deny.Replace("203.0.113.7", "203.0.113.8", StringComparison.Ordinal).Replace("c-1", "c-2", StringComparison.Ordinal));
        var delete = Delete(next.RuleNumber, "d-1");
        using var other = Http(hub, s_other);
        Assert.Equal(404, (await PostAsync(other, delete)).Status);
        Assert.Equal(200, (await PostAsync(partner, delete)).Status);
        Assert.Contains(await hub.MitigationsAsync(), m => m is { State: "revoked", EndedBy: "openc2:cert-b", Target: "udp 203.0.113.8:53 > *" });
        Assert.Equal(404, (await PostAsync(partner, Deny.Replace("203.0.113.7", "203.0.113.8", StringComparison.Ordinal).Replace("c-1", "c-2", StringComparison.Ordinal))).Status); // it has ended
    }

    [Fact]
    public async Task A_person_who_asks_for_the_same_takes_a_draft_over_and_its_producer_sees_how_that_stands()
    {
        await using var hub = await TestHub.StartAsync();
        using var partner = Http(hub, s_cert);
        var asked = await PostAsync(partner, Deny);
        var (_, own) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", new ProposalBody("udp 203.0.113.7:53 > *", "seen here too", "drop", 60, null, null, null, "it floods"));
        Assert.Equal(("alice", 60.0), (own!.ProposedBy, own.DurationMinutes));
        Assert.Equal(own.Id, Assert.Single(await hub.GetAsync<List<MitigationView>>("/api/v1/mitigations?open=true")).Id);
        Assert.Equal((102, asked.RuleNumber), ((await PostAsync(partner, Deny)).Status, (await PostAsync(partner, Deny)).RuleNumber));
        Assert.Equal(403, (await PostAsync(partner, Delete(asked.RuleNumber, "d-1"))).Status);
        await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{own.Id}/approve", new { });
        await TestHub.EventuallyAsync(async () => (await hub.GetAsync<MitigationView>($"/api/v1/mitigations/{own.Id}")).PublishedAt is not null);
        Assert.Equal(200, (await PostAsync(partner, Deny)).Status);
    }

    [Fact]
    public async Task A_partner_has_so_many_sessions_and_another_when_one_of_them_ends()
    {
        await using var hub = await TestHub.StartAsync();
        var sessions = new List<IMqttClient>();
        for (var i = 0; i < 8; i++)
        {
            sessions.Add(await ConnectAsync(hub, s_cert, $"cert-b:{i}"));
        }

        Assert.Contains("QuotaExceeded", (await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(hub, s_cert, "cert-b:8"))).ToString(), StringComparison.Ordinal);
        using var others = await ConnectAsync(hub, s_other, "cert-c");
        using var again = await ConnectAsync(hub, s_cert, "cert-b:0"); // takes its own place, and no second one
        sessions[1].Dispose();
        IMqttClient? freed = null;
        await TestHub.EventuallyAsync(async () =>
        {
            try
            {
                freed = await ConnectAsync(hub, s_cert, "cert-b:9");
                return true;
            }
            catch (Exception e) when (e.ToString().Contains("QuotaExceeded", StringComparison.Ordinal))
            {
                return false;
            }
        });
        freed!.Dispose();
        sessions.ForEach(session => session.Dispose());
    }

    [Fact]
    public async Task What_the_hub_protects_or_no_grant_covers_is_forbidden_and_nothing_is_drafted()
    {
        await using var hub = await TestHub.StartAsync();
        using var partner = Http(hub, s_cert);
        foreach (var (target, id) in ((string, string)[])[("192.0.2.77", "a"), ("198.51.100.53", "b"), ("203.0.113.0/24", "c"), ("0.0.0.0/0", "d")])
        {
            Assert.Equal(403, (await PostAsync(partner, $$"""{"action":"deny","target":{"ipv4_net":"{{target}}"},"command_id":"{{id}}"}""")).Status);
        }

        Assert.Equal(501, (await PostAsync(partner, """{"action":"allow","target":{"ipv4_net":"203.0.113.7"},"command_id":"e"}""")).Status);
        Assert.Equal(400, (await PostAsync(partner, """{"action":"deny","target":{"ipv4_net":"203.0.113.7"}}""", requestId: null)).Status);
        Assert.Equal(400, (await PostAsync(partner, """{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"stop_time":1000},"command_id":"f"}""")).Status);
        Assert.Equal(501, (await PostAsync(partner, """{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"start_time":4102444800000,"duration":1000},"command_id":"g"}""")).Status);
        Assert.Empty(await hub.MitigationsAsync());

        // What a person proposed and a partner asks for as well stays the person's.
        var (_, persons) = await hub.PostAsync<MitigationView>("/api/v1/mitigations", new { target = "203.0.113.7", reason = "seen", step = "drop", because = "certain" });
        var asked = await PostAsync(partner, """{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"command_id":"h"}""");
        Assert.Equal(102, asked.Status);
        Assert.Equal(403, (await PostAsync(partner, Delete(asked.RuleNumber, "i"))).Status);
        Assert.Equal(persons!.Id, Assert.Single(await hub.MitigationsAsync()).Id);
    }

    [Fact]
    public async Task Both_forms_of_HTTPS_are_spoken_and_an_answer_is_given_as_it_is_wanted()
    {
        await using var hub = await TestHub.StartAsync();
        using var partner = Http(hub, s_cert);
        using var answer = await SendAsync(partner, """{"headers":{"request_id":"abc123","from":"Producer1@example.com"},"body":{"openc2":{"request":{"action":"query","target":{"features":["profiles","versions"]}}}}}""", "application/openc2+json;version=1.0", "x-1");
        Assert.Equal("application/openc2+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no-cache", answer.Headers.CacheControl!.ToString());
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
        Assert.Equal("abc123", json.RootElement.GetProperty("headers").GetProperty("request_id").GetString());
        Assert.Equal("Producer1@example.com", json.RootElement.GetProperty("headers").GetProperty("to")[0].GetString());
        Assert.Equal("""{"profiles":["slpf"],"versions":["1.0"]}""", json.RootElement.GetProperty("body").GetProperty("openc2").GetProperty("response").GetProperty("results").GetRawText());

        Assert.Equal(200, (await PostAsync(partner, """{"action":"query","target":{"features":[]}}""")).Status);
        using var silent = await SendAsync(partner, """{"action":"deny","target":{"ipv4_net":"203.0.113.7"},"args":{"response_requested":"none"},"command_id":"n"}""", "application/openc2-cmd+json;version=1.0", "x-2");
        Assert.Equal(HttpStatusCode.NoContent, silent.StatusCode);
        Assert.Single(await hub.MitigationsAsync());
        using var text = await SendAsync(partner, "{}", "text/plain", "x-3");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, text.StatusCode);
        Assert.Equal(400, (await PostAsync(partner, new string(' ', OpenC2Command.MaxOctets) + "{}")).Status);
    }

    [Fact]
    public async Task Only_partners_command_and_partners_do_nothing_else()
    {
        await using var hub = await TestHub.StartAsync();
        using var partner = Http(hub, s_cert);
        foreach (var path in (string[])["/api/v1/mitigations", "/api/v1/audit", "/tuf/metadata/timestamp.json", "/log/checkpoint", "/openapi/v1.json"])
        {
            using var answer = await partner.GetAsync(path, Stop);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        using var sensor = hub.Http(hub.SensorCertificate(TestHub.Gateway));
        foreach (var client in (HttpClient[])[hub.AsAlice, sensor])
        {
            using var answer = await SendAsync(client, Deny, "application/openc2-cmd+json;version=1.0", "x");
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        Assert.Empty(await hub.MitigationsAsync());
    }

    [Fact]
    public void Commands_a_minute_are_bounded_for_each_producer()
    {
        var clock = new HandClock();
        var quota = new ProducerQuota(clock);
        Assert.All(Enumerable.Range(0, ProducerQuota.CommandsPerMinute), _ => Assert.True(quota.TryTake(s_cert)));
        Assert.False(quota.TryTake(s_cert));
        Assert.True(quota.TryTake(s_other));
        clock.Seconds = 2;
        Assert.Equal([true, true, false], [quota.TryTake(s_cert), quota.TryTake(s_cert), quota.TryTake(s_cert)]);
        clock.Seconds = 1_000_000;
        Assert.All(Enumerable.Range(0, ProducerQuota.CommandsPerMinute), _ => Assert.True(quota.TryTake(s_cert)));
        Assert.False(quota.TryTake(s_cert));
    }

    [Fact]
    public async Task A_command_over_MQTT_is_answered_on_the_producers_topic_and_on_no_other()
    {
        await using var hub = await TestHub.StartAsync();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        patience.CancelAfter(TestHub.Patience);
        using var client = await ConnectAsync(hub, s_cert, "cert-b");
        using var other = await ConnectAsync(hub, s_other, "cert-c:1");
        var answers = System.Threading.Channels.Channel.CreateUnbounded<MqttApplicationMessage>();
        client.ApplicationMessageReceivedAsync += e => answers.Writer.WriteAsync(e.ApplicationMessage, Stop).AsTask();
        var strays = 0;
        other.ApplicationMessageReceivedAsync += _ => Task.FromResult(Interlocked.Increment(ref strays));
        Assert.Equal(MqttClientSubscribeResultCode.GrantedQoS1, (await SubscribeAsync(client, "oc2/rsp/cert-b")).Items.Single().ResultCode);
        foreach (var topic in (string[])["oc2/rsp/cert-b", "oc2/rsp/#", "oc2/cmd/all", "#", "edgesensors/1/updates/timestamp.json"])
        {
            Assert.Equal(MqttClientSubscribeResultCode.NotAuthorized, (await SubscribeAsync(other, topic)).Items.Single().ResultCode);
        }

        var envelope = """{"headers":{"request_id":"r-1","from":"cert-b"},"body":{"openc2":{"request":COMMAND}}}""".Replace("COMMAND", Deny, StringComparison.Ordinal);
        Assert.True((await client.PublishAsync(Command(envelope).WithCorrelationData([1, 2, 3]).Build(), patience.Token)).IsSuccess);
        var answer = await answers.Reader.ReadAsync(patience.Token);
        Assert.Equal(("oc2/rsp/cert-b", "application/openc2", "rsp", "json"), (answer.Topic, answer.ContentType, Property(answer, "msgType"), Property(answer, "encoding")));
        Assert.Equal([1, 2, 3], answer.CorrelationData);
        using var json = JsonDocument.Parse(answer.Payload);
        Assert.Equal(("r-1", 102), (json.RootElement.GetProperty("headers").GetProperty("request_id").GetString(), json.RootElement.GetProperty("body").GetProperty("openc2").GetProperty("response").GetProperty("status").GetInt32()));
        Assert.Equal("openc2:cert-b", Assert.Single(await hub.MitigationsAsync()).ProposedBy);

        // Not where sensors publish, not retained, not without saying what it is.
        foreach (var refused in (MqttApplicationMessage[])
        [
            Command(envelope).WithTopic("edgesensors/1/isp-a/gw-1/alert").Build(), Command(envelope).WithTopic("oc2/rsp/cert-b").Build(), Command(envelope).WithTopic("oc2/cmd/device/other").Build(),
            Command(envelope).WithRetainFlag().Build(), new MqttApplicationMessageBuilder().WithTopic("oc2/cmd/all").WithPayload(envelope).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(),
        ])
        {
            Assert.False((await client.PublishAsync(refused, patience.Token)).IsSuccess);
        }

        Assert.True((await client.PublishAsync(Command("not json").WithTopic("oc2/cmd/all").Build(), patience.Token)).IsSuccess);
        using var bad = JsonDocument.Parse((await answers.Reader.ReadAsync(patience.Token)).Payload);
        Assert.Equal(400, bad.RootElement.GetProperty("body").GetProperty("openc2").GetProperty("response").GetProperty("status").GetInt32());
        Assert.Equal(0, strays);
    }

    [Theory]
    [InlineData("isp-a/gw-1")]
    [InlineData("cert-c")]
    [InlineData("cert-b-2")]
    public async Task A_partner_takes_nobodys_client_id(string clientId)
    {
        await using var hub = await TestHub.StartAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(hub, s_cert, clientId));
    }

    private static string Delete(long? ruleNumber, string id) =>
        """{"action":"delete","target":{"slpf:rule_number":NUMBER},"command_id":"ID"}""".Replace("NUMBER", $"{ruleNumber}", StringComparison.Ordinal).Replace("ID", id, StringComparison.Ordinal);

    private static MqttApplicationMessageBuilder Command(string payload) => new MqttApplicationMessageBuilder()
        .WithTopic("oc2/cmd/ap/slpf").WithPayload(payload).WithContentType("application/openc2").WithUserProperty("msgType", "req"u8.ToArray()).WithUserProperty("encoding", "json"u8.ToArray())
        .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);

    private static string? Property(MqttApplicationMessage message, string name) => message.UserProperties?.Find(property => property.Name == name) is { } found ? Encoding.UTF8.GetString(found.ValueBuffer.Span) : null;

    private static async Task<IMqttClient> ConnectAsync(TestHub hub, OperatorId partner, string clientId)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        var result = await client.ConnectAsync(
            TestSensor.Options(hub.Configuration.Listen.MqttPort, hub.Authority.Certificate, TestHub.Load(hub.Authority.IssuePartner(partner, TimeSpan.FromDays(1))), clientId, mqtt3: false).Build(), Stop);
        return result.ResultCode == MqttClientConnectResultCode.Success ? client : throw new InvalidOperationException(result.ResultCode.ToString());
    }

    private static Task<MqttClientSubscribeResult> SubscribeAsync(IMqttClient client, string topic) => client.SubscribeAsync(topic, MqttQualityOfServiceLevel.AtLeastOnce, Stop);

    private static HttpClient Http(TestHub hub, OperatorId partner) => hub.Http(TestHub.Load(hub.Authority.IssuePartner(partner, TimeSpan.FromDays(1))));

    private static async Task<(int Http, int Status, long? RuleNumber)> PostAsync(HttpClient client, string command, string? requestId = "x-0")
    {
        using var answer = await SendAsync(client, command, "application/openc2-cmd+json;version=1.0", requestId);
        Assert.Equal("application/openc2-rsp+json", answer.Content.Headers.ContentType?.MediaType);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
        return (
            (int)answer.StatusCode, json.RootElement.GetProperty("status").GetInt32(),
            json.RootElement.TryGetProperty("results", out var results) && results.TryGetProperty("slpf", out var slpf) ? slpf.GetProperty("rule_number").GetInt64() : null);
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string body, string type, string? requestId)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        var request = new HttpRequestMessage(HttpMethod.Post, OpenC2Endpoint.Path) { Content = content };
        if (requestId is not null)
        {
            request.Headers.Add("X-Request-ID", requestId);
        }

        return client.SendAsync(request, Stop);
    }

    private sealed class HandClock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
