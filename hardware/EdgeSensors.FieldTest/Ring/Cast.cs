using System.Net;
using System.Net.Sockets;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Replay;
using EdgeSensors.FieldTest.Reporting;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>Hub, witness and agent of a run, each a process of its own.</summary>
internal sealed class Cast : IDisposable
{
    private Cast(HubSide hub, AgentSide agent, string? replayFile) => (Hub, Agent, ReplayFile) = (hub, agent, replayFile);

    public HubSide Hub { get; }

    public AgentSide Agent { get; }

    /// <summary>What the agent reads where it cannot listen; null where it listens.</summary>
    public string? ReplayFile { get; }

    /// <summary>Whether the kernel's filter can be worked with here.</summary>
    public static bool HasFilter() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"]).Any(folder => File.Exists(Path.Combine(folder, "nft")));

    /// <summary>Sets both up from nothing and starts them; throws <see cref="ProgramException"/> where one does not come up.</summary>
    public static async Task<Cast> StartAsync(
        RunFolder ground, RingNetwork? network, ReplayPlan plan, RunMode mode, RingOptions options, Screen screen, CancellationToken stop)
    {
        if (!ProgramLocator.TryFind(ProgramLocator.Hub, out var hubProgram, out var error) || !ProgramLocator.TryFind(ProgramLocator.Agent, out var agentProgram, out error)
            || !ProgramLocator.TryFind(ProgramLocator.Witness, out var witnessProgram, out error))
        {
            throw new ProgramException(error);
        }

        var (mqtt, https, witnessing, viewing) = network is null ? (FreePort(), FreePort(), FreePort(), FreePort()) : (8883, 8443, 8550, 8551);
        var address = network?.HubAddress ?? IPAddress.Loopback;
        var hub = new HubSide(hubProgram, ground.Temporary, ground.Logs, network?.Hub, address)
        {
            MqttPort = mqtt,
            HttpsPort = https,
            Witness = new WitnessSide(witnessProgram, Path.Combine(ground.Temporary, "witness"), ground.Logs, network?.Hub, address) { Port = witnessing, ViewPort = viewing },
        };
        var enrolment = Path.Combine(ground.Temporary, "agent");
        var agent = new AgentSide(agentProgram, enrolment, ground.Logs, network?.Gateway);
        var cast = new Cast(hub, agent, mode == RunMode.File ? Path.Combine(ground.Temporary, "replay.pcap") : null);
        try
        {
            screen.Progress("the hub makes its keys and certificates, and a witness, with its own key, is told of the hub's log");
            await hub.InitAsync("approve", stop).ConfigureAwait(false);
            screen.Progress("the sensor is enrolled: certificate, trust root, signed authorisation to report about the inside");
            await hub.EnrolAsync(plan.Inside.Prefixes, enrolment, stop).ConfigureAwait(false);
            await hub.ServeAsync(stop).ConfigureAwait(false);
            screen.Progress("the hub serves (MQTT and HTTPS, TLS with client certificates)");
            if (cast.ReplayFile is { } file)
            {
                var passes = Math.Clamp((int)Math.Ceiling(options.Patience / (plan.PassDuration + RingRun.Gap)), 2, 100);
                Replay.ReplayFile.Write(file, plan, passes, RingRun.Gap, DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1));
            }

            await agent.RunAsync(Settings(cast.ReplayFile, Path.Combine(ground.Temporary, "state")), stop).ConfigureAwait(false);
            screen.Progress(mode == RunMode.File ? "the agent reads the replay, connected and authorised" : "the agent listens on the gateway's outside, connected and authorised");
            return cast;
        }
        catch
        {
            cast.Dispose();
            throw;
        }
    }

    /// <summary>Ends both in order, the agent first.</summary>
    public async Task StopAsync()
    {
        await Agent.StopAsync().ConfigureAwait(false);
        await Hub.StopAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Agent.Dispose();
        Hub.Dispose();
    }

    private static Dictionary<string, string> Settings(string? replayFile, string state)
    {
        var settings = new Dictionary<string, string>
        {
            ["EDGESENSORS__STATE__DIRECTORY"] = state,
            ["EDGESENSORS__REPORT__WINDOW_SECONDS"] = "1",
        };
        if (replayFile is null)
        {
            settings["EDGESENSORS__INPUT__INTERFACE"] = RingNetwork.OutsideFacing;
        }
        else
        {
            settings["EDGESENSORS__INPUT__FILE"] = replayFile;
            settings["EDGESENSORS__ENFORCE__ENABLED"] = "false";
        }

        return settings;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
