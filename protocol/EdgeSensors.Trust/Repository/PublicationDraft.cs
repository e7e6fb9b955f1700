using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>A plan carried out in memory: every file of the next state, with enough signatures, before the first byte is written.</summary>
internal sealed class PublicationDraft
{
    private readonly TufRepository _repository;
    private readonly KeyRing _keys;

    public PublicationDraft(TufRepository repository, PublicationPlan plan, KeyRing keys)
    {
        _repository = repository;
        _keys = keys;
        var state = plan.State;
        var meta = new Dictionary<string, MetaFile>(state.Snapshot.Meta, StringComparer.Ordinal);
        foreach (var (name, content) in plan.Contents)
        {
            TargetFiles.Add((repository.TargetPathFor(name, content.File), content.Bytes));
        }

        foreach (var (role, metadata) in plan.Roles.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var file = Sign(role, metadata, plan.DemandsOf(role));
            meta[$"{role}.json"] = new MetaFile(metadata.Signed.Version, FileHashes.Of(file.Span));
            Roles.Add(role);
        }

        SnapshotVersion = state.Snapshot.Version;
        var snapshotFile = state.Timestamp.Snapshot;
        if (plan.RenewsSnapshot)
        {
            var snapshot = new Snapshot { Version = ++SnapshotVersion, Expires = repository.ExpiryOf(TopLevelRole.Snapshot), Meta = meta };
            var file = Sign(TopLevelRole.Snapshot, SignedMetadata<Snapshot>.Draft(snapshot), plan.DemandsOf(TopLevelRole.Snapshot));
            snapshotFile = new MetaFile(SnapshotVersion, FileHashes.Of(file.Span));
        }

        if (plan.Root is { } next)
        {
            Sign(TopLevelRole.Root, next, plan.DemandsOf(TopLevelRole.Root));
        }

        TimestampVersion = state.Timestamp.Version + 1;
        var timestamp = new Timestamp { Version = TimestampVersion, Expires = repository.ExpiryOf(TopLevelRole.Timestamp), Snapshot = snapshotFile };
        TimestampFile = Sign(TopLevelRole.Timestamp, SignedMetadata<Timestamp>.Draft(timestamp), plan.DemandsOf(TopLevelRole.Timestamp));
    }

    public List<(string Path, ReadOnlyMemory<byte> Bytes)> TargetFiles { get; } = [];

    /// <summary>In the order in which they are to be written.</summary>
    public List<(string Path, ReadOnlyMemory<byte> Bytes)> MetadataFiles { get; } = [];

    public List<string> Roles { get; } = [];

    public long SnapshotVersion { get; }

    public long TimestampVersion { get; }

    public ReadOnlyMemory<byte> TimestampFile { get; }

    // Adds what the ring can sign to what others have signed, and counts as a client will.
    private ReadOnlyMemory<byte> Sign<T>(string role, SignedMetadata<T> metadata, IReadOnlyList<Demand> demands)
        where T : SignedPayload
    {
        if (demands.Count == 0)
        {
            throw new RequestRefusedException(RepositoryErrorKind.Refused, role, "nobody delegates to this role; delegate to it first");
        }

        var asked = demands.SelectMany(demand => demand.Keys).DistinctBy(key => key.Id).ToList();
        var signed = metadata.Only(asked);
        signed = signed.With(_keys.Of(asked.Where(key => !signed.Signatures.Any(signature => signature.KeyId == key.Id)).Select(key => key.Id)));
        foreach (var demand in demands)
        {
            if (signed.CountSigners(demand.Role, demand.Table) is var held && held < demand.Role.Threshold)
            {
                throw new KeysMissingException(role, held, demand.Role.Threshold);
            }
        }

        MetadataFiles.Add((RepositoryState.PathOf(_repository.MetadataDirectory, metadata.Signed.Version, role), signed.File));
        return signed.File;
    }
}
