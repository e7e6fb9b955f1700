namespace EdgeSensors.FieldTest.Reporting.Html;

/// <summary>The time line as a picture above the plots: a lane for each kind of happening.</summary>
internal static class Lanes
{
    private const int LaneHeight = 14;

    // What is pointed at says what it was; of more than this, the lane shows where, and the table what.
    private const int MostTold = 200;

    /// <summary>As people read a kind.</summary>
    public static Title Of(HappeningKind kind) => kind switch
    {
        HappeningKind.Step => new("step", "手順"),
        HappeningKind.Fault => new("fault", "障害"),
        HappeningKind.Alert => new("alert", "検知"),
        HappeningKind.Decision => new("decision", "判断"),
        HappeningKind.Rule => new("rule", "ルール"),
        HappeningKind.Update => new("update", "更新"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Writes it; nothing where nothing happened.</summary>
    public static void Write(Html page, IReadOnlyList<Happening> happenings, TimeAxis axis)
    {
        var kinds = happenings.Select(h => h.Kind).Distinct().Order().ToList();
        if (kinds.Count == 0)
        {
            return;
        }

        page.Add($"<figure class=\"plot lanes\"><div class=\"y\">");
        foreach (var kind in kinds)
        {
            page.Both("span", Of(kind).En, Of(kind).Ja);
        }

        double height = kinds.Count * LaneHeight;
        page.Add($"</div><svg viewBox=\"0 0 {(double)TimeAxis.Width} {height}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"time line\" style=\"height:{height}px\">");
        var grid = new SvgPath();
        foreach (var tick in axis.Ticks)
        {
            grid.Segment(axis.At(tick), 0, axis.At(tick), height);
        }

        page.Add($"<path class=\"grid\" d=\"{grid}\"/>");
        for (var lane = 0; lane < kinds.Count; lane++)
        {
            double y = (lane * LaneHeight) + 2;
            var kind = kinds[lane];
            var of = happenings.Where(h => h.Kind == kind).ToList();
            if (of.Count <= MostTold)
            {
                foreach (var happening in of)
                {
                    var (from, to) = Marks.Stretch(happening, axis);
                    Mark(page, kind, [(from, to)], y, $"{axis.Label(happening.AtMs)} {happening.Source}: {happening.Words}");
                }
            }
            else
            {
                Mark(page, kind, Marks.Merge(of.Select(h => Marks.Stretch(h, axis))), y, FormattableString.Invariant($"{of.Count:N0}"));
            }
        }

        page.Add($"</svg></figure>\n");
    }

    private static void Mark(Html page, HappeningKind kind, IEnumerable<(double From, double To)> stretches, double y, string words)
    {
        var path = new SvgPath();
        foreach (var (from, to) in stretches)
        {
            path.Rectangle(from, y, to - from, LaneHeight - 4);
        }

        page.Add($"<path class=\"k-{Of(kind).En}\" d=\"{path}\"><title>{words}</title></path>");
    }
}
