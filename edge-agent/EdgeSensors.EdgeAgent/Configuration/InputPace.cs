using System.Globalization;

namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>How fast a capture file is read: a multiple of its own time, or as fast as it can be.</summary>
/// <param name="Speed">The multiple; 0 for as fast as it can be.</param>
internal readonly record struct InputPace(double Speed)
{
    /// <summary>The packets come as they came when they were captured.</summary>
    public static InputPace Original => new(1);

    /// <summary>No waiting.</summary>
    public static InputPace Fast => new(0);

    /// <summary>Whether nothing is waited for.</summary>
    public bool IsFast => Speed == 0;

    /// <summary>Reads <c>original</c>, <c>fast</c> or a multiple from 0.001 to 1,000,000.</summary>
    public static bool TryParse(string text, out InputPace pace)
    {
        pace = text == "fast" ? Fast : Original;
        if (text is "fast" or "original")
        {
            return true;
        }

        var valid = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var speed) && speed is >= 0.001 and <= 1_000_000;
        pace = new InputPace(speed);
        return valid;
    }

    /// <inheritdoc/>
    public override string ToString() => IsFast ? "fast" : Speed == 1 ? "original" : Speed.ToString(CultureInfo.InvariantCulture);
}
