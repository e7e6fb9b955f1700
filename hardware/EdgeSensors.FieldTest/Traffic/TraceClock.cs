namespace EdgeSensors.FieldTest.Traffic;

/// <summary>Turns a capture's timestamps into offsets that never run backwards and hold no silence longer than a bound.</summary>
internal sealed class TraceClock(TimeSpan longestSilence)
{
    private readonly long _longestNs = longestSilence.Ticks * 100;
    private long _last = long.MinValue;
    private long _offset;

    /// <summary>The offset in nanoseconds of a packet with this timestamp.</summary>
    public long Advance(long timestampNs)
    {
        if (_last != long.MinValue && timestampNs > _last)
        {
            _offset += Math.Min(timestampNs - _last, _longestNs);
        }

        _last = Math.Max(_last, timestampNs);
        return _offset;
    }
}
