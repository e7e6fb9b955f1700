using System.Buffers;
using System.Collections.Concurrent;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Hub.OpenC2;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace EdgeSensors.Hub.Inbox;

/// <summary>
/// The embedded MQTT broker. It serves sensors and partners, and lets each publish and subscribe on the topics of the name in its certificate and
/// on no other. What a sensor publishes goes to the inbox, what a partner does to the OpenC2 consumer; nothing is forwarded between clients.
/// </summary>
internal sealed class Broker : IAsyncDisposable
{
    private const string SessionKey = "sensor";
    private const string PartnerKey = "partner";
    private const string CredentialKey = "credential";
    private const int MaxPartnerClientId = 128;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    private readonly BrokerEndpoint _endpoint;
    private readonly InboxWriter _inbox;
    private readonly InboxMeters _meters;
    private readonly ClientTrust _trust;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly MqttServer _server;
    private readonly ConcurrentDictionary<SensorName, SensorSession> _sessions = new();
    private readonly OpenConnections _open = new();
    private readonly ITimer _look;
    private MqttApplicationMessage? _timestamp;
    private int _stopped;

    public Broker(BrokerEndpoint endpoint, InboxWriter inbox, InboxMeters meters, ClientTrust trust, TimeProvider time, ILogger<Broker> logger)
    {
        _endpoint = endpoint;
        _inbox = inbox;
        _meters = meters;
        _trust = trust;
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
        _look = time.CreateTimer(_ => EndRevoked(), null, LookEvery, LookEvery);
    }

    /// <summary>A sensor came (true) or went (false).</summary>
    public event Action<SensorName, bool>? PresenceChanged;

    /// <summary>Answers a tap's request for a part of an update.</summary>
    public Func<FetchMessage, ChunkMessage> ChunkSource { get; set; } = UpdateChunks.Nothing;

    /// <summary>Answers a partner's command: null where no answer is wanted.</summary>
    public Func<OperatorId, OpenC2Message, OpenC2Response?> CommandSink { get; set; } = (_, _) => null;

    public bool IsConnected(SensorName sensor) => _sessions.ContainsKey(sensor);

    public Task StartAsync() => _server.StartAsync();

    /// <summary>Publishes the newest timestamp metadata to every sensor, and keeps it for each that comes later: the retained message of MQTT 5 §3.3.1.3.</summary>
    /// <remarks>It is kept here, since the library looks for retained messages before a subscription counts: what is published in between would reach nobody.</remarks>
    public async Task PublishTimestampAsync(ReadOnlyMemory<byte> metadata)
    {
        MqttApplicationMessageBuilder Notice() => new MqttApplicationMessageBuilder()
            .WithTopic(Topics.UpdatesTimestamp)
            .WithPayload(metadata.ToArray())
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
        Volatile.Write(ref _timestamp, Notice().WithRetainFlag().Build()); // before it is sent: whoever subscribes meanwhile gets it in one way at least
        try
        {
            await _server.InjectApplicationMessage(new InjectedMqttApplicationMessage(Notice().Build()) { SenderClientId = "" });
        }
        catch (InvalidOperationException) when (Volatile.Read(ref _stopped) != 0)
        {
            // At its end nobody is there to hear it; the next start says it again.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }

        await _look.DisposeAsync();
        await _server.StopAsync(new MqttServerStopOptions());
        _server.Dispose();
    }

    // Who only listens, too, hears nothing any more.
    private void EndRevoked()
    {
        foreach (var client in _open.End(_trust.StillCounts))
        {
            Refuse("connection", client, "its certificate was revoked or has ended");
        }
    }

    private Task OnConnecting(ValidatingConnectionEventArgs e)
    {
        var credential = Credential.Of(e.ClientCertificate);
        if (credential?.Identity is ClientIdentity.Partner partner)
        {
            OnPartnerConnecting(e, partner.Name);
        }
        else if (credential?.Identity is not ClientIdentity.Sensor sensor)
        {
            Refuse("connection", "a client", "its certificate names neither a sensor nor a partner");
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

        if (e.ReasonCode == MqttConnectReasonCode.Success)
        {
            e.SessionItems[CredentialKey] = credential;
            if (e.ChannelAdapter is not SensorChannel channel || !_open.TryAdd(e.ClientId, credential!, channel))
            {
                Refuse("connection", e.ClientId, $"it has {OpenConnections.MaxOfPartner} connections already");
                e.ReasonCode = MqttConnectReasonCode.QuotaExceeded;
            }
        }

        return Task.CompletedTask;
    }

    private bool StillCounts(System.Collections.IDictionary items) => items[CredentialKey] is Credential credential && _trust.StillCounts(credential);

    /// <summary>A partner's client id is its name, or begins with it and a colon: no client can take another's place. It has no will, and speaks MQTT 5 (OASIS transf-mqtt 1.0).</summary>
    private void OnPartnerConnecting(ValidatingConnectionEventArgs e, OperatorId partner)
    {
        if (e.ClientId.Length > MaxPartnerClientId || (e.ClientId != partner.Text && !e.ClientId.StartsWith(partner.Text + ":", StringComparison.Ordinal)))
        {
            Refuse("connection", partner.Text, $"its client id is neither the name in its certificate nor begins with it and a colon, or has more than {MaxPartnerClientId} characters");
            e.ReasonCode = MqttConnectReasonCode.ClientIdentifierNotValid;
        }
        else if (e.ProtocolVersion != MqttProtocolVersion.V500 || (e.ChannelAdapter as SensorChannel)?.Connect is not { WillFlag: false })
        {
            Refuse("connection", partner.Text, "it has a will, or does not speak MQTT 5");
            e.ReasonCode = MqttConnectReasonCode.NotAuthorized;
        }
        else
        {
            e.SessionItems[PartnerKey] = partner;
        }
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
        own |= e.SessionItems[PartnerKey] is OperatorId partner && e.TopicFilter.Topic == OpenC2Topics.ResponsesTo(partner);
        if (!own || !StillCounts(e.SessionItems))
        {
            Refuse("subscription", e.ClientId, own ? "its certificate counts no more" : "a topic that is not its own");
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

        if (e.TopicFilter.Topic == Topics.UpdatesTimestamp && Volatile.Read(ref _timestamp) is { } newest)
        {
            (e.SessionItems[SessionKey] as SensorSession)?.Status?.TryEnqueueApplicationMessage(newest, out _);
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
        var isWill = message.Payload.Length == Topics.OfflineWill.Length && message.Payload.ToArray().AsSpan().SequenceEqual(Topics.OfflineWill.Span);
        if (!isWill && !StillCounts(e.SessionItems))
        {
            Refuse(e, MqttPubAckReasonCode.NotAuthorized, "its certificate counts no more");
            e.CloseConnection = true;
            return;
        }

        if (e.SessionItems[PartnerKey] is OperatorId partner)
        {
            await OnCommandAsync(e, partner);
            return;
        }

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

    /// <summary>Files a partner's command before it is acknowledged, and answers on the partner's own topic.</summary>
    private async Task OnCommandAsync(InterceptingPublishEventArgs e, OperatorId partner)
    {
        var asked = e.ApplicationMessage;
        bool Says(string name, ReadOnlySpan<byte> value) => asked.UserProperties?.Find(property => property.Name == name) is { } property && property.ValueBuffer.Span.SequenceEqual(value);
        if (!OpenC2Topics.IsCommand(asked.Topic))
        {
            Refuse(e, MqttPubAckReasonCode.NotAuthorized, "a topic that is not for commands");
            return;
        }

        if (asked.Retain || !Says(OpenC2Topics.TypeProperty, OpenC2Topics.Request.Span) || !Says(OpenC2Topics.EncodingProperty, OpenC2Topics.Json.Span) || asked.ContentType != OpenC2Topics.ContentType)
        {
            Refuse(e, MqttPubAckReasonCode.PayloadFormatInvalid, "no OpenC2 request in JSON");
            return;
        }

        _meters.Received((int)Math.Min(asked.Payload.Length, int.MaxValue));
        var message = OpenC2Message.Read(asked.Payload.Slice(0, Math.Min(asked.Payload.Length, OpenC2Command.MaxOctets + 1)).ToArray(), isBare: false);
        if (CommandSink(partner, message) is not { } response)
        {
            return;
        }

        var answer = new MqttApplicationMessageBuilder()
            .WithTopic(OpenC2Topics.ResponsesTo(partner))
            .WithPayload(OpenC2Message.Write(response, message.RequestId, message.From, UnixMilliseconds.Now(_time)))
            .WithPayloadFormatIndicator(MqttPayloadFormatIndicator.CharacterData)
            .WithContentType(OpenC2Topics.ContentType)
            .WithUserProperty(OpenC2Topics.TypeProperty, OpenC2Topics.Response)
            .WithUserProperty(OpenC2Topics.EncodingProperty, OpenC2Topics.Json)
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
        if (asked.CorrelationData is { Length: > 0 and <= 256 } correlation)
        {
            answer.WithCorrelationData(correlation);
        }

        await _server.InjectApplicationMessage(new InjectedMqttApplicationMessage(answer.Build()) { SenderClientId = "" });
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
        e.CloseConnection = !e.SessionItems.Contains(PartnerKey) && (e.SessionItems[SessionKey] as SensorSession)?.Version != MqttProtocolVersion.V500;
        Refuse("publication", e.ClientId, reason);
    }

    private void Refuse(string what, string client, string reason)
    {
        _meters.Refused(what);
        _logger.Refused(client, reason);
    }
}
