namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>Puts a plan into force on this machine. Not thread-safe: one plan after the other.</summary>
internal interface IEnforcer
{
    /// <summary>Its name in receipts, as a token: <c>nftables</c>, <c>xdp+nftables</c>, <c>observe-only</c>.</summary>
    string Name { get; }

    /// <summary>Why it only observes, one line for a person; null when it enforces.</summary>
    string? Limitation { get; }

    /// <summary>Brings what is in force to the plan, all of it or nothing.</summary>
    Task<EnforcementOutcome> ApplyAsync(EnforcementPlan plan, CancellationToken cancellationToken);

    /// <summary>Reads what the rules have hit.</summary>
    Task<HitReading> ReadHitsAsync(CancellationToken cancellationToken);
}
