using System.Globalization;

namespace EdgeSensors.FieldTest.Reporting.Html;

/// <summary>The time axis that all plots of a report share: from the start to the end of the run, in thousandths of its width.</summary>
internal sealed class TimeAxis
{
    private const int MostTicks = 8;

    private static readonly long[] Steps =
    [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
        3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000, 2_592_000_000, 31_536_000_000,
    ];

    /// <summary>An axis.</summary>
    /// <param name="lengthMs">Of the run, milliseconds; at least 1.</param>
    public TimeAxis(long lengthMs)
    {
        LengthMs = Math.Max(1, lengthMs);
        StepMs = Steps.FirstOrDefault(s => LengthMs / s <= MostTicks, LengthMs);
    }

    /// <summary>The width of a plot.</summary>
    public static int Width => 1_000;

    /// <summary>Of the run, milliseconds.</summary>
    public long LengthMs { get; }

    /// <summary>From one tick to the next, milliseconds.</summary>
    public long StepMs { get; }

    /// <summary>The ticks, milliseconds since the start.</summary>
    public IEnumerable<long> Ticks
    {
        get
        {
            for (long at = 0; at <= LengthMs; at += StepMs)
            {
                yield return at;
            }
        }
    }

    /// <summary>Where a moment is, from 0 to <see cref="Width"/>.</summary>
    public double At(long ms) => Math.Clamp(Width * (double)ms / LengthMs, 0, Width);

    /// <summary>A moment since the start, as precise as the ticks need it.</summary>
    public string Label(long ms) => StepMs switch
    {
        >= 86_400_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 86_400_000} d"),
        >= 60_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 3_600_000}:{ms / 60_000 % 60:00}"),
        >= 1_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 60_000}:{ms / 1_000 % 60:00}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000.0:0.0##} s"),
    };

    /// <summary>What the labels mean.</summary>
    public Title Unit => StepMs switch
    {
        >= 86_400_000 => new("days", "日"),
        >= 60_000 => new("hours:minutes", "時:分"),
        >= 1_000 => new("minutes:seconds", "分:秒"),
        _ => new("seconds", "秒"),
    };
}
