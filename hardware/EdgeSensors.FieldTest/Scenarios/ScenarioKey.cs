namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>A key of a scenario file.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Kind">What it takes.</param>
/// <param name="Meaning">A phrase for docs/field-test.md, with the unit where the kind has none.</param>
internal sealed record ScenarioKey(string Name, KeyKind Kind, string Meaning)
{
    /// <summary>What it is where it is not given; null where it must be given, empty where it may be left out.</summary>
    public string? Default { get; init; } = "";

    /// <summary>The least number, or seconds.</summary>
    public double Least { get; init; }

    /// <summary>Whether 0 is taken, too.</summary>
    public bool TakesZero { get; init; }

    /// <summary>The most.</summary>
    public double Most { get; init; } = double.MaxValue;

    /// <summary>The words that it takes; none for any.</summary>
    public IReadOnlyList<string> Among { get; init; } = [];

    /// <summary>The same key, which must be given.</summary>
    public ScenarioKey Required() => this with { Default = null };
}
