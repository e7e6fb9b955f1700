namespace EdgeSensors.EdgeAgent.Link;

/// <summary>
/// How long to wait before the next try: exponential with full jitter, so that a fleet that lost its hub at one moment does not come back at one moment.
/// </summary>
/// <param name="random">Where the jitter comes from.</param>
internal sealed class BackOff(Random random)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private TimeSpan _ceiling = First;

    /// <summary>The wait before the next try.</summary>
    public TimeSpan Next()
    {
        var wait = _ceiling * (0.1 + (0.9 * random.NextDouble()));
        _ceiling = TimeSpan.FromTicks(Math.Min(_ceiling.Ticks * 2, Longest.Ticks));
        return wait;
    }

    /// <summary>The last try went well.</summary>
    public void Reset() => _ceiling = First;
}
