namespace EdgeSensors.FieldTest.Reporting.Html;

/// <summary>What is marked in every plot: stretches in which a fault was on, moments at which something was found. As many as a plot is wide, however many there were.</summary>
internal sealed class Marks
{
    private const double Thinnest = 2; // thousandths of the width: a fault that was over at once must be seen

    /// <summary>Marks of a run.</summary>
    public Marks(IEnumerable<Happening> happenings, TimeAxis axis)
    {
        var all = happenings.ToList();
        Faults = Merge(all.Where(h => h.Kind == HappeningKind.Fault).Select(h => Stretch(h, axis)));
        Alerts = [.. all.Where(h => h.Kind == HappeningKind.Alert).Select(h => Math.Round(axis.At(h.AtMs))).Distinct().Order()];
    }

    /// <summary>From and to, in a plot's width; they do not touch one another.</summary>
    public IReadOnlyList<(double From, double To)> Faults { get; }

    /// <summary>Where, in a plot's width.</summary>
    public IReadOnlyList<double> Alerts { get; }

    /// <summary>What a happening takes of a plot's width.</summary>
    public static (double From, double To) Stretch(Happening happening, TimeAxis axis)
    {
        var from = Math.Min(axis.At(happening.AtMs), TimeAxis.Width - Thinnest);
        return (from, Math.Max(axis.At(happening.UntilMs ?? happening.AtMs), from + Thinnest));
    }

    /// <summary>Joins what overlaps or is not a thousandth apart.</summary>
    public static IReadOnlyList<(double From, double To)> Merge(IEnumerable<(double From, double To)> stretches)
    {
        var merged = new List<(double From, double To)>();
        foreach (var stretch in stretches.OrderBy(s => s.From))
        {
            if (merged.Count > 0 && stretch.From <= merged[^1].To + 1)
            {
                merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, stretch.To));
            }
            else
            {
                merged.Add(stretch);
            }
        }

        return merged;
    }
}
