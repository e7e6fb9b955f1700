using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;
using MQTTnet;
using MQTTnet.Protocol;

namespace EdgeSensors.Hub.Tests.Commands;

public class KillTests(HubProcess hub) : IClassFixture<HubProcess>
{
    private const ulong Epoch = 42;
    private static readonly SensorName s_sensor = new(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1"));

    [Fact]
    public async Task Whenever_the_hub_is_killed_every_acknowledged_report_is_there_once()
    {
        const int Kills = 4;
        var random = new Random(20_261_124);
        var acknowledged = 0UL;
        var resumeFrom = 1UL;
        for (var round = 0; round <= Kills; round++)
        {
            using var serving = await hub.ServeAsync();
            using var client = new MqttClientFactory().CreateMqttClient();
            var seen = acknowledged;
            client.ApplicationMessageReceivedAsync += e =>
            {
                if (AckCodec.TryDecode(e.ApplicationMessage.Payload.First.ToArray(), out var ack, out _) && ack!.UpTo.Epoch == Epoch)
                {
                    Volatile.Write(ref seen, Math.Max(Volatile.Read(ref seen), ack.UpTo.Sequence));
                }

                return Task.CompletedTask;
            };
            using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(hub.Enrolment, "ca.crt"));
            using var pem = X509Certificate2.CreateFromPemFile(Path.Combine(hub.Enrolment, "sensor.crt"), Path.Combine(hub.Enrolment, "sensor.key"));
            using var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            await client.ConnectAsync(TestSensor.Options(hub.MqttPort, authority, certificate, s_sensor.ToString(), false).Build(), TestContext.Current.CancellationToken);
            await client.SubscribeAsync(Topics.Of(s_sensor, Channel.Ack), MqttQualityOfServiceLevel.AtMostOnce, TestContext.Current.CancellationToken);

            var last = round < Kills ? ulong.MaxValue : acknowledged + 500;
            using var stop = new CancellationTokenSource();
            var publishing = PublishAsync(client, resumeFrom, last, stop.Token);
            if (round < Kills)
            {
                await Task.Delay(random.Next(100, 900), TestContext.Current.CancellationToken);
                serving.Kill(); // SIGKILL
            }
            else
            {
                await TestHub.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref seen) >= last));
                serving.Kill();
            }

            await serving.WaitForExitAsync(TestContext.Current.CancellationToken);
            await stop.CancelAsync();
            await publishing;
            acknowledged = Volatile.Read(ref seen);
            var stored = Stored();
            Assert.Equal(stored.Distinct().Count(), stored.Count);
            Assert.All(Sequence(acknowledged), n => Assert.Contains(n, stored));
            resumeFrom = acknowledged > 20 ? acknowledged - 20 : 1; // and some again that are there
        }

        Assert.True(acknowledged > 500);
        Assert.Equal(Sequence(acknowledged), Stored().Where(n => n <= acknowledged).Order());
        await AssertProjectedOnceAsync();
    }

    private static IEnumerable<ulong> Sequence(ulong upTo)
    {
        for (var n = 1UL; n <= upTo; n++)
        {
            yield return n;
        }
    }

    private static async Task PublishAsync(IMqttClient client, ulong from, ulong to, CancellationToken stop)
    {
        try
        {
            for (var n = from; n <= to && !stop.IsCancellationRequested; n++)
            {
                await client.PublishBinaryAsync(Topics.Of(s_sensor, Channel.Report), Messages.Report(Epoch, n), MqttQualityOfServiceLevel.AtLeastOnce, false, stop);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or MQTTnet.Exceptions.MqttCommunicationException or MQTTnet.Exceptions.MqttClientNotConnectedException)
        {
            // The hub was killed.
        }
    }

    private HashSet<ulong> StoredSet(out int count)
    {
        using var connection = SqliteSchema.Connect(Path.Combine(hub.Hub, "data/inbox.db"), readOnly: false);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT m.sequence FROM message m JOIN source s ON s.id = m.source WHERE s.sensor = 'isp-a/gw-1' AND s.epoch = 42";
        using var rows = command.ExecuteReader();
        var set = new HashSet<ulong>();
        count = 0;
        while (rows.Read())
        {
            set.Add((ulong)rows.GetInt64(0));
            count++;
        }

        return set;
    }

    private HashSet<ulong> Stored()
    {
        var set = StoredSet(out var count);
        Assert.Equal(set.Count, count);
        return set;
    }

    // The flow store, too, holds each window once, whatever was cut off in the middle.
    private async Task AssertProjectedOnceAsync()
    {
        var stored = Stored();
        var windows = -1L;
        for (var patience = TimeSpan.FromSeconds(1.5); windows != stored.Count && patience < TestHub.Patience; patience *= 2)
        {
            using (var serving = await hub.ServeAsync())
            {
                await Task.Delay(patience, TestContext.Current.CancellationToken);
                serving.Kill();
                await serving.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            using var flows = new DuckDbFlowStore(Path.Combine(hub.Hub, "data/flows.duckdb"));
            windows = flows.Count().Windows;
        }

        Assert.Equal(stored.Count, windows);
    }
}
