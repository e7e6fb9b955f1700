using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using EdgeSensors.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace EdgeSensors.Hub.Tests.Hosting;

/// <summary>A sensor as the hub's tests need one: it publishes what it is told to and collects what the hub says.</summary>
internal sealed class TestSensor : IAsyncDisposable
{
    private readonly IMqttClient _client;
    private readonly Channel<AckMessage> _acks = System.Threading.Channels.Channel.CreateUnbounded<AckMessage>();
    private readonly Channel<ChunkMessage> _chunks = System.Threading.Channels.Channel.CreateUnbounded<ChunkMessage>();
    private readonly Channel<byte[]> _timestamps = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();

    private TestSensor(IMqttClient client, SensorName name)
    {
        _client = client;
        Name = name;
    }

    public SensorName Name { get; }

    public bool IsConnected => _client.IsConnected;

    public static Task<TestSensor> ConnectAsync(
        TestHub hub, SensorName name, X509Certificate2 certificate, string? clientId = null, bool mqtt3 = false, Action<MqttClientOptionsBuilder>? change = null) =>
        ConnectAsync(hub.Configuration.Listen.MqttPort, hub.Authority.Certificate, name, certificate, clientId, mqtt3, change);

    public static async Task<TestSensor> ConnectAsync(
        int port, X509Certificate2 authority, SensorName name, X509Certificate2 certificate, string? clientId = null, bool mqtt3 = false, Action<MqttClientOptionsBuilder>? change = null)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        var sensor = new TestSensor(client, name);
        client.ApplicationMessageReceivedAsync += sensor.OnMessage;
        var options = Options(port, authority, certificate, clientId ?? name.ToString(), mqtt3);
        change?.Invoke(options);
        var result = await client.ConnectAsync(options.Build(), TestContext.Current.CancellationToken);
        if (result.ResultCode != MqttClientConnectResultCode.Success)
        {
            throw new InvalidOperationException(result.ResultCode.ToString());
        }

        return sensor;
    }

    public static MqttClientOptionsBuilder Options(int port, X509Certificate2 authority, X509Certificate2? certificate, string clientId, bool mqtt3) =>
        new MqttClientOptionsBuilder()
            .WithTcpServer("localhost", port)
            .WithClientId(clientId)
            .WithProtocolVersion(mqtt3 ? MqttProtocolVersion.V311 : MqttProtocolVersion.V500)
            .WithTimeout(TestHub.Patience)
            .WithTlsOptions(tls =>
            {
                tls.UseTls();
                tls.WithTrustChain([authority]);
                tls.WithRevocationMode(X509RevocationMode.NoCheck);
                if (certificate is not null)
                {
                    tls.WithClientCertificates([certificate]);
                }
            });

    public Task<MqttClientSubscribeResult> SubscribeAsync(string topic) =>
        _client.SubscribeAsync(topic, MqttQualityOfServiceLevel.AtLeastOnce, TestContext.Current.CancellationToken);

    public Task SubscribeAckAsync() => SubscribeAsync(Topics.Of(Name, Protocol.Channel.Ack));

    public Task<MqttClientPublishResult> PublishAsync(string topic, byte[] payload, bool retain = false) =>
        _client.PublishBinaryAsync(topic, payload, MqttQualityOfServiceLevel.AtLeastOnce, retain, TestContext.Current.CancellationToken);

    public Task<MqttClientPublishResult> PublishAsync(Protocol.Channel channel, byte[] payload) =>
        PublishAsync(Topics.Of(Name, channel), payload, channel == Protocol.Channel.Status);

    public Task ReportAsync(ulong epoch, ulong sequence) => PublishAsync(Protocol.Channel.Report, Messages.Report(epoch, sequence));

    /// <summary>Waits until everything up to a number is acknowledged.</summary>
    public async Task WaitForAckAsync(ulong epoch, ulong sequence)
    {
        using var patience = new CancellationTokenSource(TestHub.Patience);
        while ((await _acks.Reader.ReadAsync(patience.Token)).UpTo is var upTo && (upTo.Epoch != epoch || upTo.Sequence < sequence))
        {
        }
    }

    /// <summary>The acknowledgements that have come and were not looked at.</summary>
    public IReadOnlyList<MessageId> TakeAcks()
    {
        var taken = new List<MessageId>();
        while (_acks.Reader.TryRead(out var ack))
        {
            taken.Add(ack.UpTo);
        }

        return taken;
    }

    public async Task<byte[]> NextTimestampAsync()
    {
        using var patience = new CancellationTokenSource(TestHub.Patience);
        return await _timestamps.Reader.ReadAsync(patience.Token);
    }

    public async Task<ChunkMessage> NextChunkAsync()
    {
        using var patience = new CancellationTokenSource(TestHub.Patience);
        return await _chunks.Reader.ReadAsync(patience.Token);
    }

    public Task DisconnectAsync() => _client.DisconnectAsync(new MqttClientDisconnectOptions(), TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task OnMessage(MqttApplicationMessageReceivedEventArgs e)
    {
        var payload = e.ApplicationMessage.Payload.IsEmpty ? [] : e.ApplicationMessage.Payload.First.ToArray();
        if (e.ApplicationMessage.Topic == Topics.UpdatesTimestamp)
        {
            _timestamps.Writer.TryWrite(payload);
        }
        else if (e.ApplicationMessage.Topic == Topics.Of(Name, Protocol.Channel.Chunk))
        {
            Assert.True(FetchCodec.TryDecode(payload, out ChunkMessage? chunk, out var error), error.ToString());
            _chunks.Writer.TryWrite(chunk!);
        }
        else if (AckCodec.TryDecode(payload, out var ack, out _))
        {
            _acks.Writer.TryWrite(ack!);
        }

        return Task.CompletedTask;
    }
}
