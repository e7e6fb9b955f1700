using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>A change carried out in memory: every file of the next state, signed, before the first byte is written.</summary>
internal sealed class PublicationDraft
{
    private readonly TufRepository _repository;
    private readonly KeyRing _keys;
    private readonly Dictionary<string, Targets> _changed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MetaFile> _meta;

    public PublicationDraft(TufRepository repository, RepositoryState state, KeyRing keys, RepositoryChange change)
    {
        _repository = repository;
        _keys = keys;
        _meta = new Dictionary<string, MetaFile>(state.Snapshot.Meta, StringComparer.Ordinal);

        var root = ChangeRoot(state.Root, change);
        var targets = ChangeDelegations(state.Targets, change);
        ChangeTargets(state with { Targets = targets }, change);
        Renew(state with { Targets = targets }, change);

        foreach (var (role, payload) in _changed.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var roleKeys = role == TopLevelRole.Targets
                ? root.Roles[role]
                : targets.Delegations!.Roles.First(delegated => delegated.Name == role).Keys;
            var file = Sign(role, payload, [roleKeys]);
            _meta[$"{role}.json"] = new MetaFile(payload.Version, FileHashes.Of(file.Span));
            Roles.Add(role);
        }

        SnapshotVersion = state.Snapshot.Version;
        var snapshotFile = state.Timestamp.Snapshot;
        if (_changed.Count > 0 || change.Renewals.Contains(TopLevelRole.Snapshot) || change.TopLevelKeys.ContainsKey(TopLevelRole.Snapshot))
        {
            var snapshot = new Snapshot { Version = ++SnapshotVersion, Expires = repository.ExpiryOf(TopLevelRole.Snapshot), Meta = _meta };
            var file = Sign(TopLevelRole.Snapshot, snapshot, [root.Roles[TopLevelRole.Snapshot]]);
            snapshotFile = new MetaFile(SnapshotVersion, FileHashes.Of(file.Span));
        }

        if (!ReferenceEquals(root, state.Root))
        {
            Sign(TopLevelRole.Root, root, [state.Root.Roles[TopLevelRole.Root], root.Roles[TopLevelRole.Root]]);
        }

        TimestampVersion = state.Timestamp.Version + 1;
        var timestamp = new Timestamp { Version = TimestampVersion, Expires = repository.ExpiryOf(TopLevelRole.Timestamp), Snapshot = snapshotFile };
        TimestampFile = Sign(TopLevelRole.Timestamp, timestamp, [root.Roles[TopLevelRole.Timestamp]]);
    }

    public List<(string Path, ReadOnlyMemory<byte> Bytes)> TargetFiles { get; } = [];

    /// <summary>In the order in which they are to be written.</summary>
    public List<(string Path, ReadOnlyMemory<byte> Bytes)> MetadataFiles { get; } = [];

    public List<string> Roles { get; } = [];

    public long SnapshotVersion { get; }

    public long TimestampVersion { get; }

    public ReadOnlyMemory<byte> TimestampFile { get; }

    private Root ChangeRoot(Root root, RepositoryChange change)
    {
        if (change.TopLevelKeys.Count == 0 && change.WitnessPolicy is null && !change.Renewals.Contains(TopLevelRole.Root))
        {
            return root;
        }

        var roles = new Dictionary<string, RoleKeys>(root.Roles, StringComparer.Ordinal);
        var keys = new Dictionary<string, TufKey>(root.Keys, StringComparer.Ordinal);
        foreach (var (role, (signers, threshold)) in change.TopLevelKeys)
        {
            roles[role] = new RoleKeys(signers.Select(key => key.Id).ToList(), threshold);
            foreach (var signer in signers)
            {
                keys[signer.Id] = signer.Public;
            }
        }

        var used = roles.Values.SelectMany(role => role.KeyIds).ToHashSet(StringComparer.Ordinal);
        return root with
        {
            Version = root.Version + 1,
            Expires = _repository.ExpiryOf(TopLevelRole.Root),
            Roles = roles,
            Keys = keys.Where(pair => used.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal),
            WitnessPolicy = change.WitnessPolicy ?? root.WitnessPolicy,
        };
    }

    private Targets ChangeDelegations(Targets targets, RepositoryChange change)
    {
        if (change.Delegations.Count == 0)
        {
            return targets;
        }

        var keys = new Dictionary<string, TufKey>(targets.Delegations?.Keys ?? new Dictionary<string, TufKey>(), StringComparer.Ordinal);
        var roles = targets.Delegations?.Roles.ToList() ?? [];
        foreach (var delegation in change.Delegations)
        {
            foreach (var key in delegation.Keys)
            {
                keys[key.Id] = key.Public;
            }

            var role = new DelegatedRole
            {
                Name = delegation.Role,
                Keys = new RoleKeys(delegation.Keys.Select(key => key.Id).ToList(), delegation.Threshold),
                Paths = [delegation.Path],
                Terminating = true, // nobody else speaks of its paths
            };
            var at = roles.FindIndex(known => known.Name == role.Name);
            if (at < 0)
            {
                roles.Add(role);
            }
            else
            {
                roles[at] = role;
            }
        }

        var used = roles.SelectMany(role => role.Keys.KeyIds).ToHashSet(StringComparer.Ordinal);
        targets = targets with { Delegations = new Delegations(keys.Where(pair => used.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal), roles) };
        return _changed[TopLevelRole.Targets] = Next(TopLevelRole.Targets, targets);
    }

    private void ChangeTargets(RepositoryState state, RepositoryChange change)
    {
        foreach (var group in change.Targets.GroupBy(target => state.RoleOf(target.Key), StringComparer.Ordinal))
        {
            var current = Take(state, group.Key);
            var files = new Dictionary<string, FileHashes>(current.Files, StringComparer.Ordinal);
            foreach (var (name, bytes) in group)
            {
                if (bytes is { } content)
                {
                    files[name] = FileHashes.Of(content.Span);
                    TargetFiles.Add((_repository.TargetPathFor(name, files[name]), content));
                }
                else
                {
                    files.Remove(name);
                }
            }

            _changed[group.Key] = current with { Files = files };
        }
    }

    private void Renew(RepositoryState state, RepositoryChange change)
    {
        // A delegated role that is new, or has new keys, needs metadata under those keys.
        var delegated = change.Delegations.Select(delegation => delegation.Role);
        var named = change.Renewals.Where(role => role is not (TopLevelRole.Root or TopLevelRole.Snapshot or TopLevelRole.Timestamp));
        var rekeyed = change.TopLevelKeys.ContainsKey(TopLevelRole.Targets) ? [TopLevelRole.Targets] : Array.Empty<string>();
        foreach (var role in delegated.Concat(named).Concat(rekeyed).Distinct(StringComparer.Ordinal))
        {
            _changed[role] = Take(state, role);
        }
    }

    // The role's next version: as changed so far, else from disk, else new and empty.
    private Targets Take(RepositoryState state, string role) => _changed.TryGetValue(role, out var targets)
        ? targets
        : Next(
            role,
            role == TopLevelRole.Targets
                ? state.Targets
                : RepositoryState.LoadTargets(_repository.MetadataDirectory, state.Snapshot, role)
                    ?? new Targets { Version = 0, Expires = default, Files = new Dictionary<string, FileHashes>() });

    private Targets Next(string role, Targets targets) => targets with { Version = targets.Version + 1, Expires = _repository.ExpiryOf(role) };

    private ReadOnlyMemory<byte> Sign<T>(string role, T payload, IReadOnlyList<RoleKeys> signers)
        where T : SignedPayload
    {
        var file = SignFile(role, payload, signers);
        MetadataFiles.Add((RepositoryState.PathOf(_repository.MetadataDirectory, payload.Version, role), file));
        return file;
    }

    private ReadOnlyMemory<byte> SignFile<T>(string role, T payload, IReadOnlyList<RoleKeys> signers)
        where T : SignedPayload
    {
        foreach (var signer in signers)
        {
            var held = _keys.Of(signer.KeyIds).Count;
            if (held < signer.Threshold)
            {
                throw new KeysMissingException(role, held, signer.Threshold);
            }
        }

        return SignedMetadata<T>.Sign(payload, _keys.Of(signers.SelectMany(signer => signer.KeyIds).Distinct(StringComparer.Ordinal))).File;
    }
}
