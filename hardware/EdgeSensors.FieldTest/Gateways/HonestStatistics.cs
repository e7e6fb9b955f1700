using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Gateways;

/// <summary>
/// What a sensor's own reports leave open. Statistics are honest when they make no packet up, and when whatever they lack (beyond what they say was dropped) crossed the link while they say that they
/// do not know: since the report before one whose drops are unknown or that says that a window was lost (the sensor started in it), or in windows that never came and are counted as dropped messages.
/// </summary>
/// <param name="Open">The stretches of time that are said to be unknown or lost, in order and apart.</param>
/// <param name="Unsaid">Windows that never came and of which nothing is said.</param>
internal sealed record HonestStatistics(IReadOnlyList<(DateTimeOffset From, DateTimeOffset To)> Open, long Unsaid)
{
    // Windows go by the clock of the packets, the referee's entries by the clock of who sends them.
    private static readonly TimeSpan s_edge = TimeSpan.FromMilliseconds(250);

    /// <summary>Reads the reports.</summary>
    /// <param name="reports">All that came, in any order.</param>
    /// <param name="dropped">Messages that the sensor counts as dropped before they were sent.</param>
    public static HonestStatistics Of(IEnumerable<ReportMessage> reports, long dropped)
    {
        var stretches = new List<(DateTimeOffset From, DateTimeOffset To)>();
        long unsaid = 0;
        ReportMessage? before = null;
        foreach (var report in reports.OrderBy(r => r.WindowStart.ToDateTimeOffset()).ThenByDescending(r => r.Total is not null))
        {
            var (start, end) = (report.WindowStart.ToDateTimeOffset(), report.WindowEnd.ToDateTimeOffset());
            var ended = before?.WindowEnd.ToDateTimeOffset() ?? start;
            var isOpen = report.Measurement is { DroppedPackets: null } or { PreviousWindowLost: true };
            if (isOpen)
            {
                stretches.Add(((ended < start ? ended : start) - s_edge, end + s_edge)); // unknown since the report before it
            }
            else if (start > ended)
            {
                var missing = Missing(ended - before!.WindowStart.ToDateTimeOffset(), start - ended);
                if (missing <= dropped)
                {
                    dropped -= missing;
                    stretches.Add((ended - s_edge, start + s_edge));
                }
                else
                {
                    unsaid += missing;
                }
            }

            before = report;
        }

        if (before is not null && dropped > 0)
        {
            stretches.Add((before.WindowEnd.ToDateTimeOffset() - s_edge, DateTimeOffset.MaxValue)); // the last ones may be what was dropped
        }

        return new(Merge(stretches), unsaid);
    }

    /// <summary>Whether so much may be missing.</summary>
    /// <param name="lost">Packets on the link that are neither reported nor said to be dropped.</param>
    /// <param name="crossed">How many crossed between two moments.</param>
    public bool Explains(long lost, Func<DateTimeOffset, DateTimeOffset, long> crossed) => lost == 0 || (lost > 0 && lost <= Crossed(crossed));

    /// <summary>How many packets crossed while it says that it does not know.</summary>
    public long Crossed(Func<DateTimeOffset, DateTimeOffset, long> crossed) => Open.Sum(o => crossed(o.From, o.To));

    private static long Missing(TimeSpan window, TimeSpan hole) => window > TimeSpan.Zero ? Math.Max(1, (long)Math.Round(hole / window)) : 1;

    private static List<(DateTimeOffset From, DateTimeOffset To)> Merge(List<(DateTimeOffset From, DateTimeOffset To)> stretches)
    {
        var merged = new List<(DateTimeOffset From, DateTimeOffset To)>();
        foreach (var stretch in stretches.OrderBy(s => s.From))
        {
            if (merged.Count > 0 && stretch.From <= merged[^1].To)
            {
                merged[^1] = (merged[^1].From, stretch.To > merged[^1].To ? stretch.To : merged[^1].To);
            }
            else
            {
                merged.Add(stretch);
            }
        }

        return merged;
    }
}
