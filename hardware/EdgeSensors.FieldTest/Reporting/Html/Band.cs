namespace EdgeSensors.FieldTest.Reporting.Html;

/// <summary>What many units show at a moment: the middle one and the range of all.</summary>
/// <param name="AtMs">Milliseconds since the start.</param>
/// <param name="Low">The lowest of all values in the stretch that begins here.</param>
/// <param name="Median">The median of the units' last values in it.</param>
/// <param name="High">The highest of all values in it.</param>
internal readonly record struct Band(long AtMs, double Low, double Median, double High)
{
    /// <summary>Puts many series together. A unit that says nothing in a stretch of time still has what it said last, until it says nothing more at all.</summary>
    /// <param name="all">Of one key.</param>
    /// <param name="lengthMs">Of the run.</param>
    /// <param name="stretches">How many stretches of time.</param>
    public static IReadOnlyList<Band> Over(IReadOnlyList<Series> all, long lengthMs, int stretches)
    {
        var next = new int[all.Count];
        var band = new List<Band>(stretches);
        var middle = new List<double>(all.Count);
        for (var i = 0; i < stretches; i++)
        {
            var end = (long)((Int128)lengthMs * (i + 1) / stretches);
            var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
            middle.Clear();
            for (var s = 0; s < all.Count; s++)
            {
                var points = all[s].Points;
                var from = next[s];
                while (next[s] < points.Count && (points[next[s]].AtMs < end || i == stretches - 1))
                {
                    next[s]++;
                }

                if (next[s] == 0 || (from == next[s] && next[s] == points.Count))
                {
                    continue; // not yet, or no more
                }

                for (var p = from == next[s] ? from - 1 : from; p < next[s]; p++)
                {
                    (low, high) = (Math.Min(low, points[p].Value), Math.Max(high, points[p].Value));
                }

                middle.Add(points[next[s] - 1].Value);
            }

            if (middle.Count > 0)
            {
                middle.Sort();
                band.Add(new((long)((Int128)lengthMs * i / stretches), low, middle[middle.Count / 2], high));
            }
        }

        return band;
    }
}
