namespace EdgeSensors.FieldTest.Reporting;

/// <summary>All that a run found; <see cref="ResultFile"/> writes it.</summary>
internal sealed record RunResult
{
    public required string Scenario { get; init; }

    public required ExpectedOutcome Expected { get; init; }

    /// <summary>How real the run was.</summary>
    public required RunMode Mode { get; init; }

    /// <summary>Why the mode is not <see cref="RunMode.Enforced"/>; null when it is.</summary>
    public string? ModeReason { get; init; }

    public required string Capture { get; init; }

    public required int CapturePackets { get; init; }

    public required IReadOnlyDictionary<string, int> LeftOut { get; init; }

    public required IReadOnlyList<string> Inside { get; init; }

    public required string InsideRule { get; init; }

    public required double Speed { get; init; }

    public required int Passes { get; init; }

    public required Timeline Timeline { get; init; }

    public required IReadOnlyList<AlertSeen> Alerts { get; init; }

    public required IReadOnlyList<BlockSeen> Blocks { get; init; }

    public required IReadOnlyList<TrafficFigure> Traffic { get; init; }

    public required IReadOnlyList<Expectation> Expectations { get; init; }

    /// <summary>Where the programs' logs lie.</summary>
    public required string LogFolder { get; init; }

    /// <summary>Whether every expectation held.</summary>
    public bool Passed => Expectations.Count > 0 && Expectations.All(e => e.Held);
}

/// <summary>How real a run was.</summary>
internal enum RunMode
{
    /// <summary>Live capture in a network of namespaces; the kernel drops.</summary>
    Enforced,

    /// <summary>Live capture likewise; the agent says what it would have dropped.</summary>
    Observed,

    /// <summary>The agent reads the replay from a file and says what it would have dropped.</summary>
    File,
}

/// <summary>An alert as the hub had it.</summary>
/// <param name="At">When it came to the hub.</param>
/// <param name="Detector">Which detector.</param>
/// <param name="Technique">ATT&amp;CK technique.</param>
/// <param name="Indicator">Whom it is about; <c>(pseudonym)</c> for a protected end.</param>
/// <param name="SourceProven">Whether the source is known not to be forged.</param>
/// <param name="Words">What was seen, in words.</param>
internal sealed record AlertSeen(DateTimeOffset At, string Detector, string Technique, string Indicator, bool SourceProven, string Words);

/// <summary>An address that was blocked.</summary>
/// <param name="Address">Which.</param>
/// <param name="DecidedBy">The policy, or <c>operator (scripted)</c>.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="FirstDropAt">When its first packet did not come through; null when none came since.</param>
/// <param name="Hits">Packets that the agent says its rule hit.</param>
internal sealed record BlockSeen(string Address, string DecidedBy, DateTimeOffset DecidedAt, DateTimeOffset? FirstDropAt, long Hits);

/// <summary>What went in and what came out in a part of the run.</summary>
/// <param name="Part">Which part, as a sentence.</param>
/// <param name="Key">The same as <c>result.json</c> names it.</param>
/// <param name="Injected">Packets injected.</param>
/// <param name="Arrived">Packets that came through.</param>
internal sealed record TrafficFigure(string Part, string Key, long Injected, long Arrived);
