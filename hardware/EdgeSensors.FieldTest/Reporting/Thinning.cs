namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Fewer points that show the same: of each stretch of time the lowest and the highest stay, so that no peak and no gap to zero is lost.</summary>
internal static class Thinning
{
    /// <summary>At most so many points, at their own times; all where they are not more.</summary>
    /// <param name="points">In order of time.</param>
    /// <param name="most">At least 2.</param>
    public static IReadOnlyList<SeriesPoint> Thin(IReadOnlyList<SeriesPoint> points, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        if (points.Count <= most)
        {
            return points;
        }

        var stretches = most / 2;
        var first = points[0].AtMs;
        var span = points[^1].AtMs - first + 1;
        var thin = new List<SeriesPoint>(most);
        for (var at = 0; at < points.Count;)
        {
            var stretch = Stretch(points[at]);
            var (low, high) = (at, at);
            for (at++; at < points.Count && Stretch(points[at]) == stretch; at++)
            {
                low = points[at].Value < points[low].Value ? at : low;
                high = points[at].Value > points[high].Value ? at : high;
            }

            thin.Add(points[Math.Min(low, high)]);
            if (low != high)
            {
                thin.Add(points[Math.Max(low, high)]);
            }
        }

        return thin;

        long Stretch(SeriesPoint point) => (long)((Int128)(point.AtMs - first) * stretches / span);
    }
}
