using System.Globalization;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Metadata;

/// <summary>What the <c>signed</c> part of every role's metadata has: version and expiry (specification §4.2).</summary>
internal abstract record SignedPayload
{
    public const string SpecVersion = "1.0.34";

    /// <summary>Counts up from 1.</summary>
    public required long Version { get; init; }

    /// <summary>The first moment it is expired.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The <c>_type</c>.</summary>
    public abstract string Type { get; }

    /// <summary>Writes the <c>signed</c> object.</summary>
    public abstract void Write(CanonicalJsonWriter writer);

    protected static string FormatExpiry(DateTimeOffset expires) =>
        expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    protected static long ReadVersion(ObjectReader reader) => reader.Integer("version", 1, long.MaxValue);

    // RFC 3339 in UTC as the specification has it; older writers add fractions of a second, which are cut off (towards earlier expiry).
    protected static DateTimeOffset ReadExpiry(ObjectReader reader)
    {
        var text = reader.String("expires", 40);
        var seconds = text;
        if (text.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot && text.EndsWith('Z')
            && text.Length - dot is > 2 and <= 11 && text.AsSpan(dot + 1, text.Length - dot - 2).ContainsAnyExceptInRange('0', '9') is false)
        {
            seconds = string.Concat(text.AsSpan(0, dot), "Z");
        }

        if (!DateTimeOffset.TryParseExact(
            seconds, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var expires))
        {
            reader.Faults.Add("expires", "is not a date and time as 2030-01-31T00:00:00Z");
        }

        return expires;
    }
}
