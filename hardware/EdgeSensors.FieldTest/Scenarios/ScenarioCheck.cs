using System.Globalization;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>What must hold between the entries of a scenario.</summary>
internal static class ScenarioCheck
{
    /// <summary>Connections, probes, packets and calls that are made up for a gateway: all are held in memory before the first goes in.</summary>
    public const double MostMadeUp = 300_000;

    // Keys whose value is the name of a board or an agent.
    private static readonly string[] Owners = ["to", "on"];

    // Keys whose value is an address that made-up traffic comes from or goes to.
    private static readonly string[] Ends = ["source", "target"];

    /// <summary>The first thing that does not hold, with its line; null where all does.</summary>
    public static (int Line, string Words)? Find(Scenario scenario)
    {
        var owners = scenario.World == ScenarioWorld.Taps ? scenario.Boards : scenario.Agents;
        if (owners.Count == 0)
        {
            return (1, scenario.World == ScenarioWorld.Taps ? "there is no board; give boards" : "there is no agent; give agents");
        }

        if (scenario.Boards.Sum(b => b.Count("count")) > ScenarioSchema.MostTaps)
        {
            return (scenario.Boards[0].Line, $"more than {ScenarioSchema.MostTaps} boards; give fewer");
        }

        if (scenario.Expect.Count == 0)
        {
            return (1, "nothing is expected, so that nothing can fail; give expect");
        }

        return Names(scenario, owners) ?? Entries(scenario, [.. owners.Select(o => o.Text("name"))]) ?? Traffic(scenario, owners);
    }

    private static (int Line, string Words)? Names(Scenario scenario, IReadOnlyList<ScenarioStep> owners)
    {
        if (owners.DistinctBy(o => o.Text("name")).Count() != owners.Count)
        {
            return (owners[0].Line, "two have one name; name each otherwise");
        }

        var taken = new HashSet<string>();
        foreach (var owner in owners)
        {
            foreach (var name in scenario.World == ScenarioWorld.Taps ? BoardNames.Of(owner) : [owner.Text("name")])
            {
                if (!SensorId.TryParse(name, out _))
                {
                    return (owner.Line, $"'{name}' is no sensor's name, which has 3 to 63 characters; give another name");
                }

                if (!taken.Add(name))
                {
                    return (owner.Line, $"'{name}' is the name of two sensors; give another name");
                }
            }
        }

        return null;
    }

    private static (int Line, string Words)? Entries(Scenario scenario, List<string> names)
    {
        foreach (var step in scenario.Traffic.Concat(scenario.Timeline).Concat(scenario.Faults).Concat(scenario.Expect))
        {
            foreach (var key in Owners.Where(step.Has))
            {
                if (!names.Contains(step.Text(key)))
                {
                    return (step.Line, $"{key}: nothing is named '{step.Text(key)}'; there is {string.Join(", ", names)}");
                }
            }

            if (step.Kind.Section == "faults" && step.Has("at") == step.Has("from"))
            {
                return (step.Line, $"{step.What} needs at, or from and every; not both");
            }

            if (step.Kind.Section == "faults" && step.Has("from") != step.Has("every"))
            {
                return (step.Line, $"{step.What}: from and every go together");
            }

            if (step.Kind.Section is "faults" or "timeline" && step.Has("times") && !step.Has("every"))
            {
                return (step.Line, $"{step.What}: times is for what comes again; give every, or leave times out");
            }
        }

        return null;
    }

    /// <summary>Made-up traffic is IPv4, and of a bounded number of packets where it is held in memory.</summary>
    private static (int Line, string Words)? Traffic(Scenario scenario, IReadOnlyList<ScenarioStep> owners)
    {
        var madeUp = new Dictionary<string, double>();
        foreach (var step in scenario.Traffic.Where(t => t.What == "generate"))
        {
            var to = step.Text("to");
            if (!owners.First(o => o.Text("name") == to).Prefixes("own").Any(p => p.IsIPv4))
            {
                return (step.Line, $"generate: what is made up is IPv4, and {to} has no IPv4 prefix in own; give it one, or play a capture");
            }

            if (Ends.FirstOrDefault(e => step.Prefixes(e).Any(p => !p.IsIPv4)) is { } end)
            {
                return (step.Line, $"{end} of generate takes IPv4 addresses, as what is made up is IPv4");
            }

            if (scenario.World == ScenarioWorld.Taps)
            {
                if (step.Text("generate") == "beacon" && !step.Has("target") && !scenario.Boards.Any(b => b.Count("listed") > 0 || b.Prefixes("list").Any(p => p.IsIPv4)))
                {
                    return (step.Line, "generate: beacon calls a listed address, and no board has one; give target, or listed or list to a board");
                }

                continue;
            }

            madeUp[to] = madeUp.GetValueOrDefault(to) + (step.Number("rate") * step.Time("lasts")!.Value.TotalSeconds);
            if (madeUp[to] > MostMadeUp)
            {
                return (step.Line, string.Create(CultureInfo.InvariantCulture, $"generate: rate times lasts of all that is made up for {to} is more than {MostMadeUp}; give a lower rate, or a shorter time"));
            }
        }

        return null;
    }
}
