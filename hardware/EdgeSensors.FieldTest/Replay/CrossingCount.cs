using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Replay;

/// <summary>Packets across the gateway by their outside end: how many came in from it and how many went out to it. Written by one thread, read by any.</summary>
internal sealed class CrossingCount
{
    private readonly Lock _lock = new();
    private readonly Dictionary<HostAddress, (long In, long Out)> _byOutsideEnd = [];
    private long _total;

    /// <summary>All packets, both ways.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Counts one packet.</summary>
    public void Add(HostAddress outsideEnd, bool inbound)
    {
        lock (_lock)
        {
            var (@in, @out) = _byOutsideEnd.GetValueOrDefault(outsideEnd);
            _byOutsideEnd[outsideEnd] = inbound ? (@in + 1, @out) : (@in, @out + 1);
        }

        Interlocked.Increment(ref _total);
    }

    /// <summary>What came in from one outside address.</summary>
    public long InboundOf(HostAddress outsideEnd)
    {
        lock (_lock)
        {
            return _byOutsideEnd.GetValueOrDefault(outsideEnd).In;
        }
    }

    /// <summary>The counts as they stand.</summary>
    public Dictionary<HostAddress, (long In, long Out)> Snapshot()
    {
        lock (_lock)
        {
            return new(_byOutsideEnd);
        }
    }
}
