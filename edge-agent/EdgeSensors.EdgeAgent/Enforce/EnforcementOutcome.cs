using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>What an enforcer made of a plan.</summary>
/// <param name="Rules">One entry for each rule of the plan, in its order.</param>
/// <param name="Error">When the enforcer itself failed: one line for a person. What was in force before is then still in force.</param>
internal sealed record EnforcementOutcome(IReadOnlyList<RuleEnforcement> Rules, string? Error = null);

/// <summary>What became of one rule.</summary>
/// <param name="Id">The rule.</param>
/// <param name="State"><see cref="RuleState.Enforced"/>, <see cref="RuleState.Observed"/>, <see cref="RuleState.Refused"/> or <see cref="RuleState.Expired"/>.</param>
/// <param name="Reason">Why it is not enforced, or not where others are, as a token of <see cref="RefusalReason"/>; null when there is nothing to say.</param>
internal readonly record struct RuleEnforcement(DocumentId Id, RuleState State, string? Reason = null);

/// <summary>The tokens that say why a rule is not enforced, or not everywhere.</summary>
internal static class RefusalReason
{
    /// <summary>All of its addresses are on the owner's allowlist.</summary>
    public const string OwnerAllowlist = "owner-allowlist";

    /// <summary>Some of its addresses are on the owner's allowlist, and this enforcer can make no exception.</summary>
    public const string CoversOwnerAllowlist = "covers-owner-allowlist";

    /// <summary>The owner's budget of routes is used up.</summary>
    public const string BgpBudget = "bgp-budget";

    /// <summary>It is for every address there is.</summary>
    public const string EveryAddress = "every-address";

    /// <summary>The sender shall learn something that this enforcer cannot tell it.</summary>
    public const string DropProcess = "drop-process-unsupported";

    /// <summary>The enforcer failed; the agent's log says how.</summary>
    public const string EnforcerFailed = "enforcer-failed";

    /// <summary>It stands, in nftables alone: what it looks at is not looked at where XDP drops.</summary>
    public const string NotAtInterface = "not-at-interface";

    /// <summary>This machine has no enforcer, or the agent no right to use it.</summary>
    public const string ObserveOnly = "observe-only";
}
