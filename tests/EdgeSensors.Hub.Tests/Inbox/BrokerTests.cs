using EdgeSensors.Hub.Identity;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;
using MQTTnet;

namespace EdgeSensors.Hub.Tests.Inbox;

public class BrokerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_published_is_acknowledged_by_MQTT_5_and_3_1_1(bool mqtt3)
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway, mqtt3);
        await sensor.SubscribeAckAsync();
        await sensor.PublishAsync(Channel.Status, Messages.Status(7, 1));
        await sensor.ReportAsync(7, 2);
        await sensor.WaitForAckAsync(7, 2);
    }

    [Fact]
    public async Task Numbers_out_of_order_are_acknowledged_only_as_an_unbroken_run()
    {
        await using var hub = await TestHub.StartAsync(c => c with { Inbox = c.Inbox with { GapTimeout = TimeSpan.FromMinutes(10) } });
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.SubscribeAckAsync();
        await sensor.ReportAsync(7, 1);
        await sensor.WaitForAckAsync(7, 1);
        await sensor.ReportAsync(7, 3);
        await sensor.ReportAsync(7, 4);
        await TestHub.EventuallyAsync(async () => await hub.CommittedMessagesAsync() == 3);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(sensor.TakeAcks(), ack => ack.Sequence > 1);
        await sensor.ReportAsync(7, 2);
        await sensor.WaitForAckAsync(7, 4);
    }

    [Fact]
    public async Task A_number_that_never_comes_is_given_up_while_its_sensor_stays_connected()
    {
        await using var hub = await TestHub.StartAsync(c => c with { Inbox = c.Inbox with { GapTimeout = TimeSpan.FromSeconds(1) } });
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.SubscribeAckAsync();
        await sensor.ReportAsync(7, 5);
        await sensor.WaitForAckAsync(7, 5);
        await sensor.ReportAsync(7, 3);
        await sensor.ReportAsync(7, 6);
        await sensor.WaitForAckAsync(7, 6);
        Assert.Equal(3, await hub.CommittedMessagesAsync());
    }

    [Fact]
    public async Task A_sensor_that_dropped_a_number_and_sends_the_rest_again_and_again_is_not_held_up_for_ever()
    {
        await using var hub = await TestHub.StartAsync(c => c with { Inbox = c.Inbox with { GapTimeout = TimeSpan.FromSeconds(1) } });
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.SubscribeAckAsync();
        await sensor.ReportAsync(7, 1);
        using var enough = new CancellationTokenSource(TestHub.Patience);
        while (sensor.TakeAcks() is var acks && !acks.Any(ack => ack.Sequence == 4))
        {
            Assert.False(enough.IsCancellationRequested, "The gap at 2 holds the sensor up.");
            await sensor.ReportAsync(7, 3);
            await sensor.ReportAsync(7, 4);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Equal(1, (await hub.HealthAsync()).GivenUp);
        Assert.Equal(3, await hub.CommittedMessagesAsync());
    }

    [Fact]
    public async Task A_tap_fetches_an_update_by_hash_in_parts()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.SubscribeAsync(Topics.Of(TestHub.Gateway, Channel.Chunk));
        var path = Directory.EnumerateFiles(Path.Combine(hub.Folder, "repository/targets/authorizations/isp-a")).Single();
        var whole = File.ReadAllBytes(path);
        var hash = System.Security.Cryptography.SHA256.HashData(whole);
        var got = new List<byte>();
        while (got.Count < whole.Length)
        {
            await sensor.PublishAsync(Channel.Fetch, FetchCodec.Encode(new FetchMessage(hash, (uint)got.Count, 100)));
            var chunk = await sensor.NextChunkAsync();
            Assert.Equal(((uint)got.Count, (uint)whole.Length), (chunk.Offset, chunk.TotalLength));
            got.AddRange(chunk.Data.ToArray());
        }

        Assert.Equal(whole, got);
        await sensor.PublishAsync(Channel.Fetch, FetchCodec.Encode(new FetchMessage(new byte[32], 0, 100)));
        Assert.Equal(0U, (await sensor.NextChunkAsync()).TotalLength);
    }

    [Fact]
    public async Task A_tap_reads_metadata_by_the_hash_of_its_name_and_is_told_where_the_roots_end()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.SubscribeAsync(Topics.Of(TestHub.Gateway, Channel.Chunk));
        async Task<ChunkMessage> AskAsync(string name)
        {
            var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(name));
            await sensor.PublishAsync(Channel.Fetch, FetchCodec.Encode(new FetchMessage(hash, 0, 8192)));
            return await sensor.NextChunkAsync();
        }

        var root = await AskAsync("1.root.json");
        Assert.Equal(File.ReadAllBytes(Path.Combine(hub.Folder, "repository", "metadata", "1.root.json")), root.Data.ToArray());
        Assert.Equal(0U, (await AskAsync("2.root.json")).TotalLength);
        Assert.Equal(0U, (await AskAsync("../1.root.json")).TotalLength);
    }

    [Fact]
    public async Task A_duplicate_is_kept_once_and_acknowledged_again_also_after_a_restart()
    {
        await using var hub = await TestHub.StartAsync();
        await using (var sensor = await hub.ConnectAsync(TestHub.Gateway))
        {
            await sensor.SubscribeAckAsync();
            await sensor.ReportAsync(7, 1);
            await sensor.ReportAsync(7, 1);
            await sensor.WaitForAckAsync(7, 1);
        }

        await hub.RestartAsync();
        await using (var sensor = await hub.ConnectAsync(TestHub.Gateway))
        {
            await sensor.SubscribeAckAsync();
            await sensor.WaitForAckAsync(7, 1); // the hub says on its own what it has
            await sensor.ReportAsync(7, 1);
            await sensor.ReportAsync(7, 2);
            await sensor.WaitForAckAsync(7, 2);
        }

        Assert.Equal(2, await hub.CommittedMessagesAsync());
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_not_let_in()
    {
        await using var hub = await TestHub.StartAsync();
        using var stranger = CertificateAuthority.Create(TimeProvider.System);
        using var certificate = TestHub.Load(stranger.IssueSensor(TestHub.Gateway, TimeSpan.FromDays(1)));
        await Assert.ThrowsAnyAsync<Exception>(() => TestSensor.ConnectAsync(hub, TestHub.Gateway, certificate));
    }

    [Fact]
    public async Task A_client_without_a_certificate_is_not_let_in()
    {
        await using var hub = await TestHub.StartAsync();
        using var client = new MqttClientFactory().CreateMqttClient();
        var options = TestSensor.Options(hub.Configuration.Listen.MqttPort, hub.Authority.Certificate, null, "isp-a/gw-1", false).Build();
        await Assert.ThrowsAnyAsync<Exception>(() => client.ConnectAsync(options, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_person_is_no_sensor()
    {
        await using var hub = await TestHub.StartAsync();
        using var certificate = hub.OperatorCertificate(TestHub.Alice);
        await AssertRefusedAsync(() => TestSensor.ConnectAsync(hub, TestHub.Gateway, certificate), "NotAuthorized");
    }

    [Fact]
    public async Task The_client_id_must_be_the_name_in_the_certificate()
    {
        await using var hub = await TestHub.StartAsync();
        using var certificate = hub.SensorCertificate(TestHub.Other);
        await AssertRefusedAsync(() => TestSensor.ConnectAsync(hub, TestHub.Gateway, certificate), "ClientIdentifierNotValid");
    }

    [Theory]
    [InlineData("edgesensors/1/isp-b/gw-2/status", true, "goffline")]
    [InlineData("edgesensors/1/isp-a/gw-1/status", false, "goffline")]
    [InlineData("edgesensors/1/isp-a/gw-1/status", true, "anything")]
    [InlineData("edgesensors/1/isp-a/gw-1/report", true, "goffline")]
    public async Task A_will_may_only_say_offline_on_the_own_status(string topic, bool retain, string payload)
    {
        await using var hub = await TestHub.StartAsync();
        using var certificate = hub.SensorCertificate(TestHub.Gateway);
        await AssertRefusedAsync(
            () => TestSensor.ConnectAsync(hub, TestHub.Gateway, certificate, change: o => o.WithWillTopic(topic).WithWillPayload(payload).WithWillRetain(retain)),
            "NotAuthorized");
    }

    [Theory]
    [InlineData("edgesensors/1/isp-b/gw-2/report")]
    [InlineData("edgesensors/1/isp-a/gw-1/ack")]
    [InlineData("edgesensors/1/updates/timestamp.json")]
    [InlineData("elsewhere")]
    public async Task Nobody_publishes_but_on_the_own_topics(string topic)
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        var result = await sensor.PublishAsync(topic, Messages.Report(7, 1));
        Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, result.ReasonCode);
        Assert.Equal(0, await hub.CommittedMessagesAsync());

        await using var old = await hub.ConnectAsync(TestHub.Other, mqtt3: true);
        await Assert.ThrowsAnyAsync<Exception>(() => old.PublishAsync(topic == "edgesensors/1/isp-b/gw-2/report" ? "edgesensors/1/isp-a/gw-1/report" : topic, Messages.Report(7, 1)));
    }

    [Theory]
    [InlineData("edgesensors/1/isp-b/gw-2/ack")]
    [InlineData("edgesensors/1/isp-a/gw-1/#")]
    [InlineData("edgesensors/#")]
    [InlineData("#")]
    [InlineData("$SYS/#")]
    [InlineData("edgesensors/1/isp-a/gw-1/report")]
    public async Task Nobody_subscribes_but_to_the_own_topics(string topic)
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        var result = await sensor.SubscribeAsync(topic);
        Assert.Equal(MqttClientSubscribeResultCode.NotAuthorized, result.Items.Single().ResultCode);
    }

    [Fact]
    public async Task A_payload_longer_than_its_topic_allows_is_not_kept_and_does_not_hold_up_the_others()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.SubscribeAckAsync();
        var result = await sensor.PublishAsync(Channel.Alert, Messages.Report(7, 1, [.. Enumerable.Repeat(Messages.Flow("203.0.113.1", "203.0.113.2"), 200)]));
        Assert.Equal(MqttClientPublishReasonCode.PayloadFormatInvalid, result.ReasonCode);
        await sensor.ReportAsync(7, 2);
        await sensor.WaitForAckAsync(7, 2);
        Assert.Equal(1, await hub.CommittedMessagesAsync());
    }

    [Fact]
    public async Task A_packet_longer_than_any_topic_allows_ends_the_connection()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await Assert.ThrowsAnyAsync<Exception>(() => sensor.PublishAsync(Channel.Report, new byte[1 << 20]));
    }

    [Fact]
    public async Task What_cannot_be_decoded_is_set_aside_and_acknowledged()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.SubscribeAckAsync();
        var broken = Messages.Report(7, 1);
        await sensor.PublishAsync(Channel.Report, broken[..^3]);
        await sensor.PublishAsync(Channel.Report, [0xff, 0x00, 0x13]);
        await sensor.ReportAsync(7, 2);
        await sensor.WaitForAckAsync(7, 2);
        var health = await hub.HealthAsync();
        Assert.Equal(1, health.Rejected);
        Assert.Equal(1, health.Unnumbered);
    }

    [Fact]
    public async Task The_will_replaces_the_retained_status_and_nobody_else_reads_it()
    {
        await using var hub = await TestHub.StartAsync();
        using var certificate = hub.SensorCertificate(TestHub.Gateway);
        var sensor = await TestSensor.ConnectAsync(hub, TestHub.Gateway, certificate, change: o => o
            .WithWillTopic(Topics.Of(TestHub.Gateway, Channel.Status)).WithWillPayload(Topics.OfflineWill.ToArray()).WithWillRetain());
        await sensor.SubscribeAckAsync();
        await sensor.PublishAsync(Channel.Status, Messages.Status(7, 1));
        await sensor.WaitForAckAsync(7, 1);
        await sensor.DisposeAsync(); // without DISCONNECT: the will goes out and must not trouble the inbox
        await TestHub.EventuallyAsync(async () => (await hub.HealthAsync()).Connections == 0);
        Assert.Equal(0, (await hub.HealthAsync()).Unnumbered);
    }

    private static async Task AssertRefusedAsync(Func<Task<TestSensor>> connect, string reason)
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(connect);
        Assert.Contains(reason, refusal.ToString(), StringComparison.Ordinal);
    }
}
