using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Tests;

/// <summary>The tier of a grant whose own bounds are all that a test is about: one approval, the policy's too, and to the fleet at once.</summary>
internal static class OpenTier
{
    public static readonly DocumentId Id = DocumentId.Parse("open");

    public static GrantTier Tier => new()
    {
        Id = Id,
        Actions = new HashSet<MitigationStep> { MitigationStep.Observe, MitigationStep.RateLimit, MitigationStep.Drop },
        MinPrefixLengthV4 = 0,
        MinPrefixLengthV6 = 0,
        MaxDurationMs = UnixMilliseconds.MaxValue,
        Approvals = 1,
        PolicyCounts = true,
        Bounds = new RevertBounds { Complaints = 2, RefusedPercent = 50, LostPercent = 50 },
    };
}
