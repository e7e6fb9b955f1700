namespace EdgeSensors.Hub.Blocklists.Publish;

/// <summary>What came of a tier.</summary>
/// <param name="Tier">Which.</param>
/// <param name="Version">Its version now.</param>
/// <param name="EntryCount">Entries.</param>
/// <param name="SnapshotOctets">Octets of the new snapshot; 0 when nothing changed.</param>
/// <param name="Snapshot">The new snapshot; null when nothing changed.</param>
/// <param name="Deltas">Deltas that lead to it.</param>
internal sealed record PublishedTier(Tier Tier, long Version, int EntryCount, int SnapshotOctets, byte[]? Snapshot, IReadOnlyList<(long From, int Octets)> Deltas);
