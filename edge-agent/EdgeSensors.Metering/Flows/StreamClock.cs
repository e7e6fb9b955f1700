using System.Runtime.CompilerServices;

namespace EdgeSensors.Metering.Flows;

/// <summary>The time of a whole stream in ticks of the flow tables, by the same rules as <see cref="FlowTable.AdvanceTo"/>, so that shards which see but a part of the packets agree on it.</summary>
internal sealed class StreamClock(FlowTableOptions options)
{
    private readonly long _idleNs = FlowTable.Nanoseconds(options.IdleTimeout);
    private readonly long _granularityNs = FlowTable.Granularity(FlowTable.Nanoseconds(options.IdleTimeout));
    private long _nextTickNs = long.MinValue;

    /// <summary>Nanoseconds since the Unix epoch; the lowest number before the first packet.</summary>
    public long NowNs { get; private set; } = long.MinValue;

    /// <summary>Takes a packet's time; true when the shards are to be told.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Advance(long timestampNs)
    {
        if (timestampNs < _nextTickNs)
        {
            if (NowNs - timestampNs <= _idleNs)
            {
                NowNs = Math.Max(NowNs, timestampNs);
                return false;
            }
        }

        NowNs = timestampNs;
        _nextTickNs = ((timestampNs / _granularityNs) + 1) * _granularityNs;
        return true;
    }
}
