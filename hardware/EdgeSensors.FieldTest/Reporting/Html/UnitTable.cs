namespace EdgeSensors.FieldTest.Reporting.Html;

/// <summary>The table of taps and gateways: one row a unit, one column a figure.</summary>
/// <param name="Keys">The figures' keys.</param>
/// <param name="Rows">The units, those of the run's head first.</param>
internal sealed record UnitTable(IReadOnlyList<string> Keys, IReadOnlyList<UnitRow> Rows)
{
    private const int MostKeys = 12;

    /// <summary>Makes it from what a run found.</summary>
    public static UnitTable Of(ScenarioResult result)
    {
        var series = result.Series.Where(s => s.Points.Count > 0).GroupBy(s => (s.Key, s.Source)).ToDictionary(g => g.Key, g => g.First());
        var wire = result.Wire.GroupBy(w => w.Sensor).ToDictionary(g => g.Key, g => g.First());
        var units = result.Run.Units.Concat(result.Series.Select(s => s.Source)).Concat(result.Wire.Select(w => w.Sensor)).Distinct().ToList();
        var keys = SeriesKind.All.Select(k => k.Key).Concat(result.Series.Select(s => s.Key)).Distinct().Where(k => series.Keys.Any(s => s.Key == k)).Take(MostKeys).ToList();
        return new(keys, [.. units.Select(u => new UnitRow(u, [.. keys.Select(k => series.TryGetValue((k, u), out var found) ? Cell(found) : "")], wire.GetValueOrDefault(u)))]);
    }

    private static string Cell(Series series)
    {
        var scale = new Scale(0, 0, series.Unit);
        var (end, highest) = (series.Points[^1].Value, series.Points.Max(p => p.Value));
        return end == highest ? scale.Label(end) : $"{scale.Label(end)} ({scale.Label(highest)})";
    }
}

/// <summary>A unit's row.</summary>
/// <param name="Unit">Its name.</param>
/// <param name="Cells">In the order of the table's keys; empty where it has no such figure.</param>
/// <param name="Wire">What it sent; null where nobody listened in.</param>
internal sealed record UnitRow(string Unit, IReadOnlyList<string> Cells, WireDigest? Wire);
