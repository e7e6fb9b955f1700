using System.Globalization;

namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>Lengths of time as people write them: <c>250ms</c>, <c>30s</c>, <c>1.5h</c>.</summary>
internal static class TimeText
{
    private static readonly (string Unit, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

    /// <summary>Reads one; a minus sign goes before it.</summary>
    public static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        foreach (var (unit, seconds) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && Math.Abs(number * seconds) < 1e9)
            {
                time = TimeSpan.FromMilliseconds(Math.Round(number * seconds * 1_000));
                return true;
            }
        }

        return false;
    }

    /// <summary>The shortest way to write one.</summary>
    public static string Format(TimeSpan time)
    {
        var milliseconds = (long)time.TotalMilliseconds;
        foreach (var (unit, seconds) in Units.Reverse())
        {
            var each = (long)(seconds * 1_000);
            if (milliseconds != 0 && milliseconds % each == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / each}{unit}");
            }
        }

        return "0s";
    }
}
