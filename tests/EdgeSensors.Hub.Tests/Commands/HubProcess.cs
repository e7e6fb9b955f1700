using System.Diagnostics;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Hub.Tests.Hosting;

namespace EdgeSensors.Hub.Tests.Commands;

/// <summary>The real program as a process, with a hub founded by its own <c>init</c>.</summary>
public sealed class HubProcess : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "edgesensors-hub");

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"hub-process-{Guid.NewGuid():n}");

    public string Hub => Path.Combine(Folder, "hub");

    public string Offline => Path.Combine(Folder, "offline");

    public string Passphrase => Path.Combine(Folder, "passphrase");

    public string Profile => Path.Combine(Hub, "operators", "alice");

    public string Enrolment => Path.Combine(Folder, "enrolment");

    public int MqttPort { get; } = FreePort.Tcp();

    public int HttpsPort { get; } = FreePort.Tcp();

    internal TestWitness Witness { get; } = TestWitness.Make();

    public string WitnessCard => Path.Combine(Folder, "witness.pub");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(WitnessCard, Witness.Card + "\n");
        Succeeded(await RunAsync(
            "init", Hub, "--witness", WitnessCard, "--operator", "alice", "--listen", "127.0.0.1", "--mqtt-port", $"{MqttPort}", "--https-port", $"{HttpsPort}",
            "--offline", Offline, "--generate-passphrase", Passphrase));
        Assert.True(Trust.Log.LogCard.TryParse(File.ReadAllText(Path.Combine(Hub, "log.pub")), out var card));
        Witness.Trust(card, Path.Combine(Hub, "overseer"));
        await Witness.StartAsync();
        Succeeded(await RunAsync(
            "sensor", "add", "isp-a", "gw-1", "--dir", Hub, "--own-prefix", "192.0.2.0/24", "--own-prefix", "2001:db8::/32", "--out", Enrolment,
            "--offline", Offline, "--passphrase-file", Passphrase));
    }

    public async ValueTask DisposeAsync()
    {
        await Witness.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    public static Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => RunAsync([], arguments);

    public static async Task<(int Code, string Output, string Error)> RunAsync((string Name, string Value)[] environment, params string[] arguments)
    {
        using var process = Start(environment, arguments);
        using var patience = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        return (process.ExitCode, await output, (await error).TrimEnd());
    }

    /// <summary>Runs until a moment has come, and kills it with SIGKILL.</summary>
    /// <param name="arguments">What is run.</param>
    /// <param name="moment">Waits for the moment; it is told whether the program has ended by itself.</param>
    public static async Task KillAsync(string[] arguments, Func<Func<bool>, Task> moment)
    {
        using var process = Start([], arguments);
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await moment(() => process.HasExited);
        process.Kill();
        await process.WaitForExitAsync();
        await output;
    }

    /// <summary>Serves, and gives the process once it says that it is ready.</summary>
    public async Task<Process> ServeAsync()
    {
        var process = Start([], ["serve", "--config", Path.Combine(Hub, "hub.yaml")]);
        var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.True(line is not null, await NothingButErrorAsync(process, line));
        Assert.Equal($"ready mqtts://localhost:{MqttPort} https://localhost:{HttpsPort}", line);
        return process;
    }

    public static void Succeeded((int Code, string Output, string Error) run) => Assert.True(run.Code == 0, run.Error);

    /// <summary>Asserts the promise of every error: an exit code, and one line that names what to do.</summary>
    public static void FailedInOneLine((int Code, string Output, string Error) run, int code, string part)
    {
        Assert.Equal(code, run.Code);
        Assert.DoesNotContain('\n', run.Error);
        Assert.StartsWith("error[", run.Error, StringComparison.Ordinal);
        Assert.Contains(part, run.Error, StringComparison.Ordinal);
    }

    private static Process Start((string Name, string Value)[] environment, string[] arguments)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static async Task<string> NothingButErrorAsync(Process process, string? line) =>
        line is null ? await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken) : "";
}
