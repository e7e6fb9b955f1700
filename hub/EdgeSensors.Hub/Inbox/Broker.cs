using System.Buffers;
using System.Collections.Concurrent;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace EdgeSensors.Hub.Inbox;

/// <summary>
/// The embedded MQTT broker. It serves sensors only, and lets each publish and subscribe on the topics of the name in its certificate and
/// on no other. What a sensor publishes goes to the inbox; nothing is forwarded between clients.
/// </summary>
internal sealed class Broker : IAsyncDisposable
{
    private const string SessionKey = "sensor";

    private readonly BrokerEndpoint _endpoint;
    private readonly InboxWriter _inbox;
    private readonly InboxMeters _meters;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly MqttServer _server;
    private readonly ConcurrentDictionary<SensorName, SensorSession> _sessions = new();
    private int _stopped;

    public Broker(BrokerEndpoint endpoint, InboxWriter inbox, InboxMeters meters, TimeProvider time, ILogger<Broker> logger)
    {
        _endpoint = endpoint;
        _inbox = inbox;
        _meters = meters;
        _time = time;
        _logger = logger;
        var options = new MqttServerOptions
        {
            EnablePersistentSessions = false,
            MaxPendingMessagesPerClient = 256,
            PendingMessagesOverflowStrategy = MqttPendingMessagesOverflowStrategy.DropOldestQueuedMessage,
            DefaultCommunicationTimeout = TimeSpan.FromSeconds(10),
        };
        _server = new MqttServer(options, [_endpoint], new BrokerDiagnostics(logger));
        _server.ValidatingConnectionAsync += OnConnecting;
        _server.ClientConnectedAsync += OnConnected;
        _server.ClientDisconnectedAsync += OnDisconnected;
        _server.InterceptingPublishAsync += OnPublishing;
        _server.InterceptingSubscriptionAsync += OnSubscribing;
        _server.ClientSubscribedTopicAsync += OnSubscribed;
        _inbox.ConnectionOf = sensor => _sessions.GetValueOrDefault(sensor);
        _inbox.Committed += batch => Acknowledge(batch.Acknowledged);
    }

    /// <summary>A sensor came (true) or went (false).</summary>
    public event Action<SensorName, bool>? PresenceChanged;

    /// <summary>Answers a tap's request for a part of an update.</summary>
    public Func<FetchMessage, ChunkMessage> ChunkSource { get; set; } = UpdateChunks.Nothing;

    public bool IsConnected(SensorName sensor) => _sessions.ContainsKey(sensor);

    public Task StartAsync() => _server.StartAsync();

    /// <summary>Publishes the newest timestamp metadata, retained, to every sensor.</summary>
    public Task PublishTimestampAsync(ReadOnlyMemory<byte> metadata) => _server.InjectApplicationMessage(
        new InjectedMqttApplicationMessage(new MqttApplicationMessageBuilder()
            .WithTopic(Topics.UpdatesTimestamp)
            .WithPayload(metadata.ToArray())
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .WithRetainFlag()
            .Build())
        {
            SenderClientId = "",
        });

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }

        await _server.StopAsync(new MqttServerStopOptions());
        _server.Dispose();
    }

    private Task OnConnecting(ValidatingConnectionEventArgs e)
    {
        if (!ClientIdentity.TryRead(e.ClientCertificate, out var identity) || identity is not ClientIdentity.Sensor sensor)
        {
            Refuse("connection", "a client", "its certificate names no sensor");
            e.ReasonCode = MqttConnectReasonCode.NotAuthorized;
        }
        else if (e.ClientId != sensor.Name.ToString())
        {
            Refuse("connection", sensor.Name.ToString(), "its client id is not the name in its certificate");
            e.ReasonCode = MqttConnectReasonCode.ClientIdentifierNotValid;
        }
        else if (!IsOwnWill(e.ChannelAdapter as SensorChannel, sensor.Name))
        {
            Refuse("will", sensor.Name.ToString(), "its will is not 'offline' on its own status topic, retained");
            e.ReasonCode = MqttConnectReasonCode.NotAuthorized;
        }
        else
        {
            e.SessionItems[SessionKey] = new SensorSession(sensor.Name, e.ProtocolVersion);
        }

        return Task.CompletedTask;
    }

    private static bool IsOwnWill(SensorChannel? channel, SensorName sensor) => channel?.Connect switch
    {
        null => false,
        { WillFlag: false } => true,
        var connect => connect.WillTopic == Topics.Of(sensor, Channel.Status)
            && connect.WillRetain
            && connect.WillMessage.AsSpan().SequenceEqual(Topics.OfflineWill.Span),
    };

    private async Task OnConnected(ClientConnectedEventArgs e)
    {
        if (e.SessionItems[SessionKey] is SensorSession session)
        {
            session.Status = await _server.GetSessionAsync(e.ClientId);
            _sessions[session.Sensor] = session;
            _meters.Connected(1);
            _logger.Connected(session.Sensor.ToString());
            PresenceChanged?.Invoke(session.Sensor, true);
        }
    }

    private Task OnDisconnected(ClientDisconnectedEventArgs e)
    {
        if (e.SessionItems[SessionKey] is SensorSession session)
        {
            _meters.Connected(-1);
            // A client that was taken over must not remove its successor.
            if (_sessions.TryRemove(KeyValuePair.Create(session.Sensor, session)))
            {
                _logger.Disconnected(session.Sensor.ToString());
                PresenceChanged?.Invoke(session.Sensor, false);
            }
        }

        return Task.CompletedTask;
    }

    private Task OnSubscribing(InterceptingSubscriptionEventArgs e)
    {
        var own = e.SessionItems[SessionKey] is SensorSession session
            && (e.TopicFilter.Topic == Topics.Of(session.Sensor, Channel.Ack)
                || e.TopicFilter.Topic == Topics.Of(session.Sensor, Channel.Chunk)
                || e.TopicFilter.Topic == Topics.UpdatesTimestamp);
        if (!own)
        {
            Refuse("subscription", e.ClientId, "a topic that is not its own");
            e.ProcessSubscription = false;
            e.Response.ReasonCode = MqttSubscribeReasonCode.NotAuthorized;
        }

        return Task.CompletedTask;
    }

    private Task OnSubscribed(ClientSubscribedTopicEventArgs e)
    {
        if (e.SessionItems[SessionKey] is SensorSession session && e.TopicFilter.Topic == Topics.Of(session.Sensor, Channel.Ack))
        {
            session.WantsAck = true;
            if (_inbox.AcknowledgedTo(session.Sensor) is { } upTo)
            {
                session.Send(Channel.Ack, AckCodec.Encode(new AckMessage(upTo)));
            }
        }

        return Task.CompletedTask;
    }

    private async Task OnPublishing(InterceptingPublishEventArgs e)
    {
        if (ReferenceEquals(e.SessionItems, _server.ServerSessionItems))
        {
            return;
        }

        e.ProcessPublish = false;
        var message = e.ApplicationMessage;
        if (e.SessionItems[SessionKey] is not SensorSession session
            || !Topics.TryParse(message.Topic, out var sensor, out var channel)
            || sensor != session.Sensor
            || !Topics.IsFromSensor(channel))
        {
            Refuse(e, MqttPubAckReasonCode.NotAuthorized, "a topic that is not its own");
            return;
        }

        var payload = message.Payload.IsSingleSegment ? message.Payload.First : message.Payload.ToArray();
        _meters.Received(payload.Length);
        if (channel == Channel.Status)
        {
            if (payload.Span.SequenceEqual(Topics.OfflineWill.Span))
            {
                e.ProcessPublish = true; // The will: it replaces the retained status and has no number to commit.
                return;
            }

            e.ProcessPublish = message.Retain && payload.Length > 0 && payload.Length <= Topics.MaxPayloadOctets(channel);
        }

        if (channel == Channel.Fetch)
        {
            Answer(session, payload);
            return;
        }

        if (MessageCheck.Read(channel, payload) is not { } check)
        {
            _meters.Unnumbered();
            Refuse(e, MqttPubAckReasonCode.PayloadFormatInvalid, $"a {channel} without a readable number");
            return;
        }

        if (check.Rejection is { } reason)
        {
            e.ProcessPublish = false;
            e.Response.ReasonCode = MqttPubAckReasonCode.PayloadFormatInvalid;
            _logger.Rejected(session.Sensor.ToString(), channel.ToString(), reason);
        }

        await _inbox.AcceptAsync(new Arrival(session.Sensor, channel, check.Id, payload, UnixMilliseconds.Now(_time), check.Rejection), e.CancellationToken);
    }

    private void Acknowledge(IReadOnlyList<(SensorName Sensor, MessageId UpTo)> acknowledged)
    {
        foreach (var (sensor, upTo) in acknowledged)
        {
            if (_sessions.TryGetValue(sensor, out var session) && session.WantsAck)
            {
                session.Send(Channel.Ack, AckCodec.Encode(new AckMessage(upTo)));
            }
        }
    }

    private void Answer(SensorSession session, ReadOnlyMemory<byte> payload)
    {
        if (FetchCodec.TryDecode(payload, out FetchMessage? request, out _))
        {
            session.Send(Channel.Chunk, FetchCodec.Encode(ChunkSource(request!)));
        }
        else
        {
            _meters.Unnumbered();
        }
    }

    private void Refuse(InterceptingPublishEventArgs e, MqttPubAckReasonCode code, string reason)
    {
        e.ProcessPublish = false;
        e.Response.ReasonCode = code;
        // MQTT 3.1.1 §3.3.5: a PUBACK cannot say no, so the connection is closed.
        e.CloseConnection = (e.SessionItems[SessionKey] as SensorSession)?.Version != MqttProtocolVersion.V500;
        Refuse("publication", e.ClientId, reason);
    }

    private void Refuse(string what, string client, string reason)
    {
        _meters.Refused(what);
        _logger.Refused(client, reason);
    }
}
