using System;
using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace EdgeSensors.Firmware.Platform.Host;

/// <summary>The way to a real hub from this machine, with MQTTnet in M2Mqtt's place: MQTT 3.1.1 over TLS with the tap's certificate.</summary>
public sealed class MqttHubLink : IHubLink, IDisposable
{
    private const int MostOnTheirWay = 16;

    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly ConcurrentQueue<(HubTopic Topic, byte[] Payload)> _received = new();
    private readonly MqttClientOptions _options;
    private readonly string[] _topics;
    private CancellationTokenSource _stop = new();
    private volatile bool _subscribed;
    private volatile bool _connecting;
    private int _onTheirWay;

    /// <summary>A link of one tap.</summary>
    /// <param name="name">Operator and sensor.</param>
    /// <param name="host">The hub.</param>
    /// <param name="port">Its broker's port.</param>
    /// <param name="certificate">The tap's, with its private key.</param>
    /// <param name="authority">Vouches for the hub.</param>
    public MqttHubLink((string Operator, string Sensor) name, string host, int port, X509Certificate2 certificate, X509Certificate2 authority)
    {
        _topics = new string[(int)HubTopic.Timestamp + 1];
        for (HubTopic topic = HubTopic.Status; topic <= HubTopic.Timestamp; topic++)
        {
            _topics[(int)topic] = HubTopics.Of(name.Operator, name.Sensor, topic);
        }

        _options = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithTcpServer(host, port)
            .WithClientId(name.Operator + "/" + name.Sensor)
            .WithCleanSession()
            .WithTimeout(TimeSpan.FromSeconds(30))
            .WithWillTopic(_topics[(int)HubTopic.Status])
            .WithWillPayload(HubTopics.Will)
            .WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .WithWillRetain()
            .WithTlsOptions(tls => tls.UseTls().WithTrustChain([authority]).WithRevocationMode(X509RevocationMode.NoCheck).WithClientCertificates([certificate]))
            .Build();
        _client.ApplicationMessageReceivedAsync += OnMessage;
    }

    /// <inheritdoc/>
    public bool IsConnected => _subscribed && _client.IsConnected;

    /// <inheritdoc/>
    public bool IsConnecting => _connecting;

    /// <summary>Why the last connection could not be made; null if it was.</summary>
    public string? LastFailure { get; private set; }

    /// <inheritdoc/>
    public void BeginConnect()
    {
        _subscribed = false;
        _connecting = true;
        _received.Clear();
        _ = ConnectAsync(_stop.Token);
    }

    /// <inheritdoc/>
    public void Disconnect()
    {
        _subscribed = false;
        _stop.Cancel();
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        _ = _client.DisconnectAsync(new MqttClientDisconnectOptions(), CancellationToken.None);
    }

    /// <inheritdoc/>
    public bool TryPublish(HubTopic topic, byte[] payload, int length)
    {
        if (!IsConnected || Volatile.Read(ref _onTheirWay) >= MostOnTheirWay)
        {
            return false;
        }

        Interlocked.Increment(ref _onTheirWay);
        _ = PublishAsync(topic, payload.AsSpan(0, length).ToArray());
        return true;
    }

    /// <inheritdoc/>
    public bool TryReceive(out HubTopic topic, out byte[] payload)
    {
        bool some = _received.TryDequeue(out (HubTopic Topic, byte[] Payload) message);
        topic = message.Topic;
        payload = message.Payload ?? [];
        return some;
    }

    /// <summary>Ends the connection without a word, as a tap that loses its power does: the hub publishes the Last Will.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task ConnectAsync(CancellationToken stop)
    {
        try
        {
            await _client.ConnectAsync(_options, stop).ConfigureAwait(false);
            await _client.SubscribeAsync(
                new MqttClientSubscribeOptionsBuilder()
                    .WithTopicFilter(_topics[(int)HubTopic.Ack])
                    .WithTopicFilter(_topics[(int)HubTopic.Chunk], MqttQualityOfServiceLevel.AtLeastOnce)
                    .WithTopicFilter(_topics[(int)HubTopic.Timestamp], MqttQualityOfServiceLevel.AtLeastOnce)
                    .Build(),
                stop).ConfigureAwait(false);
            LastFailure = null;
            _subscribed = true;
        }
        catch (Exception exception)
        {
            // The client library has no single base for what connecting may throw; all of it means "not connected".
            LastFailure = exception.GetBaseException().Message;
        }

        _connecting = false;
    }

    private async Task PublishAsync(HubTopic topic, byte[] payload)
    {
        try
        {
            await _client.PublishAsync(
                new MqttApplicationMessageBuilder()
                    .WithTopic(_topics[(int)topic])
                    .WithPayload(payload)
                    .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
                    .WithRetainFlag(topic == HubTopic.Status)
                    .Build(),
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LastFailure = exception.Message; // it is in the outbox still
        }
        finally
        {
            Interlocked.Decrement(ref _onTheirWay);
        }
    }

    private Task OnMessage(MqttApplicationMessageReceivedEventArgs e)
    {
        int topic = Array.IndexOf(_topics, e.ApplicationMessage.Topic);
        if (topic >= (int)HubTopic.Ack)
        {
            _received.Enqueue(((HubTopic)topic, e.ApplicationMessage.Payload.ToArray()));
        }

        return Task.CompletedTask;
    }
}
