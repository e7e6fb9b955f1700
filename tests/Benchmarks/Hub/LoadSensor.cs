using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace EdgeSensors.Benchmarks.Hub;

/// <summary>A sensor that publishes small reports as fast as acknowledgements let it.</summary>
internal sealed class LoadSensor : IDisposable
{
    private const int SampleEvery = 64;
    private static readonly long s_epoch = Stopwatch.GetTimestamp();

    private readonly IMqttClient _client;
    private readonly SensorName _name;
    private readonly SemaphoreSlim _window;
    private readonly Dictionary<ulong, long> _sampled = [];
    private readonly List<double> _latencies = [];
    private long _acknowledged;
    private long _sent;

    private LoadSensor(IMqttClient client, SensorName name, int window)
    {
        _client = client;
        _name = name;
        _window = new SemaphoreSlim(window);
    }

    public IMqttClient Client => _client;

    public static int PayloadOctets { get; } = Report(1).Length;

    public long Acknowledged => Volatile.Read(ref _acknowledged);

    public long Sent => Volatile.Read(ref _sent);

    public bool CountLatency { get; set; }

    public IReadOnlyList<double> LatenciesMs => _latencies;

    public static async Task<LoadSensor> ConnectAsync(int port, CertificateAuthority authority, SensorName name, int window, CancellationToken cancel)
    {
        var issued = authority.IssueSensor(name, TimeSpan.FromDays(1));
        using var pem = X509Certificate2.CreateFromPem(issued.CertificatePem, issued.KeyPem);
        var client = new MqttClientFactory().CreateMqttClient();
        var sensor = new LoadSensor(client, name, window);
        client.ApplicationMessageReceivedAsync += sensor.OnAck;
        await client.ConnectAsync(
            new MqttClientOptionsBuilder()
                .WithTcpServer("127.0.0.1", port)
                .WithClientId(name.ToString())
                .WithProtocolVersion(MqttProtocolVersion.V500)
                .WithTlsOptions(tls => tls
                    .UseTls()
                    .WithTrustChain([authority.Certificate])
                    .WithRevocationMode(X509RevocationMode.NoCheck)
                    .WithTargetHost("localhost")
                    .WithClientCertificates([X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)]))
                .Build(),
            cancel);
        await client.SubscribeAsync(Topics.Of(name, Channel.Ack), MqttQualityOfServiceLevel.AtMostOnce, cancel);
        return sensor;
    }

    public async Task PublishUntilAsync(CancellationToken stop)
    {
        var topic = Topics.Of(_name, Channel.Report);
        try
        {
            for (var sequence = 1UL; ; sequence++)
            {
                await _window.WaitAsync(stop);
                if (CountLatency && sequence % SampleEvery == 0)
                {
                    lock (_sampled)
                    {
                        _sampled[sequence] = Stopwatch.GetTimestamp();
                    }
                }

                Interlocked.Increment(ref _sent);
                // Not awaited: PUBACK is only the broker's receipt, what counts is the hub's acknowledgement.
                _ = _client.PublishBinaryAsync(topic, Report(sequence), MqttQualityOfServiceLevel.AtLeastOnce, false, CancellationToken.None);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _window.Dispose();
    }

    private Task OnAck(MqttApplicationMessageReceivedEventArgs e)
    {
        if (e.ApplicationMessage.Topic != Topics.UpdatesTimestamp && AckCodec.TryDecode(e.ApplicationMessage.Payload.First.ToArray(), out var ack, out _) && (long)ack!.UpTo.Sequence > _acknowledged)
        {
            var fresh = (int)((long)ack.UpTo.Sequence - _acknowledged);
            Volatile.Write(ref _acknowledged, (long)ack.UpTo.Sequence);
            if (_sent > 0)
            {
                _window.Release(fresh);
            }

            var now = Stopwatch.GetTimestamp();
            lock (_sampled)
            {
                foreach (var (sequence, at) in _sampled.Where(pair => pair.Key <= ack.UpTo.Sequence).ToList())
                {
                    _sampled.Remove(sequence);
                    _latencies.Add(Stopwatch.GetElapsedTime(at, now).TotalMilliseconds);
                }
            }
        }

        return Task.CompletedTask;
    }

    private static byte[] Report(ulong sequence) => ReportCodec.Encode(new ReportMessage
    {
        Id = new MessageId((ulong)s_epoch, sequence),
        WindowStart = new(1_700_000_000_000 + ((long)sequence * 1000)),
        WindowEnd = new(1_700_000_001_000 + ((long)sequence * 1000)),
        AuthorizationId = "load",
        Measurement = new MeasurementQuality { DroppedPackets = 0 },
        Total = new Counters(12_345, 9_876_543, 321),
        Directions = [new DirectionCount(TrafficDirection.Inbound, new Counters(12_345, 9_876_543, 321))],
        Protocols = [new ProtocolCount(6, new Counters(12_000, 9_800_000, 300)), new ProtocolCount(17, new Counters(345, 76_543, 21))],
        Services = [new ServiceCount(6, 443, new Counters(11_000, 9_700_000, 250)), new ServiceCount(17, 53, new Counters(345, 76_543, 21))],
    });
}
