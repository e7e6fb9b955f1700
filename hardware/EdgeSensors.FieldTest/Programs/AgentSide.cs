using EdgeSensors.FieldTest.Network;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>The agent of the run: the real program, in the gateway.</summary>
internal sealed class AgentSide : IDisposable
{
    // A program that ends is noticed at once; one that is slow, on a machine that others load, is waited for.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _program;
    private readonly string _log;
    private readonly string _enrolment;
    private readonly NetworkNamespace? _place;
    private IReadOnlyList<SaidLine> _saidBefore = [];
    private StartedProgram? _running;
    private IReadOnlyDictionary<string, string> _settings = new Dictionary<string, string>();

    /// <param name="program">The agent's program.</param>
    /// <param name="enrolment">The folder that enrolment made.</param>
    /// <param name="log">Where what it says is kept; appended to.</param>
    /// <param name="place">The namespace it lives in; null for this process's own.</param>
    public AgentSide(string program, string enrolment, string log, NetworkNamespace? place)
    {
        (_program, _enrolment, _log, _place) = (program, enrolment, log, place);
    }

    /// <summary>The sensor's name, without its operator's.</summary>
    public string Sensor { get; init; } = HubSide.Sensor;

    /// <summary>The namespace it lives in; null for this process's own.</summary>
    public NetworkNamespace? Place => _place;

    /// <summary>All it has said, also before it was killed and started again.</summary>
    public IReadOnlyList<SaidLine> Said => [.. _saidBefore, .. _running?.Said ?? []];

    /// <summary>The running agent; throws before it was started.</summary>
    public StartedProgram Running => _running ?? throw new InvalidOperationException("The agent was not started.");

    /// <summary>Starts it; throws <see cref="ProgramException"/> when it ends at once or does not get ready.</summary>
    /// <param name="settings">Settings that differ from the enrolment's, as <c>EDGESENSORS__SECTION__KEY</c>.</param>
    /// <param name="stop">Gives up.</param>
    public async Task RunAsync(IReadOnlyDictionary<string, string> settings, CancellationToken stop)
    {
        _settings = settings;
        _saidBefore = Said;
        _running?.Dispose();
        _running = StartedProgram.Start(
            _place, _program, ["run", "--config", Path.Combine(_enrolment, "agent.yaml")], _log, settings);
        if (await _running.WaitForLineAsync(IsReady, Patience, stop).ConfigureAwait(false) is null)
        {
            throw new ProgramException($"the agent does not come up: {_running.LastWords()}");
        }
    }

    /// <summary>Starts it again as it was started before.</summary>
    public Task RunAgainAsync(CancellationToken stop) => RunAsync(_settings, stop);

    /// <summary>Ends the agent in order.</summary>
    public Task StopAsync() => _running?.StopAsync(TimeSpan.FromSeconds(5)) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _running?.Dispose();

    private static bool IsReady(string line) => line.Contains("ready", StringComparison.OrdinalIgnoreCase);
}
