using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>Stands where this machine cannot enforce: changes nothing and says so of every rule.</summary>
/// <param name="limitation">Why, and what to do; one line.</param>
internal sealed class ObserveOnlyEnforcer(string limitation) : IEnforcer
{
    /// <inheritdoc/>
    public string Name => "observe-only";

    /// <inheritdoc/>
    public string? Limitation => limitation;

    /// <inheritdoc/>
    public Task<EnforcementOutcome> ApplyAsync(EnforcementPlan plan, CancellationToken cancellationToken) =>
        Task.FromResult(new EnforcementOutcome([.. plan.Rules.Select(rule => new RuleEnforcement(rule.Id, RuleState.Observed, RefusalReason.ObserveOnly))]));

    /// <inheritdoc/>
    public Task<HitReading> ReadHitsAsync(CancellationToken cancellationToken) => Task.FromResult(new HitReading([], Intact: true));
}
