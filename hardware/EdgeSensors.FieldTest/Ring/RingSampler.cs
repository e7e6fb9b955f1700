using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>Takes the figures that the report plots, twice a second: of the gateway (agent and kernel) and of the hub.</summary>
internal sealed class RingSampler(Cast cast, RingWatch watch, Func<(long Injected, long Through)?> crossed, IRunWatch told, RunHead head, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private long _injected;
    private long _lastMs;

    /// <summary>Samples until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                Sample();
                await Task.Delay(Interval, time, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    private void Sample()
    {
        var now = head.MillisecondsTo(time.GetUtcNow());
        var inForce = watch.InForce;
        var gateway = new Dictionary<string, double> { [SeriesKind.Mitigations.Key] = inForce.Count };
        if (crossed() is { } count)
        {
            gateway[SeriesKind.Traffic.Key] = now > _lastMs ? (count.Injected - _injected) * 1000.0 / (now - _lastMs) : 0;
            gateway[SeriesKind.Drops.Key] = count.Injected - count.Through;
            _injected = count.Injected;
        }
        else
        {
            gateway[SeriesKind.Drops.Key] = inForce.Sum(m => m.Receipt?.HitPackets ?? 0);
        }

        _lastMs = now;
        AddMemory(gateway, cast.Agents[0].Running);
        var hub = new Dictionary<string, double> { [SeriesKind.Detections.Key] = watch.State.Incidents.Count };
        AddMemory(hub, cast.Hub.Serving);
        told.Sampled(new(now, HubSide.Sensor, watch.State.FirstReportAt is null ? UnitState.Starting : UnitState.Online, gateway));
        told.Sampled(new(now, "hub", UnitState.Online, hub));
    }

    private static void AddMemory(Dictionary<string, double> figures, StartedProgram program)
    {
        if (program.ResidentOctets() is { } octets)
        {
            figures[SeriesKind.Heap.Key] = octets;
        }
    }
}
