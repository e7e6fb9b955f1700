namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>How a scenario is to be played.</summary>
internal sealed record RunOptions
{
    /// <summary>Everything that is left to chance.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Times real time; 0 for as fast as possible.</summary>
    public double Speed { get; init; }

    /// <summary>The machine's clock, which the run is held to.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Goes on after its end, to be looked at.</summary>
    public bool Keep { get; init; }

    /// <summary>So many times as long: <see cref="Scenario.Longer"/>.</summary>
    public int Longer { get; init; } = 1;

    /// <summary>So many taps of each name; 0 for as many as the scenario says.</summary>
    public int Taps { get; init; }

    /// <summary>The command line that plays it again.</summary>
    public string Repeat { get; init; } = "";

    /// <summary>The command line that plays a scenario so again, without where the result goes, and without <see cref="Keep"/>: what comes after the end is no part of a result.</summary>
    /// <param name="scenario">Its name or its file, as a person gave it.</param>
    public string CommandLine(string scenario)
    {
        var named = scenario.Contains(' ', StringComparison.Ordinal) ? $"\"{scenario}\"" : scenario;
        return FormattableString.Invariant($"edgesensors-fieldtest run {named} --seed {Seed}")
            + (Speed > 0 ? FormattableString.Invariant($" --speed {(decimal)Speed}") : "")
            + (Taps > 0 ? FormattableString.Invariant($" --taps {Taps}") : "")
            + (Longer > 1 ? FormattableString.Invariant($" --longer {Longer}") : "");
    }
}
