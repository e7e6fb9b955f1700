namespace EdgeSensors.EdgeAgent.Export;

/// <summary>
/// A token bucket: so many messages a second, and a few at once. UDP has no flow control, and a collector that is not scheduled for some milliseconds has its kernel's receive buffer only
/// (212,992 octets unless asked for more: about 90 messages of 1,400).
/// </summary>
/// <param name="messagesPerSecond">The rate; 0 for no limit.</param>
/// <param name="clock">The clock.</param>
internal sealed class SendPace(int messagesPerSecond, TimeProvider clock)
{
    /// <summary>How many may go without a pause.</summary>
    public const int Burst = 16;

    private double _tokens = Burst;
    private long _filledAt = clock.GetTimestamp();

    /// <summary>How long to wait before the next message; it is then taken as sent.</summary>
    public TimeSpan Take()
    {
        if (messagesPerSecond == 0)
            return TimeSpan.Zero;
        var now = clock.GetTimestamp();
        _tokens = Math.Min(Burst, _tokens + (clock.GetElapsedTime(_filledAt, now).TotalSeconds * messagesPerSecond));
        _filledAt = now;
        _tokens--;
        return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / messagesPerSecond);
    }
}
