using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using EdgeSensors.Hub.Api;
using EdgeSensors.Protocol;

namespace EdgeSensors.Benchmarks.Hub;

/// <summary>
/// <c>hub-load</c>: connects sensors to a served hub by MQTT 5 over TLS with certificates of its authority, and counts what is acknowledged,
/// which is what is on disk.
/// </summary>
internal static class HubLoadCommand
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var connections = new Option<int>("--connections") { Description = "Sensors.", DefaultValueFactory = _ => 1 };
        var seconds = new Option<double>("--seconds") { Description = "How long to count, after two seconds that are not counted.", DefaultValueFactory = _ => 20 };
        var window = new Option<int>("--window") { Description = "Reports of one sensor that may wait for their acknowledgement.", DefaultValueFactory = _ => 2_048 };
        var folder = new Option<string?>("--folder") { Description = "Where the hub's folder is made (default: the temporary folder); its disk is what is measured." };
        var command = new Command("hub-load", "Committed reports a second over MQTT with TLS, by a real hub on this machine.") { connections, seconds, window, folder };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = await ServedHub.StartAsync(parsed.GetValue(folder), "propose", cancel);
            await RunAsync(hub, parsed.GetValue(connections), parsed.GetValue(seconds), parsed.GetValue(window), cancel);
            return 0;
        });
        return command;
    }

    private static async Task RunAsync(ServedHub hub, int connections, double seconds, int window, CancellationToken cancel)
    {
        var handshakes = Stopwatch.StartNew();
        var sensors = new List<LoadSensor>();
        for (var i = 0; i < connections; i++)
        {
            var name = new SensorName(OperatorId.Parse("load"), SensorId.Parse($"sensor-{i}"));
            sensors.Add(await LoadSensor.ConnectAsync(ServedHub.MqttPort, hub.Authority, name, window, cancel));
        }

        var connected = handshakes.Elapsed;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var publishing = sensors.Select(sensor => sensor.PublishUntilAsync(stop.Token)).ToList();
        await Task.Delay(WarmUp, cancel);
        var (before, cpu, clock) = (sensors.Sum(s => s.Acknowledged), hub.Cpu, Stopwatch.StartNew());
        sensors.ForEach(sensor => sensor.CountLatency = true);
        await Task.Delay(TimeSpan.FromSeconds(seconds), cancel);
        var committed = sensors.Sum(s => s.Acknowledged) - before;
        var (elapsed, used) = (clock.Elapsed.TotalSeconds, (hub.Cpu - cpu).TotalSeconds);
        await stop.CancelAsync();
        await Task.WhenAll(publishing);
        await Task.Delay(1_000, cancel);

        using var client = hub.Client();
        var health = await client.GetAsync<HealthView>("/healthz", cancel);
        var latency = sensors.SelectMany(s => s.LatenciesMs).Order().ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{connections} connections: {committed / elapsed:0} committed reports/s of {LoadSensor.PayloadOctets} octets, publish to ack {At(latency, 0.5):0.0} ms (median) {At(latency, 0.99):0.0} ms (99 %), hub CPU {used / committed * 1e6:0} us/report, connecting {connected.TotalMilliseconds / connections:0.0} ms each"));
        Console.WriteLine($"sent {sensors.Sum(s => s.Sent)}, committed {health.Committed}, duplicates {health.Duplicates}, rejected {health.Rejected}, projected up to row {health.ProjectedTo}");
        sensors.ForEach(sensor => sensor.Dispose());
    }

    private static double At(List<double> sorted, double quantile) => sorted.Count == 0 ? double.NaN : sorted[(int)(quantile * (sorted.Count - 1))];
}
