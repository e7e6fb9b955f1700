using System.Net;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>Hub, witness and agents of a run, each a process of its own.</summary>
internal sealed class Cast : IDisposable
{
    private readonly List<AgentSide> _agents = [];
    private readonly RunFolder _ground;
    private readonly string _agentProgram;

    private Cast(HubSide hub, RunFolder ground, string agentProgram) => (Hub, _ground, _agentProgram) = (hub, ground, agentProgram);

    public HubSide Hub { get; }

    /// <summary>Those that were started, in that order.</summary>
    public IReadOnlyList<AgentSide> Agents => _agents;

    /// <summary>Whether the kernel's filter can be worked with here.</summary>
    public static bool HasFilter() => FindFilter() is not null;

    /// <summary>Where the program that works with the kernel's filter is; null where it is not installed.</summary>
    public static string? FindFilter() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"])
        .Select(folder => Path.Combine(folder, "nft")).FirstOrDefault(File.Exists);

    /// <summary>Sets hub and witness up from nothing, enrols the sensors and serves; throws <see cref="ProgramException"/> where that does not come about.</summary>
    /// <param name="ground">The run's folders.</param>
    /// <param name="network">Where they live; null for this machine's loopback.</param>
    /// <param name="plan">Whom the hub knows.</param>
    /// <param name="progress">Is told what is being done.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<Cast> ServeAsync(RunFolder ground, FieldNetwork? network, CastPlan plan, Action<string> progress, CancellationToken stop)
    {
        if (!ProgramLocator.TryFind(ProgramLocator.Hub, out var hubProgram, out var error) || !ProgramLocator.TryFind(ProgramLocator.Agent, out var agentProgram, out error)
            || !ProgramLocator.TryFind(ProgramLocator.Witness, out var witnessProgram, out error))
        {
            throw new ProgramException(error);
        }

        var (mqtt, https, witnessing, viewing) = network is null ? (FreePort.Tcp(), FreePort.Tcp(), FreePort.Tcp(), FreePort.Tcp()) : (8883, 8443, 8550, 8551);
        var address = network?.HubAddress ?? IPAddress.Loopback;
        var hub = new HubSide(hubProgram, ground.Temporary, ground.Logs, network?.Hub, address)
        {
            MqttPort = mqtt,
            HttpsPort = https,
            DiskOctets = plan.HubDiskOctets,
            Witness = new WitnessSide(witnessProgram, Path.Combine(ground.Temporary, "witness"), ground.Logs, network?.Hub, address) { Port = witnessing, ViewPort = viewing },
        };
        var cast = new Cast(hub, ground, agentProgram);
        try
        {
            progress("the hub makes its keys and certificates, and a witness, with its own key, is told of the hub's log");
            await hub.InitAsync("approve", stop).ConfigureAwait(false);
            progress(plan.Sensors.Count == 1
                ? "the sensor is enrolled: certificate, trust root, signed authorisation to report about the inside"
                : $"{plan.Sensors.Count} sensors are enrolled: certificate, trust root, signed authorisation to report about its inside for each");
            foreach (var (sensor, own) in plan.Sensors)
            {
                await hub.EnrolAsync(sensor, own, cast.EnrolmentOf(sensor), stop).ConfigureAwait(false);
            }

            if (plan.Listed.Count > 0)
            {
                progress($"a blocklist of {plan.Listed.Count} is signed and published");
                await hub.PublishListAsync(plan.Listed, stop).ConfigureAwait(false);
            }

            await hub.ServeAsync(stop).ConfigureAwait(false);
            progress("the hub serves (MQTT and HTTPS, TLS with client certificates)");
            return cast;
        }
        catch
        {
            cast.Dispose();
            throw;
        }
    }

    /// <summary>Starts a sensor's agent; throws <see cref="ProgramException"/> where it does not come up.</summary>
    /// <param name="sensor">One of the plan's.</param>
    /// <param name="place">The namespace it lives in; null for this process's own.</param>
    /// <param name="log">The name of its log, without a folder.</param>
    /// <param name="settings">Settings that differ from the enrolment's, as <c>EDGESENSORS__SECTION__KEY</c>.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<AgentSide> RunAgentAsync(string sensor, NetworkNamespace? place, string log, IReadOnlyDictionary<string, string> settings, CancellationToken stop)
    {
        var agent = new AgentSide(_agentProgram, EnrolmentOf(sensor), Path.Combine(_ground.Logs, log), place) { Sensor = sensor };
        _agents.Add(agent);
        await agent.RunAsync(new Dictionary<string, string>(settings) { ["EDGESENSORS__STATE__DIRECTORY"] = StateOf(sensor) }, stop).ConfigureAwait(false);
        return agent;
    }

    /// <summary>The state folder of a sensor's agent.</summary>
    public string StateOf(string sensor) => StateOf(_ground, sensor);

    /// <summary>The same, before there is a cast.</summary>
    public static string StateOf(RunFolder ground, string sensor) => Path.Combine(ground.Temporary, "state", sensor);

    /// <summary>Ends all in order, the agents first.</summary>
    public async Task StopAsync()
    {
        await StopAgentsAsync().ConfigureAwait(false);
        await Hub.StopAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the agents in order; each tells the hub what it still has to tell.</summary>
    public Task StopAgentsAsync() => Task.WhenAll(_agents.Select(agent => agent.StopAsync()));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var agent in _agents)
        {
            agent.Dispose();
        }

        Hub.Dispose();
    }

    private string EnrolmentOf(string sensor) => Path.Combine(_ground.Temporary, "enrolment", sensor);
}

/// <summary>Whom a run's hub knows before it serves.</summary>
/// <param name="Sensors">Each with its protected network.</param>
internal sealed record CastPlan(IReadOnlyList<(string Sensor, IReadOnlyList<Prefix> Own)> Sensors)
{
    /// <summary>What stands on its signed blocklist.</summary>
    public IReadOnlyList<Prefix> Listed { get; init; } = [];

    /// <summary>For a disk of its own under the hub's data, how much that holds; null for none.</summary>
    public long? HubDiskOctets { get; init; }
}
