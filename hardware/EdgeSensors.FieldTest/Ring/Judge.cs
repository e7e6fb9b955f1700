using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>Compares what went in with what came out, and both with what was expected.</summary>
internal static class Judge
{
    /// <summary>From the alert to the first drop, unless a person says otherwise.</summary>
    public const double SlowestSeconds = 2;

    /// <summary>The figures of a part of a run.</summary>
    /// <param name="injected">What went in during the part.</param>
    /// <param name="arrived">What came out during it.</param>
    /// <param name="blocked">The blocked addresses.</param>
    /// <param name="control">The control visitor; null where there is none.</param>
    public static PartFigures Count(
        Dictionary<HostAddress, (long In, long Out)> injected,
        Dictionary<HostAddress, (long In, long Out)> arrived,
        IReadOnlySet<HostAddress> blocked,
        HostAddress? control)
    {
        var figures = default(PartFigures);
        foreach (var (address, went) in injected)
        {
            var came = arrived.GetValueOrDefault(address);
            if (blocked.Contains(address))
            {
                figures.AttackIn += went.In;
                figures.AttackThrough += came.In;
            }
            else if (address == control)
            {
                figures.ControlIn += went.In + went.Out;
                figures.ControlThrough += came.In + came.Out;
            }
            else
            {
                figures.OtherIn += went.In + went.Out;
                figures.OtherThrough += came.In + came.Out;
            }
        }

        return figures;
    }

    /// <summary>What was counted after a moment, given the counts then and now.</summary>
    public static Dictionary<HostAddress, (long In, long Out)> Since(Dictionary<HostAddress, (long In, long Out)> then, Dictionary<HostAddress, (long In, long Out)> now) =>
        now.ToDictionary(n => n.Key, n => then.TryGetValue(n.Key, out var before) ? (n.Value.In - before.In, n.Value.Out - before.Out) : n.Value);

    /// <summary>What must hold when the attacker is to be blocked.</summary>
    /// <param name="facts">What happened.</param>
    /// <param name="slowestSeconds">The longest that may pass from the alert to the first drop.</param>
    public static IEnumerable<Expectation> Blocked(RunFacts facts, double slowestSeconds = SlowestSeconds)
    {
        var timeline = facts.Timeline;
        var missing = Steps.All.Where(s => timeline[s] is null).Select(s => s.Title()).ToList();
        yield return new("every step of the ring was reached", missing.Count == 0, missing.Count == 0 ? $"{Steps.All.Count} of {Steps.All.Count}" : $"missing: {string.Join(", ", missing)}");
        yield return new("the system found who attacks", facts.Blocked.Count > 0, facts.Blocked.Count > 0 ? $"blocked {string.Join(", ", facts.Blocked.Take(5))}" : "nobody was blocked");
        var seconds = timeline.Seconds(Step.Alert, Step.FirstDrop);
        yield return new(
            FormattableString.Invariant($"less than {slowestSeconds} s from the alert to the first drop"),
            seconds < slowestSeconds,
            seconds is null ? "no drop" : FormattableString.Invariant($"{seconds:0.000} s"));
        if (facts.Mode == RunMode.Enforced)
        {
            yield return new("attack packets passed before the block", facts.Before.AttackThrough > 0, FormattableString.Invariant($"{facts.Before.AttackThrough:N0} came through"));
            yield return new(
                "none passes after it",
                facts.After is { AttackIn: > 0, AttackThrough: 0 },
                FormattableString.Invariant($"{facts.After.AttackIn:N0} went in, {facts.After.AttackThrough:N0} came through"));
            yield return Untouched(facts);
        }
        else
        {
            yield return new("the agent counted what it would have dropped", facts.Hits > 0, FormattableString.Invariant($"{facts.Hits:N0} packets"));
        }

        if (facts.Mode == RunMode.Enforced)
        {
            yield return new("the agent reported its hits back", facts.Hits > 0, FormattableString.Invariant($"{facts.Hits:N0} packets"));
        }
    }

    /// <summary>What must hold when the attack is to be seen and nobody blocked.</summary>
    public static IEnumerable<Expectation> Detected(RunFacts facts)
    {
        yield return new("the attack was reported", facts.Alerts > 0, $"{facts.Alerts} findings");
        yield return new(
            "nobody was blocked, as the sources may be forged",
            facts.Blocked.Count == 0,
            facts.Blocked.Count == 0 ? "detected, not blocked: spoofable" : $"blocked {string.Join(", ", facts.Blocked.Take(5))}");
        if (facts.Mode != RunMode.File)
        {
            yield return Untouched(facts);
        }
    }

    /// <summary>What must hold when there is no attack.</summary>
    public static IEnumerable<Expectation> Nothing(RunFacts facts)
    {
        yield return new("the hub has the sensor's reports", facts.Timeline[Step.FirstReport] is not null, facts.Timeline[Step.FirstReport] is null ? "none came" : "they came");
        yield return new("nobody was blocked", facts.Blocked.Count == 0, facts.Blocked.Count == 0 ? "nobody" : $"blocked {string.Join(", ", facts.Blocked.Take(5))}");
        if (facts.Mode != RunMode.File)
        {
            yield return Untouched(facts);
        }
    }

    private static Expectation Untouched(RunFacts facts)
    {
        var (went, came) = (facts.All.OtherIn + facts.All.ControlIn, facts.All.OtherThrough + facts.All.ControlThrough);
        return facts.Missed > 0
            ? new("all other traffic passed", false, $"the counting itself missed {facts.Missed} packets")
            : new("all other traffic passed", went > 0 && went == came, FormattableString.Invariant($"{went:N0} went in, {came:N0} came through"));
    }
}

/// <summary>Packets of a part of a run: attack packets one way (inbound), all others both ways.</summary>
internal struct PartFigures
{
    public long AttackIn;
    public long AttackThrough;
    public long OtherIn;
    public long OtherThrough;
    public long ControlIn;
    public long ControlThrough;
}

/// <summary>All that a verdict rests on.</summary>
internal sealed record RunFacts
{
    public required RunMode Mode { get; init; }

    public required Timeline Timeline { get; init; }

    /// <summary>Addresses in force as blocks.</summary>
    public required IReadOnlyList<string> Blocked { get; init; }

    /// <summary>How many findings the hub had.</summary>
    public required int Alerts { get; init; }

    /// <summary>Packets that the agent says its rules hit.</summary>
    public required long Hits { get; init; }

    /// <summary>Frames that the counting missed.</summary>
    public long Missed { get; init; }

    /// <summary>Until the block.</summary>
    public PartFigures Before { get; init; }

    /// <summary>The pass that was wholly after it.</summary>
    public PartFigures After { get; init; }

    /// <summary>The whole run.</summary>
    public PartFigures All { get; init; }
}
