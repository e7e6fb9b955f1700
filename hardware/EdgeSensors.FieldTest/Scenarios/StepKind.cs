namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>A kind of entry in one of a scenario's lists, with the keys that it knows.</summary>
/// <param name="Section">The list: <c>boards</c>, <c>agents</c>, <c>traffic</c>, <c>timeline</c>, <c>faults</c> or <c>expect</c>.</param>
/// <param name="Name">Its name in that list.</param>
/// <param name="Worlds">Where it is known.</param>
/// <param name="Meaning">A phrase for docs/field-test.md.</param>
/// <param name="Keys">Its keys, without those that every entry of the list has.</param>
internal sealed record StepKind(string Section, string Name, IReadOnlyList<ScenarioWorld> Worlds, string Meaning, params ScenarioKey[] Keys)
{
    /// <summary>What is counted of a fault, as one without an effect has proven nothing; empty for all else.</summary>
    public string Effect { get; init; } = "";
}
