using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>How a role of the repository stands.</summary>
/// <param name="Role">Its name, see <see cref="RepositoryRoles"/> and <see cref="TopLevelRole"/>.</param>
/// <param name="Version">The version in force; 0 when it has said nothing yet.</param>
/// <param name="Expires">When it expires.</param>
public sealed record RoleStatus(string Role, long Version, DateTimeOffset Expires)
{
    /// <summary>Who names its keys: the root for the top-level roles, else who delegates to it.</summary>
    public string Delegator { get; init; } = TopLevelRole.Root;

    /// <summary>Its keys.</summary>
    public IReadOnlyList<TufKey> Keys { get; init; } = [];

    /// <summary>How many of them must sign.</summary>
    public int Threshold { get; init; }

    /// <summary>The paths that are delegated to it; none for a top-level role.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Whether nobody who comes later may speak of its paths.</summary>
    public bool Terminating { get; init; }

    /// <summary>Whether it was given the paths of a pattern, so that it can hand them on: a star of that pattern has to stand under one of its own.</summary>
    public bool Covers(string pattern) => Paths.Any(given => PathPattern.Matches(given, pattern));

    internal static RoleStatus Of(string role, SignedPayload? payload, RoleKeys keys, IReadOnlyDictionary<string, TufKey> table) =>
        new(role, payload?.Version ?? 0, payload?.Expires ?? DateTimeOffset.MaxValue) { Keys = [.. new Demand(keys, table).Keys], Threshold = keys.Threshold };
}
