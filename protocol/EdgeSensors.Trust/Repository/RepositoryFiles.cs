namespace EdgeSensors.Trust.Repository;

/// <summary>The files that a timestamp makes visible, or one before it did; leftovers of a publication that was cut off are not among them.</summary>
/// <param name="Targets">Targets with their names, which their files' names hold with a hash.</param>
/// <param name="Metadata">Metadata, such that what a file names lies before it: delegated targets, targets, snapshots, roots, timestamps, each by version.</param>
public sealed record RepositoryFiles(IReadOnlyList<(string Name, string Path)> Targets, IReadOnlyList<string> Metadata);
