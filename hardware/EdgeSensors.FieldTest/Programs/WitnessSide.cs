using System.Net;
using EdgeSensors.FieldTest.Network;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>The oversight body's witness: a program and a folder of its own, told of the hub's log and asked by the hub for each publication.</summary>
internal sealed class WitnessSide(string program, string folder, string logs, NetworkNamespace? place, IPAddress address) : IDisposable
{
    // A program that ends is noticed at once; one that is slow, on a machine that others load, is waited for.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private StartedProgram? _serving;

    /// <summary>Where the hub submits checkpoints.</summary>
    public int Port { get; init; } = 8550;

    /// <summary>Where people read what was logged.</summary>
    public int ViewPort { get; init; } = 8551;

    /// <summary>Its name, as receipts and status say it.</summary>
    public const string Name = "oversight.example/w1";

    /// <summary>The card that the hub is given.</summary>
    public string Card => Path.Combine(folder, "witness.pub");

    /// <summary>The page that shows what was logged.</summary>
    public Uri View => new($"http://127.0.0.1:{ViewPort}/");

    /// <summary>The running witness; throws before <see cref="ServeAsync"/>.</summary>
    public StartedProgram Serving => _serving ?? throw new InvalidOperationException("The witness was not started.");

    /// <summary>Makes its key, its memory and its card.</summary>
    public Task InitAsync(CancellationToken stop) =>
        MustAsync(["init", folder, "--name", Name, "--listen", address.ToString(), "--port", $"{Port}", "--view-port", $"{ViewPort}"], stop);

    /// <summary>Takes what the hub gives an overseer.</summary>
    public Task TrustAsync(string overseer, CancellationToken stop) => MustAsync(["trust", overseer, "--dir", folder], stop);

    /// <summary>Starts serving and waits until it is ready; throws <see cref="ProgramException"/> when it does not come to that.</summary>
    /// <param name="stop">Gives up.</param>
    /// <param name="settings">Variables to set besides the inherited ones.</param>
    public async Task ServeAsync(CancellationToken stop, IReadOnlyDictionary<string, string>? settings = null)
    {
        _serving?.Dispose();
        _serving = StartedProgram.Start(place, program, ["serve", "--config", Path.Combine(folder, "witness.yaml")], Path.Combine(logs, "witness.log"), settings);
        if (await _serving.WaitForLineAsync(l => l.StartsWith("ready ", StringComparison.Ordinal), Patience, stop).ConfigureAwait(false) is null)
        {
            throw new ProgramException($"the witness does not come up: {_serving.LastWords()}");
        }
    }

    /// <summary>Ends it in order.</summary>
    public Task StopAsync() => _serving?.StopAsync(TimeSpan.FromSeconds(5)) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _serving?.Dispose();

    private Task MustAsync(string[] arguments, CancellationToken stop) =>
        StartedProgram.MustAsync(place, program, arguments, Path.Combine(logs, "commands.log"), Patience, stop);
}
