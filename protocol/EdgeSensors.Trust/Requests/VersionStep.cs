using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Trust.Requests;

/// <summary>What is to be signed, and what it is made from.</summary>
/// <param name="Next">The next version of the root and of each role of offline keys that changes.</param>
/// <param name="Published">The published versions of the root, of the roles that change, and of those that delegate to them.</param>
public sealed record VersionStep(IReadOnlyList<RoleVersion> Next, IReadOnlyList<RoleVersion> Published)
{
    internal static VersionStep Of(PublicationPlan plan, SignedMetadata<Root> root)
    {
        var offline = plan.Roles.Where(role => !RepositoryRoles.IsOnline(role.Key)).OrderBy(role => role.Key, StringComparer.Ordinal).ToList();
        var published = SigningRequest.PublishedBefore(plan.State, offline.Select(role => role.Key)).OrderBy(role => role.Key, StringComparer.Ordinal);
        return new VersionStep(
            [.. plan.Root is { } next ? [RoleVersion.Of(TopLevelRole.Root, next)] : Array.Empty<RoleVersion>(), .. offline.Select(role => RoleVersion.Of(role.Key, role.Value))],
            [RoleVersion.Of(TopLevelRole.Root, root), .. published.Select(role => RoleVersion.Of(role.Key, role.Value))]);
    }
}
