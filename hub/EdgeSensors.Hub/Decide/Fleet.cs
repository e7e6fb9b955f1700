using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Decide;

/// <summary>The sensors that can carry rules out, when each was last heard of, and which of them went out of reach while they were looked at.</summary>
/// <param name="store">What sensors said of themselves.</param>
/// <param name="isConnected">Whether a sensor is connected now.</param>
/// <param name="time">The hub's clock.</param>
internal sealed class Fleet(IDecisionStore store, Func<SensorName, bool> isConnected, TimeProvider time)
{
    /// <summary>How long a sensor may be away before it counts as lost; a restart of the hub begins it anew.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A sensor that was not heard of for longer is gone: it is no canary. One that is connected says something at least as often as the timestamp is signed anew.</summary>
    public static readonly TimeSpan Lately = TimeSpan.FromDays(1);

    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(2);

    // Whoever sends receipts under a name that is not known makes nobody read them all more often.
    private static readonly TimeSpan FreshnessForNew = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<SensorName, DateTimeOffset> _seen = [];
    private readonly Lock _gate = new();
    private Known _known = new([], [], DateTimeOffset.MinValue);
    private bool _heardNew;

    private sealed record Known(Dictionary<SensorName, UnixMilliseconds> Enforcers, HashSet<SensorName> Taps, DateTimeOffset ReadAt);

    /// <summary>The agents that are connected or were heard of within <see cref="Lately"/> before a moment, or after it. Taps enforce nothing.</summary>
    public IReadOnlyList<SensorName> Enforcers(UnixMilliseconds moment)
    {
        var since = moment.Value - (long)Lately.TotalMilliseconds;
        return [.. Read().Enforcers.Where(agent => agent.Value.Value >= since || isConnected(agent.Key)).Select(agent => agent.Key)];
    }

    public bool IsConnected(SensorName sensor) => isConnected(sensor);

    /// <summary>Whether a sensor said of itself that it is a tap.</summary>
    public bool IsTap(SensorName sensor) => Read().Taps.Contains(sensor);

    /// <summary>Something was heard of a sensor: one that is not known yet will be with the next look, or 200 ms after the last.</summary>
    public void Hear(SensorName sensor)
    {
        lock (_gate)
        {
            _heardNew |= !_known.Enforcers.ContainsKey(sensor) && !_known.Taps.Contains(sensor);
        }
    }

    /// <summary>Whether a sensor has been away for longer than <see cref="Patience"/>, as far as it was asked about.</summary>
    public bool IsLost(SensorName sensor)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (isConnected(sensor) || !_seen.TryGetValue(sensor, out var seen))
            {
                _seen[sensor] = now;
                return false;
            }

            return now - seen > Patience;
        }
    }

    private Known Read()
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (now - _known.ReadAt < (_heardNew ? FreshnessForNew : Freshness))
            {
                return _known;
            }

            _heardNew = false; // before the reading: who is heard during it may not be in it
        }

        // Never under the gate: whoever is in the middle of a change of the store asks here as well, and would wait for ever.
        var sensors = store.Sensors();
        lock (_gate)
        {
            var (before, moment) = (_known.Enforcers, new UnixMilliseconds(now.ToUnixTimeMilliseconds()));
            UnixMilliseconds HeardAt(SensorRecord sensor) =>
                isConnected(sensor.Name) ? moment : before.TryGetValue(sensor.Name, out var at) && at > sensor.ReceivedAt ? at : sensor.ReceivedAt;
            _known = new Known(
                sensors.Where(sensor => sensor.Status.Kind == SensorKind.Agent).ToDictionary(sensor => sensor.Name, HeardAt),
                [.. sensors.Where(sensor => sensor.Status.Kind != SensorKind.Agent).Select(sensor => sensor.Name)],
                now);
            return _known;
        }
    }
}
