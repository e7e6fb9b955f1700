using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Client;

public sealed partial class TufClient
{
    /// <summary>A timestamp, and who saw it in the log; nobody where nothing is asked of the log.</summary>
    private sealed record WitnessedTimestamp(SignedMetadata<Timestamp> Metadata, Log.WitnessedEntry Witnessed);

    // §5.4.
    private async Task<TufResult<WitnessedTimestamp>> UpdateTimestampAsync(Run run, SignedMetadata<Root> root)
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
            return Freeze(trusted.Signed, run.Start, Role, "5.4.4") is { } expired ? TufResult<WitnessedTimestamp>.Of(expired) : await WitnessAsync(trusted);
        }

        // §5.4.1.
        if (!(await FetchAsync(run, Role, "5.4.1", "timestamp.json", _limits.MaxTimestampBytes)).TryGet(out var fetched, out var error))
        {
            return TufResult<WitnessedTimestamp>.Of(error);
        }

        if (!MetadataReader.TryReadTimestamp(fetched.Bytes, _limits.MaxTimestampBytes, out var candidate, out var fault))
        {
            return TufResult<WitnessedTimestamp>.Of(Unreadable(fault, Role, "5.4.2"));
        }

        // §5.4.2: arbitrary software attack.
        if (!candidate.IsVerifiedBy(keys, root.Signed.Keys))
        {
            return TufResult<WitnessedTimestamp>.Of(Threshold(candidate, keys, root.Signed.Keys, Role, "5.4.2"));
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
            return TufResult<WitnessedTimestamp>.Of(frozen);
        }

        // It names all other metadata by hash, so that its proof is the proof of all. Before the timestamp is stored, so that what is stored was proved.
        var proving = await WitnessAsync(candidate);

        // §5.4.5.
        if (proving.IsSuccess && !ReferenceEquals(candidate, trusted))
        {
            _store.Write(Role, candidate.File.Span);
        }

        return proving;

        async Task<TufResult<WitnessedTimestamp>> WitnessAsync(SignedMetadata<Timestamp> timestamp) =>
            (await ProveAsync(run, root.Signed, timestamp, Role, "5.4.4")).TryGet(out var witnessed, out var unproven)
                ? TufResult<WitnessedTimestamp>.Of(new WitnessedTimestamp(timestamp, witnessed))
                : TufResult<WitnessedTimestamp>.Of(unproven);

        static TufResult<WitnessedTimestamp> Rollback(string step, string message) =>
            TufResult<WitnessedTimestamp>.Of(new TufError(TufErrorKind.Rollback, Role, step, message));
    }
}
