using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Client;

public sealed partial class TufClient
{
    // §5.4.
    private async Task<TufResult<SignedMetadata<Timestamp>>> UpdateTimestampAsync(Run run, SignedMetadata<Root> root)
    {
        const string Role = TopLevelRole.Timestamp;
        var keys = root.Signed.Roles[Role];

        // What is stored counts only while the current root's keys vouch for it; expired, it still guards against rollback.
        SignedMetadata<Timestamp>? trusted = null;
        if (_store.Read(Role, _limits.MaxTimestampBytes) is { } stored
            && MetadataReader.TryReadTimestamp(stored, _limits.MaxTimestampBytes, out var read, out _)
            && read.IsVerifiedBy(keys, root.Signed.Keys))
        {
            trusted = read;
        }

        if (!run.Online && trusted is not null)
        {
            return Freeze(trusted.Signed, run.Start, Role, "5.4.4") is { } expired
                ? TufResult<SignedMetadata<Timestamp>>.Of(expired)
                : TufResult<SignedMetadata<Timestamp>>.Of(trusted);
        }

        // §5.4.1.
        if (!(await FetchAsync(run, Role, "5.4.1", "timestamp.json", _limits.MaxTimestampBytes)).TryGet(out var fetched, out var error))
        {
            return TufResult<SignedMetadata<Timestamp>>.Of(error);
        }

        if (!MetadataReader.TryReadTimestamp(fetched.Bytes, _limits.MaxTimestampBytes, out var candidate, out var fault))
        {
            return TufResult<SignedMetadata<Timestamp>>.Of(Unreadable(fault, Role, "5.4.2"));
        }

        // §5.4.2: arbitrary software attack.
        if (!candidate.IsVerifiedBy(keys, root.Signed.Keys))
        {
            return TufResult<SignedMetadata<Timestamp>>.Of(Threshold(candidate, keys, root.Signed.Keys, Role, "5.4.2"));
        }

        if (trusted is not null)
        {
            // §5.4.3.1: rollback attack on the timestamp; the same version again is no news and is left alone.
            if (candidate.Signed.Version < trusted.Signed.Version)
            {
                return Rollback("5.4.3.1", $"version {candidate.Signed.Version} is older than the trusted {trusted.Signed.Version}");
            }

            if (candidate.Signed.Version == trusted.Signed.Version)
            {
                candidate = trusted;
            }

            // §5.4.3.2: rollback attack on the snapshot.
            if (candidate.Signed.Snapshot.Version < trusted.Signed.Snapshot.Version)
            {
                return Rollback(
                    "5.4.3.2", $"it names snapshot version {candidate.Signed.Snapshot.Version}, older than the trusted {trusted.Signed.Snapshot.Version}");
            }
        }

        // §5.4.4: freeze attack.
        if (Freeze(candidate.Signed, run.Start, Role, "5.4.4") is { } frozen)
        {
            return TufResult<SignedMetadata<Timestamp>>.Of(frozen);
        }

        // §5.4.5.
        if (!ReferenceEquals(candidate, trusted))
        {
            _store.Write(Role, candidate.File.Span);
        }

        return TufResult<SignedMetadata<Timestamp>>.Of(candidate);

        static TufResult<SignedMetadata<Timestamp>> Rollback(string step, string message) =>
            TufResult<SignedMetadata<Timestamp>>.Of(new TufError(TufErrorKind.Rollback, Role, step, message));
    }
}
