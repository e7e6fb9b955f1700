namespace EdgeSensors.Trust.Repository;

/// <summary>Where a repository and its keys lie; the three must not lie in one another.</summary>
/// <param name="Repository">The repository, served to all.</param>
/// <param name="OnlineKeys">Keys that the hub uses unattended.</param>
/// <param name="OfflineKeys">Encrypted keys, to be taken off the machine.</param>
public sealed record RepositoryFolders(string Repository, string OnlineKeys, string OfflineKeys);
