using EdgeSensors.Protocol;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>A delegation to be made: a role, the paths that it may speak of, its keys and their threshold (specification §4.5).</summary>
public sealed record RoleDelegation
{
    /// <summary>Who delegates: the top-level targets, or a delegated role, which can hand on no more than it was given.</summary>
    public string Delegator { get; init; } = TopLevelRole.Targets;

    /// <summary>The role's name, which no other role of the repository has: 1 to 100 of <c>a–z 0–9 -</c>, no top-level role's.</summary>
    public required string Role { get; init; }

    /// <summary>Path patterns; <c>*</c> and <c>?</c> stand for no slash. At least one.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Its keys.</summary>
    public required IReadOnlyList<TufKey> Keys { get; init; }

    /// <summary>How many of them must sign.</summary>
    public int Threshold { get; init; } = 1;

    /// <summary>Whether nobody who comes later may speak of its paths.</summary>
    public bool Terminating { get; init; } = true;

    /// <summary>Whether the role's metadata is left to whoever holds its keys, and signed later; until then its targets are not found.</summary>
    public bool AwaitsItsSigner { get; init; }

    /// <summary>The online role that activates rules.</summary>
    public static RoleDelegation Control(TufKey key) => new() { Role = RepositoryRoles.Control, Paths = ["control/*"], Keys = [key] };

    /// <summary>The role of the lists.</summary>
    public static RoleDelegation Blocklists(TufKey key) => new() { Role = RepositoryRoles.Blocklists, Paths = ["blocklists/*"], Keys = [key] };

    /// <summary>An issuer of grants.</summary>
    public static RoleDelegation Mitigations(OperatorId issuer, TufKey key) =>
        new() { Role = RepositoryRoles.Mitigations(issuer), Paths = [$"mitigations/{issuer.Text}/*"], Keys = [key] };

    /// <summary>An operator's collection authorisations.</summary>
    public static RoleDelegation Authorizations(OperatorId op, TufKey key) =>
        new() { Role = RepositoryRoles.Authorizations(op), Paths = [$"authorizations/{op.Text}/*"], Keys = [key] };
}
