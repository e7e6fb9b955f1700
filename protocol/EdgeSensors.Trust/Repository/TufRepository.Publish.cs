using EdgeSensors.Trust.Disk;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Trust.Repository;

public sealed partial class TufRepository
{
    /// <summary>Signs a change and brings it out, whole or not at all.</summary>
    /// <param name="change">The change.</param>
    /// <param name="keys">All keys that it needs.</param>
    /// <param name="beforeItLeaves">Called with the root's next version and those of the roles of offline keys when all is signed in memory, and nothing written: what it throws stops it.</param>
    public RepositoryResult<Publication> Publish(RepositoryChange change, KeyRing keys, Action<VersionStep>? beforeItLeaves = null)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(keys);
        return Guard(() =>
        {
            using var taken = TakeLock();
            var plan = new PublicationPlan(this, RepositoryState.Load(MetadataDirectory), change);
            var draft = new PublicationDraft(this, plan, keys);
            beforeItLeaves?.Invoke(VersionStep.Of(plan, RepositoryState.LoadRoot(MetadataDirectory, plan.State.Root.Version)));
            return Bring(draft);
        });
    }

    /// <summary>Makes of a change a request for the signatures that it needs. Nothing is published, and no key is needed.</summary>
    /// <param name="change">The change.</param>
    /// <param name="reason">Why, for whoever is to sign: one line of at most 1,000 characters.</param>
    public RepositoryResult<SigningRequest> Prepare(RepositoryChange change, string reason)
    {
        ArgumentNullException.ThrowIfNull(change);
        return Guard(() =>
        {
            using var taken = TakeLock();
            var state = RepositoryState.Load(MetadataDirectory);
            var roots = Enumerable.Range(1, (int)state.Root.Version).Select(version => RepositoryState.LoadRoot(MetadataDirectory, version)).TakeLast(Client.TufLimits.Default.MaxRootRotations);
            return SigningRequest.Of(
                new PublicationPlan(this, state, change), [.. roots], (name, file) => File.ReadAllBytes(TargetPath(name, file)), reason, Protocol.UnixMilliseconds.Now(_time));
        });
    }

    /// <summary>
    /// Publishes what was signed elsewhere, whole or not at all: if enough have signed, and if it still follows what is published. The ring needs the online keys only, and may add signatures.
    /// </summary>
    /// <param name="request">What was signed.</param>
    /// <param name="keys">The online keys, and any that are to sign it besides.</param>
    /// <param name="beforeItLeaves">Called when all is signed in memory, and nothing written: what it throws stops it.</param>
    public RepositoryResult<Publication> Apply(SigningRequest request, KeyRing keys, Action? beforeItLeaves = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(keys);
        return Guard(() =>
        {
            using var taken = TakeLock();
            var draft = new PublicationDraft(this, new PublicationPlan(this, RepositoryState.Load(MetadataDirectory), request), keys);
            beforeItLeaves?.Invoke();
            return Bring(draft);
        });
    }

    /// <summary>
    /// Signs anew what the ring can sign and what has less than half of its life before it; a hub calls this now and then. The
    /// timestamp is signed anew in any case when something else is.
    /// </summary>
    /// <returns>The publication; one with the present versions and no roles when nothing was due.</returns>
    public RepositoryResult<Publication> RenewExpiring(KeyRing keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return Guard(() =>
        {
            using var taken = TakeLock();
            RemoveTemporaries();
            var state = RepositoryState.Load(MetadataDirectory);
            var change = new RepositoryChange();
            foreach (var role in state.Tree.All().Select(delegation => delegation.Role))
            {
                if (CanSign(role.Keys, keys) && IsDue(role.Name, state.Find(role.Name)))
                {
                    change.Renew(role.Name);
                }
            }

            foreach (var (role, payload) in new (string, SignedPayload)[] { (TopLevelRole.Snapshot, state.Snapshot), (TopLevelRole.Timestamp, state.Timestamp) })
            {
                if (CanSign(state.Root.Roles[role], keys) && IsDue(role, payload))
                {
                    change.Renew(role);
                }
            }

            if (change.Renewals.Count > 0)
            {
                return Bring(new PublicationPlan(this, state, change), keys);
            }

            var present = File.ReadAllBytes(TimestampPath);
            return new Publication(state.Timestamp.Version, state.Snapshot.Version, [], present, present);
        });
    }

    private Publication Bring(PublicationPlan plan, KeyRing keys) => Bring(new PublicationDraft(this, plan, keys));

    private Publication Bring(PublicationDraft draft)
    {
        // 1. Targets: their names carry their hashes, so nothing that is in use is touched.
        foreach (var (path, bytes) in draft.TargetFiles)
        {
            var folder = Path.GetDirectoryName(path)!;
            if (!System.IO.Directory.Exists(folder))
            {
                System.IO.Directory.CreateDirectory(folder);
                AtomicFile.SyncDirectory(TargetsDirectory);
            }

            Put(path, bytes);
        }

        foreach (var folder in draft.TargetFiles.Select(file => Path.GetDirectoryName(file.Path)!).Distinct(StringComparer.Ordinal))
        {
            AtomicFile.SyncDirectory(folder);
        }

        // 2. Versioned metadata: no timestamp names these yet. The root goes last, since clients ask for it by number.
        foreach (var (path, bytes) in draft.MetadataFiles)
        {
            Put(path, bytes);
        }

        AtomicFile.SyncDirectory(MetadataDirectory);

        // 3. The timestamp makes it visible, at once and whole.
        var before = File.Exists(TimestampPath) ? File.ReadAllBytes(TimestampPath) : [];
        Put(TimestampPath, draft.TimestampFile);
        AtomicFile.SyncDirectory(MetadataDirectory);

        return new Publication(draft.TimestampVersion, draft.SnapshotVersion, draft.Roles, draft.TimestampFile, before);
    }

    private void Put(string path, ReadOnlyMemory<byte> bytes)
    {
        _beforeStep(path);
        AtomicFile.Write(path, bytes.Span);
    }

    /// <summary>
    /// Deletes, and names, versions that no client can still be in the middle of, roots excepted. Whoever logs what is published calls this after having done so: a publication itself
    /// deletes nothing, so that no version can go unlogged.
    /// </summary>
    public RepositoryResult<IReadOnlyList<string>> Forget() => Guard<IReadOnlyList<string>>(() =>
    {
        using var taken = TakeLock();
        var state = RepositoryState.Load(MetadataDirectory);
        var current = state.Snapshot.Meta.ToDictionary(meta => Path.GetFileNameWithoutExtension(meta.Key), meta => meta.Value.Version, StringComparer.Ordinal);
        current[TopLevelRole.Snapshot] = state.Snapshot.Version;
        current[TopLevelRole.Timestamp] = state.Timestamp.Version;
        var kept = new HashSet<string>(StringComparer.Ordinal);
        var old = new List<string>();
        foreach (var path in System.IO.Directory.EnumerateFiles(MetadataDirectory))
        {
            if (Path.GetFileName(path).Split('.', 3) is not [var number, var role, var extension] || !long.TryParse(number, out var version)
                || !current.TryGetValue(role, out var newest))
            {
                continue;
            }

            if (version <= newest - _options.KeptVersions)
            {
                old.Add(path);
            }
            else if (extension == "json" && role is not (TopLevelRole.Snapshot or TopLevelRole.Timestamp) && RepositoryState.LoadTargets(MetadataDirectory, version, role) is { } targets)
            {
                kept.UnionWith(targets.Files.Select(file => TargetPath(file.Key, file.Value)));
            }
        }

        // Nothing is being published now, so that a target which no kept version lists is of the past.
        old.AddRange(System.IO.Directory.EnumerateFiles(TargetsDirectory, "*", SearchOption.AllDirectories).Where(path => !kept.Contains(path)));
        foreach (var path in old)
        {
            _beforeStep(path);
            File.Delete(path);
        }

        return old;
    });

    // Left by a publication that was killed; under the lock there is no other.
    private void RemoveTemporaries()
    {
        foreach (var path in new[] { MetadataDirectory, TargetsDirectory }
            .Where(System.IO.Directory.Exists)
            .SelectMany(folder => System.IO.Directory.EnumerateFiles(folder, "*.tmp", SearchOption.AllDirectories)))
        {
            File.Delete(path);
        }
    }

    private bool IsDue(string role, SignedPayload? payload) =>
        payload is null || payload.Expires - _time.GetUtcNow() < _options.LifetimeOf(role) / 2;

    private static bool CanSign(RoleKeys role, KeyRing keys) => keys.Of(role.KeyIds).Count >= role.Threshold;

    private FileStream TakeLock() => FileLock.Take(Path.Combine(Directory, ".lock"), _options.LockPatience, _time)
        ?? throw new TimeoutException($"another process is publishing in {Directory}; try again when it is done");

    internal DateTimeOffset ExpiryOf(string role) => _time.GetUtcNow() + _options.LifetimeOf(role);

    internal string TargetPathFor(string name, FileHashes file) => TargetPath(name, file);
}
