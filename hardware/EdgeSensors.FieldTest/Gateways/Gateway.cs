using System.Collections.Concurrent;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Replay;
using EdgeSensors.FieldTest.Ring;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Gateways;

/// <summary>One gateway of a run: its network, its agent, what crosses its link, and the referee that counts at both far ends.</summary>
internal sealed class Gateway : IDisposable
{
    // Where the agent listens for its router's exports; the namespace is its own.
    private const int ExportPort = 4_739;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    private readonly FrameInjector? _outside;
    private readonly FrameInjector? _inside;
    private readonly ArrivalWatch? _arrivals;
    private readonly Replayer? _replayer;
    private readonly ConcurrentDictionary<HostAddress, (DateTimeOffset At, long Arrived)> _dropping = [];
    private StartedProgram? _exporter;

    /// <param name="step">What the scenario says of its agent.</param>
    /// <param name="network">Its network.</param>
    /// <param name="plan">What is to cross; null for nothing.</param>
    /// <param name="time">Paces what is sent.</param>
    public Gateway(ScenarioStep step, GatewayNetwork network, ReplayPlan? plan, TimeProvider time)
    {
        (Step, Network, Plan) = (step, network, plan);
        if (plan is not null)
        {
            (_outside, _inside) = (network.OpenOutside(), network.OpenInside());
            _arrivals = ArrivalWatch.Open(network, plan);
            _replayer = new Replayer(plan, _outside, _inside, time);
            Ledger = new Ledger(_replayer, _arrivals);
        }
    }

    /// <summary>What the scenario says of it.</summary>
    public ScenarioStep Step { get; }

    public string Name => Step.Text("name");

    /// <summary>How the hub calls it.</summary>
    public string Sensor => $"{HubSide.Operator}/{Name}";

    public string LogName => $"{Name}.log";

    public GatewayNetwork Network { get; }

    public ReplayPlan? Plan { get; }

    /// <summary>What went in and what came out; null where nothing is sent.</summary>
    public Ledger? Ledger { get; }

    /// <summary>Its agent; null before it was started.</summary>
    public AgentSide? Agent { get; set; }

    /// <summary>Whether it takes exports and not packets.</summary>
    public bool TakesExports => Step.Text("input") == "exports";

    /// <summary>Frames on the link that the agent meters: what came in there and what went out.</summary>
    public long OnLink => Injected(inbound: true) + Arrived(inbound: false);

    /// <summary>Frames that were sent across it between two moments, from either side.</summary>
    public long EnteredBetween(DateTimeOffset from, DateTimeOffset to) => _replayer?.EnteredBetween(from, to) ?? 0;

    /// <summary>Frames that the referee itself did not see.</summary>
    public long Missed => _arrivals?.Missed() ?? 0;

    /// <summary>Since when a source's packets do not come through, and how many had until then; null while they do.</summary>
    public (DateTimeOffset At, long Arrived)? DroppingSince(HostAddress source) => _dropping.TryGetValue(source, out var since) ? since : null;

    /// <summary>What came through from a source so far.</summary>
    public long ArrivedFrom(HostAddress source) => _arrivals?.Arrived.InboundOf(source) ?? 0;

    /// <summary>The settings of its agent, as environment variables.</summary>
    public Dictionary<string, string> Settings()
    {
        var settings = TakesExports
            ? new Dictionary<string, string>
            {
                ["EDGESENSORS__INPUT__LISTEN"] = FormattableString.Invariant($"udp://127.0.0.1:{ExportPort}"),
                ["EDGESENSORS__INPUT__SAMPLING"] = "127.0.0.1=1", // softflowd looks at every packet, and has no word for it
            }
            : new Dictionary<string, string> { ["EDGESENSORS__INPUT__INTERFACE"] = GatewayNetwork.OutsideFacing };
        foreach (var (key, value) in Step.Options("options"))
        {
            settings["EDGESENSORS__" + key.ToUpperInvariant().Replace(".", "__", StringComparison.Ordinal)] = value;
        }

        return settings;
    }

    /// <summary>Starts the router's exports; throws <see cref="ProgramException"/> where they do not come up.</summary>
    /// <param name="program">softflowd.</param>
    /// <param name="logs">Where what it says is kept.</param>
    /// <param name="stop">Gives up.</param>
    public async Task StartExporterAsync(string program, string logs, CancellationToken stop)
    {
        var version = Step.Text("exports") switch { "netflow-v5" => "5", "netflow-v9" => "9", _ => "10" };
        _exporter = StartedProgram.Start(
            Network.Gateway, program,
            ["-i", GatewayNetwork.OutsideFacing, "-n", FormattableString.Invariant($"127.0.0.1:{ExportPort}"), "-v", version, "-d", "-c", "none", "-p", Path.Combine(logs, $"{Name}-softflowd.pid"),
             .. ((string[])["maxlife=2", "expint=1", "tcp=2", "tcp.rst=1", "tcp.fin=1", "udp=2", "icmp=2", "general=2"]).SelectMany(t => (string[])["-t", t])],
            Path.Combine(logs, $"{Name}-softflowd.log"));
        if (await _exporter.WaitForLineAsync(l => l.StartsWith("Exporting flows", StringComparison.Ordinal), TimeSpan.FromSeconds(10), stop).ConfigureAwait(false) is null)
        {
            throw new ProgramException($"softflowd does not come up: {_exporter.LastWords()}");
        }
    }

    /// <summary>Ends the exports; what the router still held is sent.</summary>
    public Task StopExporterAsync() => _exporter?.StopAsync(TimeSpan.FromSeconds(5)) ?? Task.CompletedTask;

    /// <summary>Sends all that is planned, each packet at its time; returns when the last is sent.</summary>
    public Task PlayAsync(CancellationToken stop) => _replayer is null
        ? Task.CompletedTask
        : Task.Factory.StartNew(() => _replayer.RunPass(0, stop), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Looks whether sources' packets have stopped coming through.</summary>
    public void LookFor(IEnumerable<HostAddress> sources)
    {
        foreach (var source in sources.Where(s => Ledger is not null && !_dropping.ContainsKey(s) && Ledger.IsDropping(s)))
        {
            _dropping[source] = (Ledger!.FirstDropOf(source)!.Value, ArrivedFrom(source));
        }
    }

    /// <summary>Waits until what is on its way has arrived.</summary>
    public void Settle() => Ledger?.Settle(Settling);

    /// <inheritdoc/>
    public void Dispose()
    {
        _exporter?.Dispose();
        _arrivals?.Dispose();
        _outside?.Dispose();
        _inside?.Dispose();
    }

    private long Injected(bool inbound) => _replayer?.Injected.Snapshot().Values.Sum(c => inbound ? c.In : c.Out) ?? 0;

    private long Arrived(bool inbound) => _arrivals?.Arrived.Snapshot().Values.Sum(c => inbound ? c.In : c.Out) ?? 0;
}
