using EdgeSensors.FieldTest.Scenarios;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>What happens outside the taps, in order of time and then of its making: the network, the hub, people and faults.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private long _order;

    /// <summary>When the next happens, nanoseconds since the start; never when there is none.</summary>
    public long Next => _events.TryPeek(out _, out var key) ? key.At : long.MaxValue;

    /// <summary>Does something at a time.</summary>
    public void At(long nanoseconds, Action what) => _events.Enqueue(what, (nanoseconds, _order++));

    /// <summary>Does a step of a scenario, once or as often as it says.</summary>
    public void Repeat(ScenarioStep step, long end, Action<long> what)
    {
        long every = step.Time("every") is { } again ? TapTraffic.Ns(again) : long.MaxValue;
        Plan(TapTraffic.Ns(step.Time("at") ?? step.Time("from")!.Value), step.Has("every") ? step.Has("times") ? step.Count("times") : int.MaxValue : 1);

        void Plan(long at, int left)
        {
            if (left > 0 && at <= end)
            {
                At(at, () =>
                {
                    what(at);
                    Plan(every == long.MaxValue ? long.MaxValue : at + every, left - 1);
                });
            }
        }
    }

    /// <summary>Takes the next.</summary>
    public Action Take() => _events.Dequeue();
}
