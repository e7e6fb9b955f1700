using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>How long signatures last, and how much of the past is kept. The online roles expire soon, so that a client that is cut off knows.</summary>
public sealed record RepositoryOptions
{
    /// <summary>The defaults.</summary>
    public static RepositoryOptions Default { get; } = new();

    /// <summary>Root, top-level targets and the offline delegated roles.</summary>
    public TimeSpan OfflineLifetime { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Snapshot and control.</summary>
    public TimeSpan OnlineLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Timestamp.</summary>
    public TimeSpan TimestampLifetime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Past versions of each role that stay on disk, for clients in the middle of an update. Roots stay for ever.</summary>
    public int KeptVersions { get; init; } = 32;

    /// <summary>How long to wait for another process that is publishing.</summary>
    public TimeSpan LockPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a role's signatures last.</summary>
    public TimeSpan LifetimeOf(string role) => role switch
    {
        TopLevelRole.Timestamp => TimestampLifetime,
        TopLevelRole.Snapshot or RepositoryRoles.Control => OnlineLifetime,
        _ => OfflineLifetime,
    };
}
