using System.Diagnostics;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;

namespace EdgeSensors.Tests;

/// <summary>One gateway of a <see cref="Fleet"/>: the real agent in a namespace of its own, and what that namespace's kernel enforces.</summary>
internal sealed class Gateway(string sensor, NetworkNamespace place, string program, string enrolment, string log) : IDisposable
{
    /// <summary>The interface that the agent listens on.</summary>
    public const string MeteredInterface = "out0";

    private StartedProgram? _running;

    /// <summary>The sensor's name without its operator's.</summary>
    public string Sensor { get; } = sensor;

    /// <summary>Its whole name, as the hub knows it.</summary>
    public string Name => $"{HubSide.Operator}/{Sensor}";

    /// <summary>The agent; throws before <see cref="Start"/>.</summary>
    public StartedProgram Agent => _running ?? throw new InvalidOperationException("The agent was not started.");

    /// <summary>Its namespace.</summary>
    public NetworkNamespace Place => place;

    /// <summary>Where it keeps what it verified.</summary>
    public string TrustFolder => Path.Combine(enrolment, "state", "trust");

    /// <summary>Starts the agent, or starts it again.</summary>
    /// <param name="environment">Settings that differ from the enrolment's.</param>
    /// <param name="beside">Whose namespace it is started in; null for its own.</param>
    public void Start(IReadOnlyDictionary<string, string>? environment = null, Gateway? beside = null)
    {
        _running?.Dispose();
        var settings = new Dictionary<string, string>(environment ?? new Dictionary<string, string>()) { ["EDGESENSORS__INPUT__INTERFACE"] = MeteredInterface };
        _running = StartedProgram.Start(beside?.Place ?? place, program, ["run", "--config", Path.Combine(enrolment, "agent.yaml")], log, settings);
    }

    /// <summary>Waits until the agent has verified an update; throws <see cref="ProgramException"/> when it does not come to that.</summary>
    public async Task WaitUntilVerifiedAsync(TimeSpan patience, CancellationToken stop)
    {
        if (await Agent.WaitForLineAsync(line => line.Contains("verified updates", StringComparison.Ordinal), patience, stop).ConfigureAwait(false) is null)
        {
            throw new ProgramException($"{Sensor} verifies nothing: {Agent.LastWords()}");
        }
    }

    /// <summary>What the kernel of this gateway enforces now, whether the agent runs or not.</summary>
    public IReadOnlyList<KernelRule> ReadKernel() => KernelRule.ReadAll(place);

    /// <summary>What it enforces of a blocklist.</summary>
    public IReadOnlyList<KernelRule> ReadListInKernel() => KernelRule.ReadAll(place, "edgesensors_lists");

    /// <summary>Changes what this kernel enforces behind the agent's back, as <c>nft COMMAND</c>.</summary>
    public void ChangeKernel(string command)
    {
        using var nft = place.Run(() => Process.Start(new ProcessStartInfo("nft", [command])))!;
        nft.WaitForExit();
        if (nft.ExitCode != 0)
        {
            throw new ProgramException($"nft {command} failed");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _running?.Dispose();
        place.Dispose();
    }
}
