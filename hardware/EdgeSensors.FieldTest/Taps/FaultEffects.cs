using EdgeSensors.FieldTest.Scenarios;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>What came of a scenario's faults, each on each of its taps. A fault that changed nothing has proven nothing.</summary>
internal sealed class FaultEffects
{
    private readonly Dictionary<(ScenarioStep Fault, EmulatedTap Tap), List<Effect>> _effects = [];

    /// <summary>A fault begins on a tap. What came of it if it came before ends now.</summary>
    /// <param name="fault">Its entry.</param>
    /// <param name="tap">Whose.</param>
    /// <param name="count">Counts what such a fault does; what it has counted before is none of this one's.</param>
    /// <returns>Ends it: what is counted from then on is none of its.</returns>
    public Action Began(ScenarioStep fault, EmulatedTap tap, Func<long> count)
    {
        if (!_effects.TryGetValue((fault, tap), out var all))
        {
            _effects[(fault, tap)] = all = [];
        }

        all.LastOrDefault()?.End();
        var effect = new Effect(count);
        all.Add(effect);
        return effect.End;
    }

    /// <summary>What came of a fault on a tap: how often it began, how often something came of it, and how much in all.</summary>
    public (int Times, int Effective, long Total) Of(ScenarioStep fault, EmulatedTap tap) =>
        _effects.TryGetValue((fault, tap), out var all) ? (all.Count, all.Count(e => e.Total > 0), all.Sum(e => e.Total)) : default;

    private sealed class Effect(Func<long> count)
    {
        private readonly long _before = count();
        private long? _total;

        public long Total => _total ?? count() - _before;

        public void End() => _total ??= Total;
    }
}
