using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Protocol;

namespace EdgeSensors.Benchmarks.Hub;

/// <summary>
/// <c>hub-load</c>: founds a hub, serves it as a process of its own, connects sensors by MQTT 5 over TLS with certificates of its authority, and
/// counts what is acknowledged, which is what is on disk.
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
            var parent = parsed.GetValue(folder) ?? Path.GetTempPath();
            var home = Path.Combine(parent, $"hub-load-{Environment.ProcessId}");
            try
            {
                await RunAsync(home, parsed.GetValue(connections), parsed.GetValue(seconds), parsed.GetValue(window), cancel);
                return 0;
            }
            finally
            {
                foreach (var made in new[] { home, home + "-offline" }.Where(Directory.Exists))
                {
                    Directory.Delete(made, recursive: true);
                }

                File.Delete(home + "-passphrase");
            }
        });
        return command;
    }

    private static async Task RunAsync(string home, int connections, double seconds, int window, CancellationToken cancel)
    {
        const int MqttPort = 38_883;
        const int HttpsPort = 38_443;
        var program = Path.Combine(AppContext.BaseDirectory, "edgesensors-hub");
        using (var init = Process.Start(new ProcessStartInfo(program, ["init", home, "--generate-passphrase", home + "-passphrase", "--listen", "127.0.0.1", "--mqtt-port", $"{MqttPort}", "--https-port", $"{HttpsPort}"]) { RedirectStandardOutput = true })!)
        {
            await init.WaitForExitAsync(cancel);
        }

        using var authority = new HubFolder(home, home + "-offline").OpenAuthority(File.ReadAllText(home + "-passphrase").Trim(), TimeProvider.System);
        using var serve = Process.Start(new ProcessStartInfo(program, ["serve", "--config", Path.Combine(home, "hub.yaml")]) { RedirectStandardOutput = true })!;
        try
        {
            if ((await serve.StandardOutput.ReadLineAsync(cancel))?.StartsWith("ready", StringComparison.Ordinal) != true)
            {
                throw new InvalidOperationException("The hub does not serve.");
            }

            var handshakes = Stopwatch.StartNew();
            var sensors = new List<LoadSensor>();
            for (var i = 0; i < connections; i++)
            {
                var name = new SensorName(OperatorId.Parse("load"), SensorId.Parse($"sensor-{i}"));
                sensors.Add(await LoadSensor.ConnectAsync(MqttPort, authority, name, window, cancel));
            }

            var connected = handshakes.Elapsed;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var publishing = sensors.Select(sensor => sensor.PublishUntilAsync(stop.Token)).ToList();
            await Task.Delay(WarmUp, cancel);
            var (before, cpu, clock) = (sensors.Sum(s => s.Acknowledged), Cpu(serve), Stopwatch.StartNew());
            sensors.ForEach(sensor => sensor.CountLatency = true);
            await Task.Delay(TimeSpan.FromSeconds(seconds), cancel);
            var committed = sensors.Sum(s => s.Acknowledged) - before;
            var (elapsed, used) = (clock.Elapsed.TotalSeconds, (Cpu(serve) - cpu).TotalSeconds);
            await stop.CancelAsync();
            await Task.WhenAll(publishing);
            await Task.Delay(1_000, cancel);

            using var hub = HubClient.Open(Path.Combine(home, "operators", "admin"));
            var health = await hub.GetAsync<HealthView>("/healthz", cancel);
            var latency = sensors.SelectMany(s => s.LatenciesMs).Order().ToList();
            string At(double q) => latency.Count == 0 ? "-" : latency[(int)(q * (latency.Count - 1))].ToString("0.0", CultureInfo.InvariantCulture);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{connections} connections: {committed / elapsed:0} committed reports/s of {LoadSensor.PayloadOctets} octets, publish to ack {At(0.5)} ms (median) {At(0.99)} ms (99 %), hub CPU {used / committed * 1e6:0} us/report, connecting {connected.TotalMilliseconds / connections:0.0} ms each"));
            Console.WriteLine($"sent {sensors.Sum(s => s.Sent)}, committed {health.Committed}, duplicates {health.Duplicates}, rejected {health.Rejected}, projected up to row {health.ProjectedTo}");
            sensors.ForEach(sensor => sensor.Dispose());
        }
        finally
        {
            serve.Kill();
            await serve.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static TimeSpan Cpu(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }
}
