using System.Globalization;

namespace EdgeSensors.Metering.Collect;

/// <summary>
/// One packet in how many an exporter looked at. A rate that nobody stated, or that was stated as 0, is unknown: never 1.
/// </summary>
public readonly record struct SamplingRate
{
    private SamplingRate(double oneIn, SamplingSource source) => (OneIn, Source) = (oneIn, source);

    /// <summary>A rate that nobody has stated.</summary>
    public static SamplingRate Unknown => default;

    /// <summary>One packet in this many; 1 is every packet; 0 while unknown.</summary>
    public double OneIn { get; }

    /// <summary>Who stated it.</summary>
    public SamplingSource Source { get; }

    /// <summary>Whether a rate was stated.</summary>
    public bool IsKnown => OneIn >= 1;

    /// <summary>The rate that a source stated; unknown unless the figure is at least 1 and at most 2³².</summary>
    /// <param name="oneIn">One packet in this many.</param>
    /// <param name="source">Who stated it.</param>
    public static SamplingRate Stated(double oneIn, SamplingSource source) =>
        oneIn is >= 1 and <= 4294967296.0 ? new SamplingRate(oneIn, source) : Unknown;

    /// <summary>"1:1024" or "unknown".</summary>
    public override string ToString() => IsKnown ? string.Create(CultureInfo.InvariantCulture, $"1:{OneIn:0.###}") : "unknown";
}
