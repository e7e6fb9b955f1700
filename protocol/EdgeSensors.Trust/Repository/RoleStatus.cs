namespace EdgeSensors.Trust.Repository;

/// <summary>How a role of the repository stands.</summary>
/// <param name="Role">Its name, see <see cref="RepositoryRoles"/> and <see cref="Metadata.TopLevelRole"/>.</param>
/// <param name="Version">The version in force.</param>
/// <param name="Expires">When it expires.</param>
public sealed record RoleStatus(string Role, long Version, DateTimeOffset Expires);
