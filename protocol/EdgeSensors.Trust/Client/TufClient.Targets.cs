using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Client;

public sealed partial class TufClient
{
    // §5.6.1 to §5.6.6, for targets and for every delegated role. The keys are those of the role's delegator on the way that led here:
    // a stored file that another delegator's keys verified is verified anew.
    internal async Task<TufResult<SignedMetadata<Targets>>> UpdateTargetsAsync(
        Run run, Root root, Snapshot snapshot, string role, RoleKeys keys, IReadOnlyDictionary<string, TufKey> keyTable)
    {
        if (snapshot.Find(role) is not { } expected)
        {
            return Refuse(TufErrorKind.NotInSnapshot, "5.6.1", "the snapshot does not list this role");
        }

        if (IsUnproved(expected))
        {
            return Refuse(TufErrorKind.ProofRefused, "5.6.2", Unproved);
        }

        if (_store.Read(role, _limits.MaxTargetsBytes) is { } stored
            && expected.File.Mismatch(stored) is null
            && MetadataReader.TryReadTargets(stored, _limits.MaxTargetsBytes, out var trusted, out _)
            && trusted.Signed.Version == expected.Version
            && trusted.IsVerifiedBy(keys, keyTable))
        {
            return Freeze(trusted.Signed, run.Start, role, "5.6.5") is { } expired
                ? TufResult<SignedMetadata<Targets>>.Of(expired)
                : TufResult<SignedMetadata<Targets>>.Of(trusted);
        }

        // §5.6.1.
        var encoded = Uri.EscapeDataString(role);
        var fileName = root.ConsistentSnapshot ? $"{expected.Version}.{encoded}.json" : $"{encoded}.json";
        var maxBytes = Math.Min(expected.File.Length ?? _limits.MaxTargetsBytes, _limits.MaxTargetsBytes);
        if (!(await FetchAsync(run, role, "5.6.1", fileName, maxBytes)).TryGet(out var fetched, out var error))
        {
            return TufResult<SignedMetadata<Targets>>.Of(error);
        }

        // §5.6.2: the hashes in the snapshot, where it has any.
        if (expected.File.Mismatch(fetched.Bytes.Span) is { } mismatch)
        {
            return Refuse(TufErrorKind.HashMismatch, "5.6.2", $"{fileName} {mismatch}");
        }

        if (!MetadataReader.TryReadTargets(fetched.Bytes, _limits.MaxTargetsBytes, out var candidate, out var fault))
        {
            return TufResult<SignedMetadata<Targets>>.Of(Unreadable(fault, role, "5.6.3"));
        }

        // §5.6.3: arbitrary software attack.
        if (!candidate.IsVerifiedBy(keys, keyTable))
        {
            return TufResult<SignedMetadata<Targets>>.Of(Threshold(candidate, keys, keyTable, role, "5.6.3"));
        }

        // §5.6.4: mix-and-match attack.
        if (candidate.Signed.Version != expected.Version)
        {
            return Refuse(TufErrorKind.WrongVersion, "5.6.4", $"it is version {candidate.Signed.Version}; the snapshot names {expected.Version}");
        }

        // §5.6.5: freeze attack.
        if (Freeze(candidate.Signed, run.Start, role, "5.6.5") is { } frozen)
        {
            return TufResult<SignedMetadata<Targets>>.Of(frozen);
        }

        // §5.6.6.
        _store.Write(role, candidate.File.Span);
        return TufResult<SignedMetadata<Targets>>.Of(candidate);

        TufResult<SignedMetadata<Targets>> Refuse(TufErrorKind kind, string step, string message) =>
            TufResult<SignedMetadata<Targets>>.Of(new TufError(kind, role, step, message));
    }
}
