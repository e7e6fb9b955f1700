using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Protocol;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using MQTTnet.Adapter;
using MQTTnet.AspNetCore;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace EdgeSensors.Hub.Inbox;

/// <summary>
/// One TLS connection of the broker, bounded in every direction: a packet's length is looked at before it is gathered, silence ends the
/// connection, and a client that does not read its answers is read from no more.
/// </summary>
internal sealed class SensorChannel : IMqttChannelAdapter
{
    private const int MaxConnectOctets = 8 * 1024;
    private const int MaxUnsentAnswers = 1_024;

    // The largest payload, its topic and MQTT 5 properties.
    private static readonly int MaxPacketOctets = Topics.MaxPayloadOctets(Channel.Report) + (4 * 1024);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(10);

    private readonly ConnectionContext _connection;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly SemaphoreSlim _answers = new(MaxUnsentAnswers);
    private readonly CancellationTokenSource _silence = new();
    private readonly CancellationTokenRegistration _onSilence;
    private TimeSpan _patience = ConnectTimeout;

    public SensorChannel(ConnectionContext connection, MqttPacketFormatterAdapter formatter)
    {
        _connection = connection;
        _input = connection.Transport.Input;
        _output = connection.Transport.Output;
        PacketFormatterAdapter = formatter;
        _onSilence = _silence.Token.Register(static reader => ((PipeReader)reader!).CancelPendingRead(), _input);
    }

    /// <summary>Runs when the connection is over.</summary>
    public Action Closed { get; set; } = () => { };

    /// <summary>The CONNECT packet, once it has come: the will is in it.</summary>
    public MqttConnectPacket? Connect { get; private set; }

    public long BytesReceived { get; private set; }

    public long BytesSent { get; private set; }

    public X509Certificate2? ClientCertificate => _connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;

    public EndPoint? RemoteEndPoint => _connection.RemoteEndPoint;

    public EndPoint? LocalEndPoint => _connection.LocalEndPoint;

    public bool IsSecureConnection => true;

    public MqttPacketFormatterAdapter PacketFormatterAdapter { get; }

    public Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends the connection when what was written is sent, and after five seconds in any case: a peer that does not read must not hold it.</summary>
    public async Task DisconnectAsync(CancellationToken cancellationToken)
    {
        await _output.CompleteAsync();
        _ = AbortLaterAsync(_connection);
    }

    public async Task<MqttPacket> ReceivePacketAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var reading = _input.ReadAsync(cancellationToken);
            if (!reading.IsCompleted)
            {
                _silence.CancelAfter(_patience);
            }

            var read = await reading;
            if (read.IsCanceled)
            {
                throw new MqttCommunicationTimedOutException();
            }

            var buffer = read.Buffer;
            var consumed = buffer.Start;
            var examined = buffer.End;
            MqttPacket? packet = null;
            try
            {
                RefuseLongPacket(buffer);
                // The decoder copies what it keeps, so the buffer may go back to the pool.
                if (PacketFormatterAdapter.TryDecode(buffer, out packet, out consumed, out examined, out var octets))
                {
                    BytesReceived += octets;
                }
                else if (read.IsCompleted)
                {
                    throw new MqttCommunicationException("The connection was closed.");
                }
            }
            finally
            {
                _input.AdvanceTo(consumed, examined);
            }

            if (packet is not null)
            {
                await TakeNoteAsync(packet, cancellationToken);
                return packet;
            }
        }
    }

    public async Task SendPacketAsync(MqttPacket packet, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            var encoded = PacketFormatterAdapter.Encode(packet);
            _output.Write(encoded.Packet);
            foreach (var part in encoded.Payload)
            {
                _output.Write(part.Span);
            }

            BytesSent += encoded.Length;
            await _output.FlushAsync(cancellationToken);
        }
        finally
        {
            PacketFormatterAdapter.Cleanup();
            _sending.Release();
        }

        if (IsAnswer(packet))
        {
            _answers.Release();
        }
    }

    public void ResetStatistics() => (BytesReceived, BytesSent) = (0, 0);

    /// <summary>Ends the connection at once.</summary>
    public void Abort() => _connection.Abort();

    public void Dispose()
    {
        Closed();
        _onSilence.Dispose();
        _silence.Dispose();
        _sending.Dispose();
        _answers.Dispose();
    }

    // MQTT 5 §3.1.2.10: silence of one and a half times the keep-alive ends the connection. A client without keep-alive has ten minutes.
    private async ValueTask TakeNoteAsync(MqttPacket packet, CancellationToken cancel)
    {
        if (packet is MqttConnectPacket connect)
        {
            Connect = connect;
            var keepAlive = TimeSpan.FromSeconds(connect.KeepAlivePeriod * 1.5);
            _patience = keepAlive > TimeSpan.Zero && keepAlive < LongestSilence ? keepAlive : LongestSilence;
            // Ours is the only watch: the broker's would also end a client that waits because the disk is slow.
            connect.KeepAlivePeriod = 0;
        }

        if (NeedsAnswer(packet))
        {
            await _answers.WaitAsync(cancel);
        }

        _silence.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    private static async Task AbortLaterAsync(ConnectionContext connection)
    {
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(5), connection.ConnectionClosed);
            connection.Abort();
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // It was closed in time.
        }
    }

    private static bool NeedsAnswer(MqttPacket packet) => packet switch
    {
        MqttPublishPacket publish => publish.QualityOfServiceLevel > MqttQualityOfServiceLevel.AtMostOnce,
        MqttPubRelPacket or MqttSubscribePacket or MqttUnsubscribePacket or MqttPingReqPacket => true,
        _ => false,
    };

    private static bool IsAnswer(MqttPacket packet) =>
        packet is MqttPubAckPacket or MqttPubRecPacket or MqttPubCompPacket or MqttSubAckPacket or MqttUnsubAckPacket or MqttPingRespPacket;

    // MQTT 5 §2.1.4: the remaining length is a variable byte integer of at most four octets behind the first one.
    private void RefuseLongPacket(in ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        reader.Advance(Math.Min(1, buffer.Length));
        var length = 0;
        for (var shift = 0; shift < 28 && reader.TryRead(out var octet); shift += 7)
        {
            length |= (octet & 0x7f) << shift;
            if ((octet & 0x80) == 0)
            {
                break;
            }
        }

        if (length > (Connect is null ? MaxConnectOctets : MaxPacketOctets))
        {
            throw new MqttProtocolViolationException($"A packet of {length} octets.");
        }
    }
}
