namespace EdgeSensors.Trust.Repository;

/// <summary>What a publication brought out.</summary>
/// <param name="TimestampVersion">The version of the timestamp that makes it visible.</param>
/// <param name="SnapshotVersion">The version of the snapshot.</param>
/// <param name="Roles">The targets roles that were signed anew.</param>
/// <param name="TimestampFile">The bytes of <c>timestamp.json</c>, for the notification.</param>
/// <param name="Follows">The bytes of the <c>timestamp.json</c> whose place it took: others than the publisher has read when somebody else published meanwhile.</param>
public sealed record Publication(long TimestampVersion, long SnapshotVersion, IReadOnlyList<string> Roles, ReadOnlyMemory<byte> TimestampFile, ReadOnlyMemory<byte> Follows);
