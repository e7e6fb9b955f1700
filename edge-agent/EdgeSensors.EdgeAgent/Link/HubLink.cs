using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.Protocol;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace EdgeSensors.EdgeAgent.Link;

/// <summary>
/// Carries the outbox to the hub: in order, many under way at once, again from the oldest after a reconnect. PUBACK only bounds what is under way;
/// a message leaves the outbox when the hub's <c>ack</c> says that it is committed.
/// </summary>
internal sealed class HubLink : IDisposable
{
    private const int BatchSize = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A hub that lost messages with its broker's memory must see them again, though the connection holds.
    private static readonly TimeSpan ResendAfter = TimeSpan.FromSeconds(30);

    private readonly HubEndpoint _endpoint;
    private readonly DurableOutbox _outbox;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly BackOff _backOff;
    private readonly int _maxInFlight;
    private readonly IMqttClient _client;
    private readonly string _ackTopic;
    private readonly MqttClientOptions _options;
    private string? _distrust;
    private string? _lastSaid;
    private ulong _acknowledged;
    private long _acknowledgedAt;

    public HubLink(HubEndpoint endpoint, DurableOutbox outbox, int maxInFlight, TimeProvider time, Random random, ILogger logger)
    {
        _endpoint = endpoint;
        _outbox = outbox;
        _logger = logger;
        _time = time;
        _maxInFlight = maxInFlight;
        _backOff = new BackOff(random);
        _ackTopic = Topics.Of(endpoint.Sensor, Channel.Ack);
        _client = new MqttClientFactory().CreateMqttClient();
        _client.ApplicationMessageReceivedAsync += OnMessageAsync;
        _options = Options();
    }

    /// <summary>Runs when the hub says that there is newer TUF timestamp metadata; gets the metadata, not yet verified.</summary>
    public Action<ReadOnlyMemory<byte>>? UpdateAnnounced { get; set; }

    /// <summary>Runs after each connect, before anything is sent.</summary>
    public Action? Connected { get; set; }

    /// <summary>Whether there is a connection now.</summary>
    public bool IsConnected => _client.IsConnected;

    /// <summary>Connects, sends, reconnects; ends only when it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await TryConnectAsync(cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    await SendAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
                {
                    // Whatever the client library throws when a connection breaks, what to do is the same.
                    LinkLog.Lost(_logger, OneLine(exception));
                }

                await DisconnectAsync().ConfigureAwait(false);
            }

            await Task.Delay(_backOff.Next(), _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await DisconnectAsync().ConfigureAwait(false);
    }

    /// <summary>Waits until the outbox is empty or the time is over; for an input that ends.</summary>
    public async Task<bool> DrainAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        while (_outbox.Health.Messages > 0)
        {
            if (_time.GetElapsedTime(start) > atMost)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<bool> TryConnectAsync(CancellationToken cancellationToken)
    {
        _distrust = null;
        string? reason;
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Patience);
            var result = await _client.ConnectAsync(_options, patience.Token).ConfigureAwait(false);
            if (result.ResultCode == MqttClientConnectResultCode.Success)
            {
                await _client.SubscribeAsync(
                    new MqttClientSubscribeOptionsBuilder()
                        .WithTopicFilter(_ackTopic, MqttQualityOfServiceLevel.AtMostOnce)
                        .WithTopicFilter(Topics.UpdatesTimestamp, MqttQualityOfServiceLevel.AtLeastOnce)
                        .Build(),
                    patience.Token).ConfigureAwait(false);
                _backOff.Reset();
                _lastSaid = null;
                LinkLog.Connected(_logger, _endpoint.Host, _endpoint.MqttPort);
                Connected?.Invoke();
                return true;
            }

            reason = $"the hub refuses this sensor ({result.ResultCode}); see that its certificate and its name belong together";
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            reason = $"no answer within {Patience.TotalSeconds:0} s";
        }
        catch (Exception exception)
        {
            // The client library has no single base for what connecting may throw; all of it means "not connected".
            reason = _distrust ?? OneLine(exception);
        }

        if (reason != _lastSaid)
        {
            LinkLog.Unreachable(_logger, _endpoint.Host, _endpoint.MqttPort, reason);
            _lastSaid = reason;
        }

        return false;
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        using var inFlight = new SemaphoreSlim(_maxInFlight, _maxInFlight);
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? failure = null;
        ulong sent = 0;
        _acknowledgedAt = _time.GetTimestamp();
        while (true)
        {
            var batch = _outbox.Read(sent, BatchSize);
            foreach (var message in batch)
            {
                await inFlight.WaitAsync(broken.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (broken.IsCancellationRequested)
                {
                    break;
                }

                // Started in order and not awaited: the next one need not wait for this one's PUBACK.
                _ = PublishAsync(message);
                sent = message.Id.Sequence;
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (failure is not null || !_client.IsConnected)
            {
                throw failure ?? new InvalidOperationException("the connection was closed");
            }

            if (batch.Count == 0)
            {
                await _outbox.WaitAsync(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
                if (sent > Volatile.Read(ref _acknowledged) && _outbox.Health.Messages > 0
                    && _time.GetElapsedTime(Volatile.Read(ref _acknowledgedAt)) > ResendAfter)
                {
                    LinkLog.Resending(_logger);
                    sent = 0;
                    _acknowledgedAt = _time.GetTimestamp();
                }
            }
            else if (Volatile.Read(ref _acknowledged) == sent)
            {
                _acknowledgedAt = _time.GetTimestamp();
            }
        }

        async Task PublishAsync(OutboxMessage message)
        {
            try
            {
                await _client.PublishAsync(
                    new MqttApplicationMessageBuilder()
                        .WithTopic(Topics.Of(_endpoint.Sensor, message.Channel))
                        .WithPayload(message.Payload)
                        .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
                        .WithRetainFlag(message.Channel == Channel.Status)
                        .Build(),
                    broken.Token).ConfigureAwait(false);
                inFlight.Release();
            }
            catch (Exception exception)
            {
                // Ends the connection below; the message is still in the outbox.
                failure ??= exception;
                try
                {
                    await broken.CancelAsync().ConfigureAwait(false);
                    _outbox.Wake();
                }
                catch (ObjectDisposedException)
                {
                    // The connection was given up before this one failed.
                }
            }
        }
    }

    private Task OnMessageAsync(MqttApplicationMessageReceivedEventArgs e)
    {
        var topic = e.ApplicationMessage.Topic;
        if (topic == _ackTopic)
        {
            if (AckCodec.TryDecode(Payload(e), out var ack, out _))
            {
                _outbox.Acknowledge(ack!.UpTo);
                Volatile.Write(ref _acknowledged, ack.UpTo.Sequence);
                Volatile.Write(ref _acknowledgedAt, _time.GetTimestamp());
            }
        }
        else if (topic == Topics.UpdatesTimestamp && e.ApplicationMessage.Payload.Length <= Topics.MaxTimestampOctets)
        {
            UpdateAnnounced?.Invoke(Payload(e));
        }

        return Task.CompletedTask;
    }

    private static byte[] Payload(MqttApplicationMessageReceivedEventArgs e) => System.Buffers.BuffersExtensions.ToArray(e.ApplicationMessage.Payload);

    private async Task DisconnectAsync()
    {
        try
        {
            if (_client.IsConnected)
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
                await _client.DisconnectAsync(new MqttClientDisconnectOptions(), patience.Token).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // The connection was to end, and it has.
        }
    }

    private MqttClientOptions Options() => new MqttClientOptionsBuilder()
        .WithProtocolVersion(MqttProtocolVersion.V500)
        .WithTcpServer(_endpoint.Host, _endpoint.MqttPort)
        .WithClientId(_endpoint.Sensor.ToString())
        .WithCleanStart()
        .WithKeepAlivePeriod(TimeSpan.FromSeconds(15))
        .WithTimeout(TimeSpan.FromSeconds(30))
        .WithWillTopic(Topics.Of(_endpoint.Sensor, Channel.Status))
        .WithWillPayload(Topics.OfflineWill.ToArray())
        .WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
        .WithWillRetain()
        .WithTlsOptions(tls => tls
            .UseTls()
            .WithSslProtocols(System.Security.Authentication.SslProtocols.None) // the system's choice: 1.2 or 1.3
            .WithClientCertificates([_endpoint.Certificate])
            .WithCertificateValidationHandler(e => (_distrust = HubTrust.Distrust(e.Certificate, e.SslPolicyErrors, _endpoint.Authorities)) is null))
        .Build();

    private static string OneLine(Exception exception)
    {
        var innermost = exception;
        while (innermost.InnerException is { } inner)
        {
            innermost = inner;
        }

        return innermost.Message.ReplaceLineEndings(" ").TrimEnd('.');
    }
}
