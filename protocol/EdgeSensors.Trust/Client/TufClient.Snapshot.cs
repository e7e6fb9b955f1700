using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Client;

public sealed partial class TufClient
{
    // §5.5.
    private async Task<TufResult<SignedMetadata<Snapshot>>> UpdateSnapshotAsync(Run run, SignedMetadata<Root> root, SignedMetadata<Timestamp> timestamp)
    {
        const string Role = TopLevelRole.Snapshot;
        var keys = root.Signed.Roles[Role];
        var expected = timestamp.Signed.Snapshot;

        if (IsUnproved(expected))
        {
            return Refuse(TufErrorKind.ProofRefused, "5.5.2", Unproved);
        }

        SignedMetadata<Snapshot>? trusted = null;
        if (_store.Read(Role, _limits.MaxSnapshotBytes) is { } stored
            && MetadataReader.TryReadSnapshot(stored, _limits.MaxSnapshotBytes, out var read, out _)
            && read.IsVerifiedBy(keys, root.Signed.Keys))
        {
            trusted = read;
        }

        // What is stored is current: nothing to fetch, but it may have expired since.
        if (trusted is not null && trusted.Signed.Version == expected.Version && expected.File.Mismatch(trusted.File.Span) is null)
        {
            return Freeze(trusted.Signed, run.Start, Role, "5.5.6") is { } expired
                ? TufResult<SignedMetadata<Snapshot>>.Of(expired)
                : TufResult<SignedMetadata<Snapshot>>.Of(trusted);
        }

        // §5.5.1: no longer than the timestamp says, nor than the bound.
        var fileName = root.Signed.ConsistentSnapshot ? $"{expected.Version}.snapshot.json" : "snapshot.json";
        var maxBytes = Math.Min(expected.File.Length ?? _limits.MaxSnapshotBytes, _limits.MaxSnapshotBytes);
        if (!(await FetchAsync(run, Role, "5.5.1", fileName, maxBytes)).TryGet(out var fetched, out var error))
        {
            return TufResult<SignedMetadata<Snapshot>>.Of(error);
        }

        // §5.5.2: the hashes in the timestamp, where it has any.
        if (expected.File.Mismatch(fetched.Bytes.Span) is { } mismatch)
        {
            return Refuse(TufErrorKind.HashMismatch, "5.5.2", $"{fileName} {mismatch}");
        }

        if (!MetadataReader.TryReadSnapshot(fetched.Bytes, _limits.MaxSnapshotBytes, out var candidate, out var fault))
        {
            return TufResult<SignedMetadata<Snapshot>>.Of(Unreadable(fault, Role, "5.5.3"));
        }

        // §5.5.3: arbitrary software attack.
        if (!candidate.IsVerifiedBy(keys, root.Signed.Keys))
        {
            return TufResult<SignedMetadata<Snapshot>>.Of(Threshold(candidate, keys, root.Signed.Keys, Role, "5.5.3"));
        }

        // §5.5.4: mix-and-match attack.
        if (candidate.Signed.Version != expected.Version)
        {
            return Refuse(TufErrorKind.WrongVersion, "5.5.4", $"it is version {candidate.Signed.Version}; the timestamp names {expected.Version}");
        }

        // §5.5.5: rollback attack on any targets role; a role that was there may not leave.
        foreach (var (name, before) in trusted?.Signed.Meta ?? new Dictionary<string, MetaFile>())
        {
            if (!candidate.Signed.Meta.TryGetValue(name, out var now))
            {
                return Refuse(TufErrorKind.Rollback, "5.5.5", $"{name} has left the snapshot");
            }

            if (now.Version < before.Version)
            {
                return Refuse(TufErrorKind.Rollback, "5.5.5", $"{name} goes back from version {before.Version} to {now.Version}");
            }
        }

        // §5.5.6: freeze attack.
        if (Freeze(candidate.Signed, run.Start, Role, "5.5.6") is { } frozen)
        {
            return TufResult<SignedMetadata<Snapshot>>.Of(frozen);
        }

        // §5.5.7.
        _store.Write(Role, candidate.File.Span);
        return TufResult<SignedMetadata<Snapshot>>.Of(candidate);

        static TufResult<SignedMetadata<Snapshot>> Refuse(TufErrorKind kind, string step, string message) =>
            TufResult<SignedMetadata<Snapshot>>.Of(new TufError(kind, Role, step, message));
    }
}
