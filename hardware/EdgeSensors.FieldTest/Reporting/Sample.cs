namespace EdgeSensors.FieldTest.Reporting;

/// <summary>A unit's figures at a moment.</summary>
/// <param name="AtMs">Milliseconds since the start.</param>
/// <param name="Source">A tap, a gateway, the hub.</param>
/// <param name="State">How it is.</param>
/// <param name="Figures">Value by the key of its <see cref="SeriesKind"/>.</param>
internal sealed record Sample(long AtMs, string Source, UnitState State, IReadOnlyDictionary<string, double> Figures);
