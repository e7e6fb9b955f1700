using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Client;

public sealed partial class TufClient
{
    /// <summary>Where a target was found.</summary>
    internal sealed record FoundTarget(string Name, string Role, long RoleVersion, FileHashes File);

    private readonly record struct Visit(string Role, RoleKeys Keys, IReadOnlyDictionary<string, TufKey> KeyTable);

    // §5.6.7: a pre-order depth-first search of the delegations for one target.
    internal async Task<TufResult<FoundTarget>> SearchAsync(Run run, VerifiedRepository repository, string targetName)
    {
        var visited = new HashSet<string>(StringComparer.Ordinal);
        var toVisit = new Stack<Visit>();
        toVisit.Push(new Visit(TopLevelRole.Targets, repository.Root.Roles[TopLevelRole.Targets], repository.Root.Keys));
        while (toVisit.TryPop(out var visit))
        {
            // §5.6.7.1: each role once, and no more of them than the bound.
            if (!visited.Add(visit.Role))
            {
                continue;
            }

            if (visited.Count > _limits.MaxDelegations + 1)
            {
                return Refuse(TufErrorKind.TooManyDelegations, "5.6.7.1", $"the search met more than {_limits.MaxDelegations} delegated roles");
            }

            var update = visit.Role == TopLevelRole.Targets
                ? TufResult<SignedMetadata<Targets>>.Of(repository.Targets)
                : await UpdateTargetsAsync(run, repository.Root, repository.Snapshot, visit.Role, visit.Keys, visit.KeyTable);
            if (!update.TryGet(out var targets, out var error))
            {
                return TufResult<FoundTarget>.Of(error);
            }

            if (targets.Signed.Files.TryGetValue(targetName, out var file))
            {
                return TufResult<FoundTarget>.Of(new FoundTarget(targetName, visit.Role, targets.Signed.Version, file));
            }

            // §5.6.7.2: the delegations that cover the path, in their order; a terminating one ends the search beyond its own subtree.
            var children = new List<Visit>();
            foreach (var child in targets.Signed.Delegations?.Roles.Where(child => child.Covers(targetName)) ?? [])
            {
                children.Add(new Visit(child.Name, child.Keys, targets.Signed.Delegations!.Keys));
                if (child.Terminating)
                {
                    toVisit.Clear();
                    break;
                }
            }

            for (var i = children.Count - 1; i >= 0; i--)
            {
                toVisit.Push(children[i]);
            }
        }

        return Refuse(TufErrorKind.TargetNotFound, "5.6.7", "no role that may speak of it lists it");

        TufResult<FoundTarget> Refuse(TufErrorKind kind, string step, string message) =>
            TufResult<FoundTarget>.Of(new TufError(kind, targetName, step, message));
    }

    // §5.7.
    internal async Task<TufResult<VerifiedTarget>> FetchTargetAsync(VerifiedRepository repository, string targetName, CancellationToken cancellationToken)
    {
        if (!IsSafe(targetName))
        {
            return Refuse(TufErrorKind.UnsafeName, "5.7.1", "this name cannot safely name a file");
        }

        try
        {
            var run = new Run(repository.Online, _time.GetUtcNow(), cancellationToken);
            if (repository.Frozen(run.Start) is { } frozen)
            {
                return TufResult<VerifiedTarget>.Of(frozen);
            }

            if (!(await SearchAsync(run, repository, targetName)).TryGet(out var found, out var error))
            {
                return TufResult<VerifiedTarget>.Of(error);
            }

            // What was fetched before and still has the signed hash is not fetched again.
            var length = found.File.Length ?? 0;
            if (length <= _limits.MaxTargetBytes && _targetStore?.Read(targetName, length) is { } stored && found.File.Mismatch(stored) is null)
            {
                return Verified(found, stored);
            }

            if (length > _limits.MaxTargetBytes)
            {
                return Refuse(TufErrorKind.TooLarge, "5.7.2", $"it has {length} bytes; at most {_limits.MaxTargetBytes} are fetched");
            }

            if (found.File.Prefix is null)
            {
                return Refuse(TufErrorKind.HashMismatch, "5.7.2", found.File.Mismatch([])!);
            }

            // §5.7.2 and §5.7.3: a consistent snapshot puts the hash before the file's name.
            var outcome = run.Online
                ? await _transport.FetchTargetAsync(PathOf(repository, found), length, cancellationToken)
                : new FetchOutcome(FetchStatus.Unreachable, default, "it is not stored and the repository is not asked");
            if (outcome.Status != FetchStatus.Fetched)
            {
                return TufResult<VerifiedTarget>.Of(Failed(outcome, targetName, "5.7.3", "the target"));
            }

            if (found.File.Mismatch(outcome.Bytes.Span) is { } mismatch)
            {
                return Refuse(TufErrorKind.HashMismatch, "5.7.3", $"the target {mismatch}");
            }

            _targetStore?.Write(targetName, outcome.Bytes.Span);
            return Verified(found, outcome.Bytes);
        }
        catch (Exception exception) when (IsStoreFailure(exception))
        {
            return TufResult<VerifiedTarget>.Of(StoreFailed(targetName, exception));
        }

        static TufResult<VerifiedTarget> Verified(FoundTarget found, ReadOnlyMemory<byte> bytes) => TufResult<VerifiedTarget>.Of(new VerifiedTarget(
            found.Name, found.Role, found.RoleVersion, bytes, FileHashes.Of(bytes.Span).Prefix!));

        TufResult<VerifiedTarget> Refuse(TufErrorKind kind, string step, string message) =>
            TufResult<VerifiedTarget>.Of(new TufError(kind, targetName, step, message));
    }

    private static string PathOf(VerifiedRepository repository, FoundTarget found)
    {
        var segments = found.Name.Split('/').Select(Uri.EscapeDataString).ToArray();
        if (repository.Root.ConsistentSnapshot)
        {
            segments[^1] = $"{found.File.Prefix}.{segments[^1]}";
        }

        return string.Join('/', segments);
    }

    // The name becomes a URL's path and a file's name: no segment may climb, and none may be empty.
    private static bool IsSafe(string targetName) =>
        targetName is { Length: > 0 and <= 1024 }
        && !targetName.Any(char.IsControl)
        && targetName.Split('/').All(segment => segment is not ("" or "." or ".."));
}
