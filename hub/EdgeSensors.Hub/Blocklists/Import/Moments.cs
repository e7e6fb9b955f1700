using System.Buffers;
using System.Globalization;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>Ends and durations as lists write them.</summary>
internal static class Moments
{
    private const double LongestSeconds = 1e10;

    private static readonly SearchValues<char> NumberLetters = SearchValues.Create("0123456789.");

    /// <summary>The end by a moment, or by a duration from now; null where neither makes sense.</summary>
    public static UnixMilliseconds? End(string? moment, string? duration, UnixMilliseconds now)
    {
        if (TryRead(moment, out var end))
        {
            return end;
        }

        return TryReadDuration(duration, out var seconds) ? At(now.Value + (seconds * 1000)) : null;
    }

    /// <summary>Reads RFC 3339, or seconds since the Unix epoch.</summary>
    public static bool TryRead(string? text, out UnixMilliseconds moment)
    {
        moment = default;
        if (string.IsNullOrEmpty(text) || text.Length > 40)
        {
            return false;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            moment = At(seconds * 1000.0);
            return true;
        }

        if (!char.IsAsciiDigit(text[0]) || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return false;
        }

        moment = At(time.ToUnixTimeMilliseconds());
        return true;
    }

    /// <summary>Reads a duration as Go writes it (<c>3h59m57.64s</c>, <c>-1m</c>) or with days (<c>7d</c>).</summary>
    public static bool TryReadDuration(string? text, out double seconds)
    {
        seconds = 0;
        var rest = (text ?? "").AsSpan();
        var sign = rest is ['-', ..] ? -1 : 1;
        rest = sign < 0 ? rest[1..] : rest;
        if (rest.IsEmpty || rest.Length > 40)
        {
            return false;
        }

        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(NumberLetters);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            var letters = rest.IndexOfAny(NumberLetters) is >= 0 and var next ? next : rest.Length;
            double unit = rest[..letters] switch
            {
                "ns" => 1e-9,
                "us" or "µs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                "d" => 86_400,
                _ => 0,
            };
            if (unit == 0)
            {
                return false;
            }

            seconds += number * unit;
            rest = rest[letters..];
        }

        seconds = sign * Math.Min(seconds, LongestSeconds);
        return true;
    }

    private static UnixMilliseconds At(double milliseconds) => new((long)Math.Clamp(milliseconds, 0, UnixMilliseconds.MaxValue));
}
