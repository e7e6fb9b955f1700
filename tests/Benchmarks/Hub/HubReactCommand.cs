using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using EdgeSensors.Protocol;
using MQTTnet;
using MQTTnet.Protocol;
using Channel = EdgeSensors.Protocol.Channel;

namespace EdgeSensors.Benchmarks.Hub;

/// <summary>
/// <c>hub-react</c>: a sensor publishes an alert and waits for the signed timestamp that announces the block, again and again, each time about
/// another address: commit, correlation, proposal, approval by policy, signing, publication and both ways over TLS.
/// </summary>
internal static class HubReactCommand
{
    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "Alerts, one after another.", DefaultValueFactory = _ => 100 };
        var folder = new Option<string?>("--folder") { Description = "Where the hub's folder is made (default: the temporary folder)." };
        var command = new Command("hub-react", "Milliseconds from a published alert to the announced signed block, by a real hub on this machine.") { rounds, folder };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = await ServedHub.StartAsync(parsed.GetValue(folder), "approve", cancel);
            await RunAsync(hub, parsed.GetValue(rounds), cancel);
            return 0;
        });
        return command;
    }

    private static async Task RunAsync(ServedHub hub, int rounds, CancellationToken cancel)
    {
        var name = new SensorName(OperatorId.Parse("load"), SensorId.Parse("sensor-1"));
        using var sensor = await LoadSensor.ConnectAsync(ServedHub.MqttPort, hub.Authority, name, 1, cancel);
        var announced = System.Threading.Channels.Channel.CreateUnbounded<long>();
        sensor.Client.ApplicationMessageReceivedAsync += e =>
        {
            if (e.ApplicationMessage.Topic == Topics.UpdatesTimestamp)
            {
                announced.Writer.TryWrite(Stopwatch.GetTimestamp());
            }

            return Task.CompletedTask;
        };
        await sensor.Client.SubscribeAsync(Topics.UpdatesTimestamp, MqttQualityOfServiceLevel.AtLeastOnce, cancel);
        await announced.Reader.ReadAsync(cancel); // the retained one

        var times = new List<double>();
        for (var i = 1; i <= rounds; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await sensor.Client.PublishBinaryAsync(Topics.Of(name, Channel.Alert), Alert((ulong)i), MqttQualityOfServiceLevel.AtLeastOnce, false, cancel);
            times.Add(Stopwatch.GetElapsedTime(started, await announced.Reader.ReadAsync(cancel)).TotalMilliseconds);
        }

        times.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{rounds} alerts: alert to announced block {times[rounds / 2]:0} ms (median), {times[(int)(0.95 * (rounds - 1))]:0} ms (95 %), {times[^1]:0} ms (most)"));
    }

    private static byte[] Alert(ulong number)
    {
        var now = UnixMilliseconds.Now(TimeProvider.System);
        return AlertCodec.Encode(new AlertMessage
        {
            Id = new MessageId(1, number),
            ObservedAt = now,
            AuthorizationId = "load",
            EventId = number,
            Detector = DetectorKind.AddressFanOut,
            Technique = "T1595.001",
            Indicator = FlowEnd.Clear(Prefix.Of([203, 0, (byte)(113 + (number / 256)), (byte)number])),
            Direction = TrafficDirection.Inbound,
            Confidence = 95,
            Evidence = new AlertEvidence { FirstSeen = now, LastSeen = now, Packets = 100, Attempts = 100, FailedAttempts = 99, DistinctAddresses = 80, SourceProven = true },
        });
    }
}
