namespace EdgeSensors.Protocol;

/// <summary>A moment in milliseconds since 1970-01-01T00:00:00Z, without leap seconds (POSIX.1 "Seconds Since the Epoch", times 1,000).</summary>
public readonly record struct UnixMilliseconds : IComparable<UnixMilliseconds>
{
    /// <summary>The last moment of the year 9999, the latest this type holds.</summary>
    public const long MaxValue = 253_402_300_799_999;

    /// <summary>Makes a moment; throws <see cref="ArgumentOutOfRangeException"/> before 1970 or after 9999.</summary>
    public UnixMilliseconds(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxValue);
        Value = value;
    }

    /// <summary>Milliseconds since the epoch, UTC.</summary>
    public long Value { get; }

    /// <summary>The moment that a clock shows now.</summary>
    public static UnixMilliseconds Now(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new(time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>The moment of a count of nanoseconds since the epoch, cut to the millisecond; clamped to the range of this type.</summary>
    public static UnixMilliseconds FromNanoseconds(long nanoseconds) => new(Math.Max(0, nanoseconds / 1_000_000));

    /// <summary>The same moment as a date and time, UTC.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.FromUnixTimeMilliseconds(Value);

    /// <inheritdoc/>
    public int CompareTo(UnixMilliseconds other) => Value.CompareTo(other.Value);

    /// <summary>Whether one moment is before another.</summary>
    public static bool operator <(UnixMilliseconds a, UnixMilliseconds b) => a.Value < b.Value;

    /// <summary>Whether one moment is after another.</summary>
    public static bool operator >(UnixMilliseconds a, UnixMilliseconds b) => a.Value > b.Value;

    /// <summary>Whether one moment is not after another.</summary>
    public static bool operator <=(UnixMilliseconds a, UnixMilliseconds b) => a.Value <= b.Value;

    /// <summary>Whether one moment is not before another.</summary>
    public static bool operator >=(UnixMilliseconds a, UnixMilliseconds b) => a.Value >= b.Value;

    /// <summary>The time from <paramref name="b"/> to <paramref name="a"/>.</summary>
    public static TimeSpan operator -(UnixMilliseconds a, UnixMilliseconds b) => TimeSpan.FromMilliseconds(a.Value - b.Value);

    /// <inheritdoc/>
    public override string ToString() => ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
