using EdgeSensors.Protocol;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Trust.Repository;

/// <summary>A delegation to be made by the top-level targets: a role, the paths that only it may speak of, its keys and their threshold.</summary>
public sealed class RoleDelegation
{
    private RoleDelegation(string role, string path, IReadOnlyList<SigningKey> keys, int threshold)
    {
        Role = role;
        Path = path;
        Keys = keys;
        Threshold = threshold;
    }

    /// <summary>The role's name.</summary>
    public string Role { get; }

    internal string Path { get; }

    internal IReadOnlyList<SigningKey> Keys { get; }

    internal int Threshold { get; }

    /// <summary>The online role that activates rules.</summary>
    public static RoleDelegation Control(SigningKey key) => new(RepositoryRoles.Control, "control/*", [key], 1);

    /// <summary>The role of the lists.</summary>
    public static RoleDelegation Blocklists(SigningKey key) => new(RepositoryRoles.Blocklists, "blocklists/*", [key], 1);

    /// <summary>An issuer of grants.</summary>
    public static RoleDelegation Mitigations(OperatorId issuer, SigningKey key) =>
        new(RepositoryRoles.Mitigations(issuer), $"mitigations/{issuer.Text}/*", [key], 1);

    /// <summary>An operator's collection authorisations.</summary>
    public static RoleDelegation Authorizations(OperatorId op, SigningKey key) =>
        new(RepositoryRoles.Authorizations(op), $"authorizations/{op.Text}/*", [key], 1);
}
