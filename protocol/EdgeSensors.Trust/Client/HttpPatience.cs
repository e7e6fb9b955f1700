namespace EdgeSensors.Trust.Client;

/// <summary>How long an HTTP fetch may take: a grace, and beyond it a slowest rate, so that a trickle ends whatever it sends.</summary>
/// <param name="Grace">For connecting and the first bytes.</param>
/// <param name="MinBytesPerSecond">The slowest average rate after that, over the most bytes that may come.</param>
public sealed record HttpPatience(TimeSpan Grace, int MinBytesPerSecond)
{
    /// <summary>10 seconds, then 16 KiB/s.</summary>
    public static HttpPatience Default { get; } = new(TimeSpan.FromSeconds(10), 16 * 1024);

    internal TimeSpan For(long maxBytes) => Grace + TimeSpan.FromSeconds((double)maxBytes / MinBytesPerSecond);
}
