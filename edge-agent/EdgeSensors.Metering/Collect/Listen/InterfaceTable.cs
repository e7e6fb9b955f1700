using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>The newest counters of each interface that sFlow agents tell of. Bounded: those beyond it are counted and left out.</summary>
internal sealed class InterfaceTable
{
    private const int MaxInterfaces = 4096;

    private readonly Dictionary<(HostAddress Agent, uint Interface), InterfaceCounters> _interfaces = [];
    private readonly Lock _lock = new();

    public void Put(in InterfaceCounters counters)
    {
        var key = (counters.Agent, counters.Interface);
        lock (_lock)
        {
            if (_interfaces.Count < MaxInterfaces || _interfaces.ContainsKey(key))
                _interfaces[key] = counters;
        }
    }

    public IReadOnlyList<InterfaceCounters> All()
    {
        lock (_lock)
            return [.. _interfaces.Values];
    }
}
