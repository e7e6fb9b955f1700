using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Commands;

/// <summary>The grant that init signs: single addresses, up to a day. An issuer who wants it otherwise signs another.</summary>
internal static class StandingGrant
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(365);
    private static readonly HashSet<MitigationStep> EveryStep = [MitigationStep.Observe, MitigationStep.RateLimit, MitigationStep.Drop];

    public static Grant Make(OperatorId issuer, IReadOnlyList<Prefix> never, UnixMilliseconds now) => new()
    {
        Id = DocumentId.Parse("standing"),
        Issuer = issuer,
        Actions = EveryStep,
        MinPrefixLengthV4 = 32,
        MinPrefixLengthV6 = 128,
        MaxDurationMs = (long)TimeSpan.FromDays(1).TotalMilliseconds,
        MaxRules = 1_000,
        Sensors = [SensorPattern.All],
        Tiers = [ProvenAttacker, SingleAddress, Longer],
        ExcludedPrefixes = never,
        NotBefore = new(now.Value - 60_000),
        NotAfter = new(now.Value + (long)Life.TotalMilliseconds),
    };

    /// <summary>One address that is no forgery, for an hour: one yes, the policy's too, and to the fleet at once. Its hits take nothing back, or an attacker could.</summary>
    private static GrantTier ProvenAttacker => new()
    {
        Id = DocumentId.Parse("proven-attacker"),
        Actions = EveryStep,
        MinPrefixLengthV4 = 32,
        MinPrefixLengthV6 = 128,
        MaxDurationMs = (long)TimeSpan.FromHours(1).TotalMilliseconds,
        Proven = true,
        Approvals = 1,
        PolicyCounts = true,
        Bounds = new RevertBounds { Complaints = 2, RefusedPercent = 50, LostPercent = 50 },
    };

    /// <summary>One address for an hour: one person, and some canaries for a minute.</summary>
    private static GrantTier SingleAddress => ProvenAttacker with
    {
        Id = DocumentId.Parse("single-address"),
        Proven = false,
        PolicyCounts = false,
        Stages = [Stage(10, TimeSpan.FromMinutes(1))],
        Bounds = new RevertBounds { Complaints = 2, RefusedPercent = 50, LostPercent = 50, Hits = new HitBound(10, 1_000_000) },
    };

    /// <summary>Longer than an hour: two persons, and two stages of canaries.</summary>
    private static GrantTier Longer => SingleAddress with
    {
        Id = DocumentId.Parse("longer"),
        MaxDurationMs = (long)TimeSpan.FromDays(1).TotalMilliseconds,
        Approvals = 2,
        Stages = [Stage(10, TimeSpan.FromMinutes(10)), Stage(50, TimeSpan.FromMinutes(20))],
    };

    private static RolloutStage Stage(int sharePercent, TimeSpan soak) => new()
    {
        SharePercent = sharePercent,
        MaxSensors = 1_000,
        SoakMs = (long)soak.TotalMilliseconds,
        AppliedPercent = 80,
        RefusedPercent = 0,
    };
}
