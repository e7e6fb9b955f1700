using System.Globalization;

namespace EdgeSensors.FieldTest.Reporting.Html;

/// <summary>The value axis of a plot: from zero to a round number at or above the highest value (below zero likewise, where there are such values).</summary>
internal sealed class Scale
{
    private readonly string _unit;

    /// <summary>A scale.</summary>
    /// <param name="low">The lowest value.</param>
    /// <param name="high">The highest.</param>
    /// <param name="unit">Of the values; octets are shown in thousands and millions.</param>
    public Scale(double low, double high, string unit)
    {
        _unit = unit;
        Top = Round(Math.Max(high, 0));
        Bottom = low < 0 ? -Round(-low) : 0;
        if (Top == 0 && Bottom == 0)
        {
            Top = 1;
        }
    }

    /// <summary>The height of a plot.</summary>
    public static int Height => 100;

    public double Top { get; }

    public double Bottom { get; }

    /// <summary>Where a value is, from 0 at the top to <see cref="Height"/>.</summary>
    public double At(double value) => Height * (Top - value) / (Top - Bottom);

    /// <summary>A value for people.</summary>
    public string Label(double value) => _unit != "octets" ? Plain(value)
        : Math.Abs(value) >= 1e9 ? $"{Plain(value / 1e9)} GB" : Math.Abs(value) >= 1e6 ? $"{Plain(value / 1e6)} MB" : Math.Abs(value) >= 1e3 ? $"{Plain(value / 1e3)} KB" : $"{Plain(value)} B";

    private static string Plain(double value) =>
        Math.Abs(value) >= 1e9 ? value.ToString("0.##E+0", CultureInfo.InvariantCulture)
        : value.ToString(Math.Abs(value) >= 100 ? "#,##0" : Math.Abs(value) >= 10 ? "0.#" : "0.##", CultureInfo.InvariantCulture);

    private static double Round(double value)
    {
        if (value <= 0)
        {
            return 0;
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return power * (value / power) switch { <= 1 => 1, <= 1.5 => 1.5, <= 2 => 2, <= 3 => 3, <= 4 => 4, <= 5 => 5, <= 6 => 6, <= 8 => 8, _ => 10 };
    }
}
