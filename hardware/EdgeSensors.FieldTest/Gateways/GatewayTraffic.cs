using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Replay;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Gateways;

/// <summary>All packets of a gateway's link, from a scenario's <c>traffic</c>: played from files, or made up from the seed.</summary>
internal static class GatewayTraffic
{
    /// <summary>The plan of one gateway's link; null where nothing is to cross it. Throws <see cref="ProgramException"/> for a file that cannot be played.</summary>
    /// <param name="scenario">For gateways.</param>
    /// <param name="agent">Whose link.</param>
    /// <param name="seed">The run's.</param>
    /// <param name="files">Finds the scenario's files.</param>
    public static ReplayPlan? Plan(Scenario scenario, ScenarioStep agent, int seed, ScenarioFiles files)
    {
        var packets = new List<TracePacket>();
        foreach (var step in scenario.Traffic.Where(t => t.Text("to") == agent.Text("name")))
        {
            packets.AddRange(step.What == "capture" ? Play(step, files) : Make(step, agent, new Random(HashCode(seed, step.Index))));
        }

        if (packets.Count == 0)
        {
            return null;
        }

        var trace = Trace.Of(agent.Text("name"), [.. packets.OrderBy(p => p.OffsetNs)]); // stable: what is due at one moment keeps its order
        return ReplayPlan.TryMake(trace, InsideNetwork.Given(agent.Prefixes("own")), speed: 1, out var plan, out var empty, withControl: false) ? plan : throw new ProgramException(empty!);
    }

    private static IEnumerable<TracePacket> Play(ScenarioStep step, ScenarioFiles files)
    {
        var path = files.Find(step.Text("capture")) ?? throw new ProgramException($"{step.Place}: {files.Missing(step.Text("capture"))}");
        if (!Trace.TryRead(path, step.Time("silence")!.Value, out var trace, out var error))
        {
            throw new ProgramException(error);
        }

        var (from, speed) = (Ns(step.Time("from")!.Value), step.Number("speed"));
        return trace.Packets.Select(p => p with { OffsetNs = from + (long)(p.OffsetNs / speed) });
    }

    private static IEnumerable<TracePacket> Make(ScenarioStep step, ScenarioStep agent, Random random)
    {
        var (from, lasts) = (Ns(step.Time("from")!.Value), Ns(step.Time("lasts")!.Value));
        var own = agent.Prefixes("own");
        var kind = step.Text("generate");
        if (kind is "office-day" or "isp-day")
        {
            return new DayOfTraffic(own, from, lasts, step.Number("rate"), step.Count("hosts")) { AtHome = kind == "isp-day" }.Make(random);
        }

        var made = new MadeTraffic(own, from, from + lasts, step.Number("rate"), step.Count("hosts")) { Source = Address(step, "source"), Target = Address(step, "target") };
        return kind switch
        {
            "visitors" => made.Visitors(random),
            "port-scan" => made.PortScan(random),
            "address-scan" => made.AddressScan(random),
            "syn-flood" => made.SynFlood(random),
            "reflection" => made.Reflection(random),
            "beacon" => made.Beacon(random),
            _ => throw new InvalidOperationException($"{kind} is in the schema and not here."),
        };
    }

    private static HostAddress? Address(ScenarioStep step, string key) => step.Prefixes(key) is [var named, ..] ? HostAddress.From(named.Address) : null;

    private static long Ns(TimeSpan time) => time.Ticks * 100;

    // Each entry has a stream of its own, so that one more draw of one does not move another's.
    private static int HashCode(int seed, int index) => unchecked((seed * 1_000_003) + index) & int.MaxValue;
}
