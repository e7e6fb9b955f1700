using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>
/// Expiries are rounded as they come in, so that few sections hold many entries and a list that is imported again changes little. A stated end: within two days up to the full hour, beyond
/// down to the day (UTC); so nothing is listed for more than an hour longer than its source says. An end that nobody states: up to a Monday.
/// </summary>
internal static class Cohort
{
    private const long Hour = 3_600_000;
    private const long Day = 24 * Hour;
    private const long Week = 7 * Day;
    private const long FirstMonday = 4 * Day; // 1970-01-05

    /// <summary>The cohort of an end that a source states.</summary>
    public static UnixMilliseconds OfStated(UnixMilliseconds notAfter, UnixMilliseconds now) =>
        new(notAfter.Value - now.Value <= 2 * Day ? Up(notAfter.Value, Hour) : notAfter.Value / Day * Day);

    /// <summary>The cohort of what is to hold for some time, in want of an end.</summary>
    public static UnixMilliseconds OfLife(TimeSpan life, UnixMilliseconds now) => new(FirstMonday + Up(now.Value + (long)life.TotalMilliseconds - FirstMonday, Week));

    private static long Up(long value, long unit) => (value + unit - 1) / unit * unit;
}
