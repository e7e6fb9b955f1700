using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Join;

/// <summary>
/// Counters that run from a flow's start (octetTotalCount) come again in each of its records: remembered, so that only what was added counts. Two generations of a fixed size, the
/// older forgotten when the younger is full; a flow that is forgotten counts from its start once more.
/// </summary>
internal sealed class RunningTotals
{
    private const int Capacity = 1 << 16;

    private Dictionary<Counter, (long Packets, long Octets)> _young = [];
    private Dictionary<Counter, (long Packets, long Octets)> _old = [];

    /// <summary>What was added since the last record of the flow's direction; all of it where there was none, or where the counters began anew.</summary>
    public (long Packets, long Octets) Added(HostAddress exporter, JoinKey key, bool fromA, long packets, long octets)
    {
        var counter = new Counter(exporter, key, fromA);
        if (!_young.TryGetValue(counter, out var before) && !_old.TryGetValue(counter, out before))
            before = default;
        if (_young.Count >= Capacity)
            (_young, _old) = ([], _young);
        _young[counter] = (packets, octets);
        return packets >= before.Packets && octets >= before.Octets ? (packets - before.Packets, octets - before.Octets) : (packets, octets);
    }

    private readonly record struct Counter(HostAddress Exporter, JoinKey Key, bool FromA);
}
