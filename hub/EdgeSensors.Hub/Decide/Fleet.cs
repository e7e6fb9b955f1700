using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Decide;

/// <summary>The sensors that can carry rules out, and which of them went out of reach while they were looked at.</summary>
/// <param name="store">What sensors said of themselves.</param>
/// <param name="isConnected">Whether a sensor is connected now.</param>
/// <param name="time">The hub's clock.</param>
internal sealed class Fleet(IDecisionStore store, Func<SensorName, bool> isConnected, TimeProvider time)
{
    /// <summary>How long a sensor may be away before it counts as lost; a restart of the hub begins it anew.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(2);

    private readonly Dictionary<SensorName, DateTimeOffset> _seen = [];
    private readonly Lock _gate = new();
    private IReadOnlyList<SensorName> _enforcers = [];
    private DateTimeOffset _readAt = DateTimeOffset.MinValue;

    /// <summary>All agents that ever said what they are. Taps enforce nothing.</summary>
    public IReadOnlyList<SensorName> Enforcers
    {
        get
        {
            lock (_gate)
            {
                var now = time.GetUtcNow();
                if (now - _readAt >= Freshness)
                {
                    _enforcers = [.. store.Sensors().Where(sensor => sensor.Status.Kind == SensorKind.Agent).Select(sensor => sensor.Name)];
                    _readAt = now;
                }

                return _enforcers;
            }
        }
    }

    public bool IsConnected(SensorName sensor) => isConnected(sensor);

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
}
