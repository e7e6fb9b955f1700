using EdgeSensors.Protocol;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>The delegated roles of an EdgeSensors repository: who may speak of which paths.</summary>
public static class RepositoryRoles
{
    /// <summary>The online role that activates rules, <c>control/*</c>.</summary>
    public const string Control = "control";

    /// <summary>The role of the lists, <c>blocklists/*</c>.</summary>
    public const string Blocklists = "blocklists";

    /// <summary>The role of an issuer's grants, <c>mitigations/{issuer}/*</c>.</summary>
    public static string Mitigations(OperatorId issuer) => $"mitigations-{issuer.Text}";

    /// <summary>The role of an operator's collection authorisations, <c>authorizations/{operator}/*</c>.</summary>
    public static string Authorizations(OperatorId op) => $"authorizations-{op.Text}";

    /// <summary>Whether the serving hub holds the role's key.</summary>
    public static bool IsOnline(string role) => role is TopLevelRole.Snapshot or TopLevelRole.Timestamp or Control;
}
