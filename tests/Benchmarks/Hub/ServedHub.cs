using System.Diagnostics;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Hub.Identity;

namespace EdgeSensors.Benchmarks.Hub;

/// <summary>A hub founded by its own <c>init</c>, and a witness of it, each served as a process of its own, in folders that are removed afterwards.</summary>
internal sealed class ServedHub : IDisposable
{
    public const int MqttPort = 38_883;
    private const int HttpsPort = 38_443;
    private const int WitnessPort = 38_550;

    private readonly string _home;
    private readonly Process _serve;
    private readonly Process _witness;

    private ServedHub(string home, Process serve, Process witness, CertificateAuthority authority)
    {
        _home = home;
        _serve = serve;
        _witness = witness;
        Authority = authority;
    }

    public CertificateAuthority Authority { get; }

    public TimeSpan Cpu
    {
        get
        {
            _serve.Refresh();
            return _serve.TotalProcessorTime;
        }
    }

    public static async Task<ServedHub> StartAsync(string? parent, string policy, CancellationToken cancel)
    {
        var home = Path.Combine(parent ?? Path.GetTempPath(), $"hub-load-{Environment.ProcessId}");
        var oversight = home + "-witness";
        await MustAsync("edgesensors-witness", ["init", oversight, "--name", "oversight.example/w1", "--port", $"{WitnessPort}", "--view-port", $"{WitnessPort + 1}"], cancel);
        string[] arguments =
        [
            "init", home, "--witness", Path.Combine(oversight, "witness.pub"), "--generate-passphrase", home + "-passphrase", "--listen", "127.0.0.1", "--mqtt-port", $"{MqttPort}", "--https-port", $"{HttpsPort}", "--policy", policy,
        ];
        await MustAsync("edgesensors-hub", arguments, cancel);
        await MustAsync("edgesensors-witness", ["trust", Path.Combine(home, "overseer"), "--dir", oversight], cancel);

        var authority = new HubFolder(home, home + "-offline").OpenAuthority(File.ReadAllText(home + "-passphrase").Trim(), TimeProvider.System);
        var witness = Start("edgesensors-witness", ["serve", "--config", Path.Combine(oversight, "witness.yaml")]);
        var serve = Start("edgesensors-hub", ["serve", "--config", Path.Combine(home, "hub.yaml")]);
        var hub = new ServedHub(home, serve, witness, authority);
        if ((await witness.StandardOutput.ReadLineAsync(cancel))?.StartsWith("ready", StringComparison.Ordinal) != true
            || (await serve.StandardOutput.ReadLineAsync(cancel))?.StartsWith("ready", StringComparison.Ordinal) != true)
        {
            hub.Dispose();
            throw new InvalidOperationException("The hub or its witness does not serve.");
        }

        return hub;
    }

    /// <summary>A client of its API, as the person that init made.</summary>
    public HubClient Client() => HubClient.Open(Path.Combine(_home, "operators", "admin"));

    public void Dispose()
    {
        foreach (var process in new[] { _serve, _witness })
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        Authority.Dispose();
        Directory.Delete(_home, recursive: true);
        Directory.Delete(_home + "-offline", recursive: true);
        Directory.Delete(_home + "-witness", recursive: true);
        File.Delete(_home + "-passphrase");
    }

    private static Process Start(string program, string[] arguments) =>
        Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, program), arguments) { RedirectStandardOutput = true })!;

    private static async Task MustAsync(string program, string[] arguments, CancellationToken cancel)
    {
        using var process = Start(program, arguments);
        await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {arguments[0]} failed.");
        }
    }
}
