namespace EdgeSensors.FieldTest.Reporting;

/// <summary>
/// All that a run found. In an emulated world it holds nothing of this machine (no wall clock, no path, no process) but whether it kept the stated time: the same seed gives the same
/// <c>result.json</c>, byte for byte. What the machine did is in <see cref="RunTiming"/>.
/// </summary>
internal sealed record ScenarioResult
{
    public required RunHead Run { get; init; }

    /// <summary>How long it was, by the clock of its world.</summary>
    public required TimeSpan Lasted { get; init; }

    /// <summary>Whether somebody ended it before its end, at a moment that no seed brings again: nothing of it can be compared.</summary>
    public bool WasStopped { get; init; }

    public IReadOnlyList<Series> Series { get; init; } = [];

    /// <summary>In order of time.</summary>
    public IReadOnlyList<Happening> Happenings { get; init; } = [];

    public IReadOnlyList<Check> Checks { get; init; } = [];

    /// <summary>What each sensor said to its hub; empty where nobody listened in.</summary>
    public IReadOnlyList<WireDigest> Wire { get; init; } = [];

    public IReadOnlyList<AlertSeen> Alerts { get; init; } = [];

    public IReadOnlyList<BlockSeen> Blocks { get; init; } = [];

    public IReadOnlyList<TrafficFigure> Traffic { get; init; } = [];

    /// <summary>The capture that was replayed; null where none was.</summary>
    public ReplayFacts? Replay { get; init; }

    /// <summary>The folder of the logs, relative to the result's.</summary>
    public required string LogFolder { get; init; }

    /// <summary>Whether every check held; a run that checked nothing has proven nothing.</summary>
    public bool Passed => Checks.Count > 0 && Checks.All(c => c.Held);

    /// <summary>When a step of the ring was reached, milliseconds since the start; null where it was not.</summary>
    public long? At(Step step) => Happenings.FirstOrDefault(h => h.Step == step.Key())?.AtMs;
}

/// <summary>An alert as the hub had it.</summary>
/// <param name="AtMs">When it came to the hub, milliseconds since the start.</param>
/// <param name="Detector">Which detector.</param>
/// <param name="Technique">ATT&amp;CK technique.</param>
/// <param name="Indicator">Whom it is about; <c>~</c> and a pseudonym for a protected end.</param>
/// <param name="SourceProven">Whether the source is known not to be forged.</param>
/// <param name="Words">What was seen, in words.</param>
internal sealed record AlertSeen(long AtMs, string Detector, string Technique, string Indicator, bool SourceProven, string Words)
{
    /// <summary>The same in Japanese; English where nobody said it.</summary>
    public string WordsJa { get; init; } = Words;
}

/// <summary>An address that was blocked.</summary>
/// <param name="Address">Which.</param>
/// <param name="DecidedBy">The policy, or <c>operator (scripted)</c>.</param>
/// <param name="DecidedAtMs">When, milliseconds since the start.</param>
/// <param name="FirstDropAtMs">When its first packet did not come through; null when none came since.</param>
/// <param name="Hits">Packets that the sensors say their rules hit.</param>
internal sealed record BlockSeen(string Address, string DecidedBy, long DecidedAtMs, long? FirstDropAtMs, long Hits);

/// <summary>What went in and what came out in a part of the run.</summary>
/// <param name="Part">Which part, as a sentence.</param>
/// <param name="Key">The same as <c>result.json</c> names it.</param>
/// <param name="Injected">Packets injected.</param>
/// <param name="Arrived">Packets that came through.</param>
internal sealed record TrafficFigure(string Part, string Key, long Injected, long Arrived);

/// <summary>A replayed capture.</summary>
/// <param name="Capture">Its file name.</param>
/// <param name="Packets">IP packets in it.</param>
/// <param name="LeftOut">Frames that were left out, by reason.</param>
/// <param name="Inside">The protected prefixes.</param>
/// <param name="InsideRule">How they were found.</param>
/// <param name="Passes">How often it was played.</param>
internal sealed record ReplayFacts(string Capture, int Packets, IReadOnlyDictionary<string, int> LeftOut, IReadOnlyList<string> Inside, string InsideRule, int Passes);
