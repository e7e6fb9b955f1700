using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Client;

public sealed partial class TufClient
{
    // §5.2 and §5.3.
    private async Task<TufResult<SignedMetadata<Root>>> UpdateRootAsync(Run run)
    {
        // §5.2: load the trusted root. It is checked against itself: a damaged disk must not become an anchor of trust.
        if (_store.Read(TopLevelRole.Root, _limits.MaxRootBytes) is not { } stored)
        {
            return NoTrustedRoot("there is no trusted root.json; initialise the client with one first");
        }

        if (!ReadRoot(stored, "5.2", out var trusted, out var error))
        {
            return NoTrustedRoot($"the trusted root.json cannot be used: {error.Message}");
        }

        if (!trusted.IsVerifiedBy(trusted.Signed.Roles[TopLevelRole.Root], trusted.Signed.Keys))
        {
            return NoTrustedRoot("the trusted root.json is not signed by its own keys");
        }

        for (var rotations = 0; run.Online; rotations++)
        {
            // §5.3.2: try version N+1 until there is none, which ends the chain; any other failure could hide a rotation.
            var next = trusted.Signed.Version + 1;
            if (rotations == _limits.MaxRootRotations)
            {
                return Refuse(TufErrorKind.TooLarge, "5.3.2", $"more than {_limits.MaxRootRotations} new roots follow one another");
            }

            if (!(await FetchAsync(run, TopLevelRole.Root, "5.3.3", $"{next}.root.json", _limits.MaxRootBytes)).TryGet(out var fetched, out error))
            {
                if (error.Kind == TufErrorKind.NotFound)
                {
                    break;
                }

                return TufResult<SignedMetadata<Root>>.Of(error);
            }

            if (!ReadRoot(fetched.Bytes, "5.3.4", out var candidate, out error))
            {
                return TufResult<SignedMetadata<Root>>.Of(error);
            }

            // §5.3.4: arbitrary software attack. A threshold of the old root's keys and one of the new root's must have signed.
            foreach (var signedBy in new[] { trusted.Signed, candidate.Signed })
            {
                if (!candidate.IsVerifiedBy(signedBy.Roles[TopLevelRole.Root], signedBy.Keys))
                {
                    return TufResult<SignedMetadata<Root>>.Of(
                        Threshold(candidate, signedBy.Roles[TopLevelRole.Root], signedBy.Keys, TopLevelRole.Root, "5.3.4"));
                }
            }

            // §5.3.5: rollback attack. The version is exactly N+1. (§5.3.6: its expiry does not matter yet.)
            if (candidate.Signed.Version != next)
            {
                var kind = candidate.Signed.Version < next ? TufErrorKind.Rollback : TufErrorKind.WrongVersion;
                return Refuse(kind, "5.3.5", $"{next}.root.json holds version {candidate.Signed.Version}");
            }

            // A root that its predecessor's witnesses have not seen, or that would do without witnesses, is refused like one without signatures.
            if (!(await ProveAsync(run, trusted.Signed, candidate, TopLevelRole.Root, "5.3.5")).TryGet(out _, out error))
            {
                return TufResult<SignedMetadata<Root>>.Of(error);
            }

            if (_witnessed && candidate.Signed.WitnessPolicy is null)
            {
                return Refuse(TufErrorKind.NoWitnessPolicy, "5.3.5", $"{next}.root.json would do without witnesses");
            }

            // §5.3.7 and §5.3.8: trust and store it.
            _store.Write(TopLevelRole.Root, candidate.File.Span);

            // §5.3.11, taken at every link of the chain so that a broken connection cannot leave it out: rotated timestamp or snapshot
            // keys are how a repository recovers from a fast-forward attack, so what the old keys signed is forgotten.
            if (!trusted.Signed.Roles[TopLevelRole.Timestamp].HasSameKeys(candidate.Signed.Roles[TopLevelRole.Timestamp])
                || !trusted.Signed.Roles[TopLevelRole.Snapshot].HasSameKeys(candidate.Signed.Roles[TopLevelRole.Snapshot]))
            {
                _store.Delete(TopLevelRole.Timestamp);
                _store.Delete(TopLevelRole.Snapshot);
            }

            trusted = candidate; // §5.3.9: repeat
        }

        // §5.3.10: freeze attack. (§5.3.12, consistent snapshots, is read from the root wherever it matters.)
        return Freeze(trusted.Signed, run.Start, TopLevelRole.Root, "5.3.10") is { } frozen
            ? TufResult<SignedMetadata<Root>>.Of(frozen)
            : TufResult<SignedMetadata<Root>>.Of(trusted);
    }

    private bool ReadRoot(
        ReadOnlyMemory<byte> file,
        string step,
        [NotNullWhen(true)] out SignedMetadata<Root>? root,
        [NotNullWhen(false)] out TufError? error)
    {
        error = MetadataReader.TryReadRoot(file, _limits.MaxRootBytes, out root, out var fault) ? null : Unreadable(fault, TopLevelRole.Root, step);
        return root is not null && error is null;
    }

    private static TufResult<SignedMetadata<Root>> NoTrustedRoot(string message) => Refuse(TufErrorKind.NoTrustedRoot, "5.2", message);

    private static TufResult<SignedMetadata<Root>> Refuse(TufErrorKind kind, string step, string message) =>
        TufResult<SignedMetadata<Root>>.Of(new TufError(kind, TopLevelRole.Root, step, message));
}
