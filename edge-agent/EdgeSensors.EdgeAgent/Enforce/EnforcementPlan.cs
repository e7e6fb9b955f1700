using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>The whole of what shall be in force; what is in force and not in it is taken back.</summary>
internal sealed record EnforcementPlan
{
    /// <summary>Nothing in force.</summary>
    public static EnforcementPlan Empty { get; } = new();

    /// <summary>The rules. Of several for the same packets and step, one element stands with the latest end.</summary>
    public IReadOnlyList<EnforcedRule> Rules { get; init; } = [];

    /// <summary>The owner's: packets from (ingress) or to (egress) these are never hit by a rule.</summary>
    public IReadOnlyList<Prefix> Allowlist { get; init; } = [];

    /// <summary>What the rate-limit step lets pass of each rule's prefix and direction, in packets a second; a second's worth may come at once. Default 100.</summary>
    public int RateLimitPacketsPerSecond { get; init; } = 100;
}
