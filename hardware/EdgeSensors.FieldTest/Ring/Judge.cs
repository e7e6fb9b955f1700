using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>Compares what went in with what came out, and both with what was expected.</summary>
internal static class Judge
{
    private const string Course = "the time line";

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
    public static IEnumerable<Check> Blocked(RunFacts facts, double slowestSeconds = SlowestSeconds)
    {
        var timeline = facts.Timeline;
        var missing = Steps.All.Where(s => timeline[s] is null).Select(s => s.Title()).ToList();
        yield return new("ring", "every step of the ring was reached", missing.Count == 0 ? $"{Steps.All.Count} of {Steps.All.Count}" : $"missing: {string.Join(", ", missing)}", missing.Count == 0, $"{Course}, {facts.AgentLog}, {facts.HubLog}");
        yield return new("alert", "the system found who attacks", Whom(facts, "nobody was blocked"), facts.Blocked.Count > 0, $"{Course}, {facts.HubLog}");
        var seconds = timeline.Seconds(Step.Alert, Step.FirstDrop);
        yield return new(
            "first drop",
            FormattableString.Invariant($"less than {slowestSeconds} s from the alert to the first drop"),
            seconds is null ? "no drop" : FormattableString.Invariant($"{seconds:0.000} s"),
            seconds < slowestSeconds,
            Course);
        if (facts.Mode == RunMode.Enforced)
        {
            yield return new("first packet", "attack packets passed before the block", FormattableString.Invariant($"{facts.Before.AttackThrough:N0} came through"), facts.Before.AttackThrough > 0, facts.AgentLog);
            yield return new(
                "enforced",
                "none passes after it",
                FormattableString.Invariant($"{facts.After.AttackIn:N0} went in, {facts.After.AttackThrough:N0} came through"),
                facts.After is { AttackIn: > 0, AttackThrough: 0 },
                facts.AgentLog);
            yield return Untouched(facts);
        }
        else
        {
            yield return new("enforced", "the agent counted what it would have dropped", FormattableString.Invariant($"{facts.Hits:N0} packets"), facts.Hits > 0, facts.AgentLog);
        }

        if (facts.Mode == RunMode.Enforced)
        {
            yield return new("enforced", "the agent reported its hits back", FormattableString.Invariant($"{facts.Hits:N0} packets"), facts.Hits > 0, $"{facts.AgentLog}, {facts.HubLog}");
        }
    }

    /// <summary>What must hold when the attack is to be seen and nobody blocked.</summary>
    public static IEnumerable<Check> Detected(RunFacts facts)
    {
        yield return new("alert", "the attack was reported", $"{facts.Alerts} findings", facts.Alerts > 0, $"{facts.AgentLog}, {facts.HubLog}");
        yield return new(
            "decision",
            "nobody was blocked, as the sources may be forged",
            Whom(facts, "detected, not blocked: spoofable"),
            facts.Blocked.Count == 0,
            $"{Course}, {facts.HubLog}");
        if (facts.Mode != RunMode.File)
        {
            yield return Untouched(facts);
        }
    }

    /// <summary>What must hold when there is no attack.</summary>
    public static IEnumerable<Check> Nothing(RunFacts facts)
    {
        yield return new("first report", "the hub has the sensor's reports", facts.Timeline[Step.FirstReport] is null ? "none came" : "they came", facts.Timeline[Step.FirstReport] is not null, $"{facts.AgentLog}, {facts.HubLog}");
        yield return new("decision", "nobody was blocked", Whom(facts, "nobody"), facts.Blocked.Count == 0, $"{Course}, {facts.HubLog}");
        if (facts.Mode != RunMode.File)
        {
            yield return Untouched(facts);
        }
    }

    private static Check Untouched(RunFacts facts)
    {
        const string Expected = "all other traffic passed";
        var (went, came) = (facts.All.OtherIn + facts.All.ControlIn, facts.All.OtherThrough + facts.All.ControlThrough);
        return facts.Missed > 0
            ? new("other traffic", Expected, $"the counting itself missed {facts.Missed} packets", false, Course)
            : new("other traffic", Expected, FormattableString.Invariant($"{went:N0} went in, {came:N0} came through"), went > 0 && went == came, facts.AgentLog);
    }

    private static string Whom(RunFacts facts, string nobody) => facts.Blocked.Count == 0 ? nobody : $"blocked {string.Join(", ", facts.Blocked.Take(5))}";
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

    /// <summary>The folder of the logs, beside the result.</summary>
    public required string Logs { get; init; }

    /// <summary>What the hub said.</summary>
    public string HubLog => $"{Logs}/hub.log";

    /// <summary>What the agent said.</summary>
    public string AgentLog => $"{Logs}/agent.log";

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
