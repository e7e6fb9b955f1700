namespace EdgeSensors.FieldTest.Reporting;

/// <summary>A figure over time.</summary>
/// <param name="Key">Which figure; see <see cref="SeriesKind"/>.</param>
/// <param name="Source">Whose: a tap, a gateway, the hub.</param>
/// <param name="Unit">Of the values.</param>
/// <param name="Points">In order of time.</param>
internal sealed record Series(string Key, string Source, string Unit, IReadOnlyList<SeriesPoint> Points);

/// <summary>A value at a moment.</summary>
/// <param name="AtMs">Milliseconds since the start.</param>
/// <param name="Value">In the series' unit.</param>
internal readonly record struct SeriesPoint(long AtMs, double Value);
