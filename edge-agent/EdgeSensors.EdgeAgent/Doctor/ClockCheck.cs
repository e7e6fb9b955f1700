using System.Globalization;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>The clock: nothing is enforced before a trusted time, and a wrong one makes every certificate wrong.</summary>
/// <param name="time">The clock.</param>
/// <param name="kernel">What the kernel says of it; null where it does not.</param>
internal sealed class ClockCheck(TimeProvider time, KernelClock? kernel) : ICheck
{
    private const string Area = "Clock";

    // No program of this version existed earlier; a board without a battery starts in 1970.
    private static readonly DateTimeOffset s_earliest = new(2025, 11, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_latest = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var text = now.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        IReadOnlyList<Finding> findings =
        [
            now < s_earliest || now > s_latest
                ? new Finding(Area, "date", Verdict.Fail, $"{text} cannot be right", "set it: timedatectl set-ntp true, or date -u -s 'YYYY-MM-DD HH:MM:SS'")
                : new Finding(Area, "date", Verdict.Ok, text),
            kernel switch
            {
                null => new Finding(Area, "synchronised", Verdict.Warn, "the kernel does not tell", "see that a time service (chrony, systemd-timesyncd) runs"),
                { Synchronised: false } => new Finding(
                    Area, "synchronised", Verdict.Warn, "no time service keeps this clock", "start one: timedatectl set-ntp true (or install chrony)"),
                { MaximumErrorUs: var error } => new Finding(
                    Area, "synchronised", Verdict.Ok, string.Create(CultureInfo.InvariantCulture, $"yes, within {error / 1000.0:0.0} ms")),
            },
        ];
        return Task.FromResult(findings);
    }
}
