namespace EdgeSensors.Trust.Client;

/// <summary>The client's bounds; what a repository sends beyond them is refused. The defaults fit a national repository.</summary>
public sealed record TufLimits
{
    /// <summary>The defaults.</summary>
    public static TufLimits Default { get; } = new();

    /// <summary>Most bytes of a root.json.</summary>
    public int MaxRootBytes { get; init; } = 512 * 1024;

    /// <summary>Most bytes of timestamp.json, whose length nothing signs.</summary>
    public int MaxTimestampBytes { get; init; } = 16 * 1024;

    /// <summary>Most bytes of snapshot.json.</summary>
    public int MaxSnapshotBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>Most bytes of targets.json or a delegated role's metadata.</summary>
    public int MaxTargetsBytes { get; init; } = 5 * 1024 * 1024;

    /// <summary>Most bytes of a target.</summary>
    public int MaxTargetBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Most new roots in one refresh (specification §5.3.2).</summary>
    public int MaxRootRotations { get; init; } = 256;

    /// <summary>Most delegated roles visited in one search (specification §5.6.7.1).</summary>
    public int MaxDelegations { get; init; } = 32;
}
