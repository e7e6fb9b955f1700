using System.Net;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Replay;
using EdgeSensors.FieldTest.Ring;
using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Protocol;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>A hub, its witness and an enrolled agent as real processes on loopback, with a folder of their own. The agent reads capture files.</summary>
internal sealed class Station : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgesensors-e2e-");
    private readonly string _agentProgram;

    private Station(string hubProgram, string agentProgram)
    {
        _agentProgram = agentProgram;
        Hub = new HubSide(hubProgram, Folder, Logs, null, IPAddress.Loopback)
        {
            MqttPort = FreePort.Tcp(),
            HttpsPort = FreePort.Tcp(),
            Witness = new WitnessSide(Program(ProgramLocator.Witness), Path.Combine(Folder, "witness"), Logs, null, IPAddress.Loopback) { Port = FreePort.Tcp(), ViewPort = FreePort.Tcp() },
        };
        Agent = new AgentSide(agentProgram, Enrolment, Path.Combine(Logs, "agent.log"), null);
        Directory.CreateDirectory(Logs);
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public HubSide Hub { get; }

    public AgentSide Agent { get; }

    public string Folder => _folder.FullName;

    public string Logs => Path.Combine(Folder, "logs");

    public string Enrolment => Path.Combine(Folder, "agent");

    public string State => Path.Combine(Folder, "state");

    /// <summary>Finds the programs; skips the test where they are not built.</summary>
    public static Task<Station> MakeAsync(params string[] inside) => MakeAsync(inside, []);

    /// <summary>Likewise, with further options for the sensor's enrolment.</summary>
    public static async Task<Station> MakeAsync(string[] inside, string[] more)
    {
        var station = new Station(Program(ProgramLocator.Hub), Program(ProgramLocator.Agent));
        try
        {
            await station.Hub.InitAsync("approve", Stop);
            await station.Hub.EnrolAsync(HubSide.Sensor, inside.Select(Prefix.Parse), station.Enrolment, Stop, more);
            return station;
        }
        catch
        {
            station.Dispose();
            throw;
        }
    }

    public static string Program(string name)
    {
        Assert.True(ProgramLocator.TryFind(name, out var path, out var error), error);
        return path;
    }

    /// <summary>Writes a trace as a capture file.</summary>
    public string WriteCapture(string name, Trace trace, int passes = 1)
    {
        Assert.True(InsideNetwork.TryDerive(trace, out var inside, out var error), error);
        Assert.True(ReplayPlan.TryMake(trace, inside!, speed: 1, out var plan, out error), error);
        var path = Path.Combine(Folder, name);
        ReplayFile.Write(path, plan!, passes, TimeSpan.FromMilliseconds(250), DateTimeOffset.UtcNow);
        return path;
    }

    /// <summary>The settings of an agent that reads a file, and leaves this machine's packet filter alone.</summary>
    public Dictionary<string, string> Reads(string capture, string pace, double windowSeconds = 1) => new()
    {
        ["EDGESENSORS__INPUT__FILE"] = capture,
        ["EDGESENSORS__INPUT__SPEED"] = pace,
        ["EDGESENSORS__REPORT__WINDOW_SECONDS"] = FormattableString.Invariant($"{windowSeconds}"),
        ["EDGESENSORS__STATE__DIRECTORY"] = State,
        ["EDGESENSORS__ENFORCE__ENABLED"] = "false",
    };

    /// <summary>Starts the agent without waiting for anything.</summary>
    public StartedProgram StartAgent(Dictionary<string, string> settings) =>
        StartedProgram.Start(null, _agentProgram, ["run", "--config", Path.Combine(Enrolment, "agent.yaml")], Path.Combine(Logs, "agent.log"), settings);

    /// <summary>Waits until the agent has read its file and the hub has acknowledged all of it, and has ended by itself.</summary>
    public static async Task EndsByItselfAsync(StartedProgram agent)
    {
        Assert.True(await agent.WaitForEndAsync(Patience, Stop), "the agent has not ended: " + agent.LastWords());
        Assert.True(agent.ExitCode == 0, "the agent failed: " + agent.LastWords());
    }

    /// <summary>Waits until the hub knows something.</summary>
    public async Task<HubState> WaitForAsync(Func<HubState, bool> done, TimeSpan patience)
    {
        var state = HubState.Nothing;
        for (var began = Environment.TickCount64; Environment.TickCount64 - began < patience.TotalMilliseconds; await Task.Delay(250, Stop))
        {
            try
            {
                state = await Hub.ReadStateAsync(Stop);
            }
            catch (HttpRequestException)
            {
                continue;
            }

            if (done(state))
            {
                return state;
            }
        }

        Assert.Fail($"the hub does not come to know it: {string.Join("; ", state.Incidents.Select(i => i.Words()))}; agent: {Agent.Running.LastWords()}");
        return state;
    }

    /// <summary>What the hub committed.</summary>
    public IReadOnlyList<CommittedMessage> Inbox() => InboxFile.Read(Hub.Folder);

    /// <summary>The committed windows, decoded.</summary>
    public IReadOnlyList<ReportMessage> Reports() => [.. Inbox().Where(m => m.Channel == Channel.Report).Select(m =>
    {
        Assert.True(ReportCodec.TryDecode(m.Payload, out var report, out var error), error.ToString());
        return report!;
    })];

    public void Dispose()
    {
        Agent.Dispose();
        Hub.Dispose();
        _folder.Delete(recursive: true);
    }
}
