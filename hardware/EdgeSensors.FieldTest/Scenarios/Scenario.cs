namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>What a scenario file says: who takes part, what happens when, and what must come of it.</summary>
internal sealed record Scenario
{
    /// <summary>Its name: lower-case words, as the file's.</summary>
    public required string Name { get; init; }

    /// <summary>Its title in English.</summary>
    public required string TitleEn { get; init; }

    /// <summary>And in Japanese.</summary>
    public required string TitleJa { get; init; }

    /// <summary>Where it plays.</summary>
    public required ScenarioWorld World { get; init; }

    /// <summary>How long it lasts: emulated time for taps, the longest that it may take for gateways.</summary>
    public required TimeSpan Lasts { get; init; }

    /// <summary>The longest that a run may take by the machine's clock, on two cores that others use too.</summary>
    public required TimeSpan Within { get; init; }

    /// <summary>Emulated taps, in groups.</summary>
    public required IReadOnlyList<ScenarioStep> Boards { get; init; }

    /// <summary>Real agents.</summary>
    public required IReadOnlyList<ScenarioStep> Agents { get; init; }

    /// <summary>What comes over the wires.</summary>
    public required IReadOnlyList<ScenarioStep> Traffic { get; init; }

    /// <summary>What people do meanwhile.</summary>
    public required IReadOnlyList<ScenarioStep> Timeline { get; init; }

    /// <summary>What goes wrong.</summary>
    public required IReadOnlyList<ScenarioStep> Faults { get; init; }

    /// <summary>What must hold.</summary>
    public required IReadOnlyList<ScenarioStep> Expect { get; init; }

    /// <summary>The file's own octets, which a result is proven with.</summary>
    public required ReadOnlyMemory<byte> Source { get; init; }

    /// <summary>
    /// The same, so many times as long: what comes again and again (<c>every</c>) comes so many times as often, and expectations of numbers
    /// (<c>times</c>, <c>reports</c>, <c>doubtful</c>, <c>least</c>, <c>restarts</c>) expect so many times as many.
    /// </summary>
    public Scenario Longer(int times) => times == 1 ? this : this with
    {
        Lasts = Lasts * times,
        Within = Within * times,
        Traffic = [.. Traffic.Select(s => s.Longer(times, "lasts"))],
        Timeline = [.. Timeline.Select(s => s.Longer(times, "times"))],
        Faults = [.. Faults.Select(s => s.Longer(times, "times"))],
        Expect = [.. Expect.Select(s => s.Longer(times, "times", "reports", "doubtful", "least", "restarts"))],
    };

    /// <summary>The same with so many taps of each name; the time that it is held to grows as their number does.</summary>
    public Scenario WithTaps(int count) => this with
    {
        Within = Within * Math.Max(1, (double)count * Boards.Count / Boards.Sum(b => b.Count("count"))),
        Boards = [.. Boards.Select(b => b with { Values = new Dictionary<string, object>(b.Values) { ["count"] = (double)count } })],
    };

    /// <summary>The folder that paths of captures may also be relative to; null for a scenario of the program's own.</summary>
    public string? Folder { get; init; }
}
