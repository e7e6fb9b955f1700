namespace EdgeSensors.FieldTest.Reporting.Html;

/// <summary>One figure over time, as a small inline SVG: a line for each unit where they are few, the median and the range where they are many.</summary>
internal static class Plot
{
    /// <summary>More units than this are not drawn one by one.</summary>
    public const int MostLines = 5;

    /// <summary>A plot is drawn from at most so many stretches of time; each keeps its lowest and its highest value.</summary>
    public const int Stretches = 480;

    /// <summary>Writes it.</summary>
    /// <param name="page">Where to.</param>
    /// <param name="kind">Which figure.</param>
    /// <param name="all">Its series, one a unit; not empty.</param>
    /// <param name="axis">The axis that all plots share.</param>
    /// <param name="marks">What is marked in all of them.</param>
    public static void Write(Html page, SeriesKind kind, IReadOnlyList<Series> all, TimeAxis axis, Marks marks)
    {
        var unit = all[0].Unit;
        var scale = new Scale(all.Min(s => s.Points.Min(p => p.Value)), all.Max(s => s.Points.Max(p => p.Value)), unit);
        page.Add($"<figure class=\"plot\" data-key=\"{kind.Key}\"><figcaption><b>");
        page.Both(kind.Title);
        page.Add($"</b> <small>{(unit == "octets" ? "" : unit)}</small>");
        Legend(page, all, scale, axis);
        page.Add($"</figcaption><div class=\"y\"><span>{scale.Label(scale.Top)}</span><span>{scale.Label(scale.Bottom)}</span></div>");
        page.Add($"<svg viewBox=\"0 0 {Plain(TimeAxis.Width)} {Plain(Scale.Height)}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{kind.Title.En}\">");
        Background(page, axis, marks);
        if (all.Count > MostLines)
        {
            Range(page, kind, Band.Over(all, axis.LengthMs, Stretches), axis, scale);
        }
        else
        {
            for (var i = 0; i < all.Count; i++)
            {
                Line(page, kind, i, Thinning.Thin(all[i].Points, 2 * Stretches), axis, scale);
            }
        }

        page.Add($"</svg></figure>\n");
    }

    /// <summary>Numbers in SVG attributes have no thousands separators.</summary>
    private static double Plain(int number) => number;

    private static void Legend(Html page, IReadOnlyList<Series> all, Scale scale, TimeAxis axis)
    {
        page.Add($"<span class=\"legend\">");
        if (all.Count > MostLines)
        {
            page.Add($"<i class=\"s0\"></i>");
            page.Both($"median of {all.Count}, and the range of all", $"{all.Count} 台の中央値と範囲");
        }
        else
        {
            for (var i = 0; i < all.Count && all.Count > 1; i++)
            {
                page.Add($"<i class=\"s{i}\"></i>{all[i].Source} ");
            }
        }

        var peak = all.SelectMany(s => s.Points).MaxBy(p => p.Value);
        page.Add($"</span><span class=\"peak\">");
        page.Both($"highest {scale.Label(peak.Value)} at {axis.Label(peak.AtMs)}", $"最大 {scale.Label(peak.Value)}({axis.Label(peak.AtMs)})");
        page.Add($"</span>");
    }

    private static void Background(Html page, TimeAxis axis, Marks marks)
    {
        var (faults, grid, alerts) = (new SvgPath(), new SvgPath(), new SvgPath());
        foreach (var (from, to) in marks.Faults)
        {
            faults.Rectangle(from, 0, to - from, Scale.Height);
        }

        foreach (var tick in axis.Ticks)
        {
            grid.Segment(axis.At(tick), 0, axis.At(tick), Scale.Height);
        }

        grid.Segment(0, 0, TimeAxis.Width, 0);
        grid.Segment(0, Scale.Height / 2.0, TimeAxis.Width, Scale.Height / 2.0);
        grid.Segment(0, Scale.Height, TimeAxis.Width, Scale.Height);
        foreach (var at in marks.Alerts)
        {
            alerts.Segment(at, 0, at, Scale.Height);
        }

        page.Add($"<path class=\"fault\" d=\"{faults}\"/><path class=\"grid\" d=\"{grid}\"/><path class=\"alert\" d=\"{alerts}\"/>");
    }

    private static void Line(Html page, SeriesKind kind, int number, IReadOnlyList<SeriesPoint> points, TimeAxis axis, Scale scale)
    {
        var line = new SvgPath();
        foreach (var point in points)
        {
            Draw(line, kind, axis.At(point.AtMs), scale.At(point.Value));
        }

        if (points.Count == 1)
        {
            line.LineTo(axis.At(points[0].AtMs) + 2, scale.At(points[0].Value));
        }

        page.Add($"<path class=\"line s{number}\" d=\"{line}\"/>");
    }

    private static void Range(Html page, SeriesKind kind, IReadOnlyList<Band> band, TimeAxis axis, Scale scale)
    {
        var (area, line) = (new SvgPath(), new SvgPath());
        foreach (var at in band)
        {
            area.LineTo(axis.At(at.AtMs), scale.At(at.High));
            Draw(line, kind, axis.At(at.AtMs), scale.At(at.Median));
        }

        foreach (var at in band.Reverse())
        {
            area.LineTo(axis.At(at.AtMs), scale.At(at.Low));
        }

        area.Close();
        page.Add($"<path class=\"range s0\" d=\"{area}\"/><path class=\"line s0\" d=\"{line}\"/>");
    }

    private static void Draw(SvgPath line, SeriesKind kind, double x, double y)
    {
        if (kind.IsCount)
        {
            line.StepTo(x, y);
        }
        else
        {
            line.LineTo(x, y);
        }
    }
}
