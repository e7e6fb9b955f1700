using System.Diagnostics;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Hub.Identity;

namespace EdgeSensors.Benchmarks.Hub;

/// <summary>A hub founded by its own <c>init</c> and served as a process of its own, in a folder that is removed afterwards.</summary>
internal sealed class ServedHub : IDisposable
{
    public const int MqttPort = 38_883;
    private const int HttpsPort = 38_443;

    private readonly string _home;
    private readonly Process _serve;

    private ServedHub(string home, Process serve, CertificateAuthority authority)
    {
        _home = home;
        _serve = serve;
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
        var program = Path.Combine(AppContext.BaseDirectory, "edgesensors-hub");
        string[] arguments =
        [
            "init", home, "--generate-passphrase", home + "-passphrase", "--listen", "127.0.0.1", "--mqtt-port", $"{MqttPort}", "--https-port", $"{HttpsPort}", "--policy", policy,
        ];
        using (var init = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!)
        {
            await init.WaitForExitAsync(cancel);
        }

        var authority = new HubFolder(home, home + "-offline").OpenAuthority(File.ReadAllText(home + "-passphrase").Trim(), TimeProvider.System);
        var serve = Process.Start(new ProcessStartInfo(program, ["serve", "--config", Path.Combine(home, "hub.yaml")]) { RedirectStandardOutput = true })!;
        var hub = new ServedHub(home, serve, authority);
        if ((await serve.StandardOutput.ReadLineAsync(cancel))?.StartsWith("ready", StringComparison.Ordinal) != true)
        {
            hub.Dispose();
            throw new InvalidOperationException("The hub does not serve.");
        }

        return hub;
    }

    /// <summary>A client of its API, as the person that init made.</summary>
    public HubClient Client() => HubClient.Open(Path.Combine(_home, "operators", "admin"));

    public void Dispose()
    {
        _serve.Kill();
        _serve.WaitForExit();
        _serve.Dispose();
        Authority.Dispose();
        Directory.Delete(_home, recursive: true);
        Directory.Delete(_home + "-offline", recursive: true);
        File.Delete(_home + "-passphrase");
    }
}
