using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Trust.Repository;

/// <summary>
/// What a change comes to: the next version of each role that it touches, before anybody has signed. The only place where metadata is made; who signs it, here and now or elsewhere
/// and later (<see cref="SigningRequest"/>), changes no octet of it.
/// </summary>
internal sealed class PublicationPlan
{
    private readonly TufRepository _repository;
    private readonly Dictionary<string, Targets> _changed = new(StringComparer.Ordinal);

    public PublicationPlan(TufRepository repository, RepositoryState state, RepositoryChange change)
    {
        _repository = repository;
        State = state;
        var root = ChangeRoot(change);
        ChangeDelegations(change);
        ChangeTargets(change);
        Renew(change);
        Root = root is null ? null : SignedMetadata<Root>.Draft(root);
        Roles = _changed.ToDictionary(pair => pair.Key, pair => SignedMetadata<Targets>.Draft(pair.Value), StringComparer.Ordinal);
        RenewsSnapshot = Roles.Count > 0 || change.Renewals.Contains(TopLevelRole.Snapshot) || HasNewKeys(TopLevelRole.Snapshot);
    }

    /// <summary>Takes up what was signed elsewhere, if it still follows what is published; throws <see cref="RequestRefusedException"/> when it does not.</summary>
    public PublicationPlan(TufRepository repository, RepositoryState state, SigningRequest request)
    {
        _repository = repository;
        State = state;
        RequestFit.Require(state, request);
        Root = request.NextRoot;
        foreach (var (role, next) in request.Next)
        {
            _changed[role] = next.Signed;
        }

        foreach (var role in request.Online)
        {
            _changed[role] = Take(role);
        }

        foreach (var (name, content) in request.Contents)
        {
            Contents[name] = (FileHashes.Of(content.Span), content);
        }

        Roles = _changed.ToDictionary(
            pair => pair.Key, pair => request.Next.GetValueOrDefault(pair.Key) ?? SignedMetadata<Targets>.Draft(pair.Value), StringComparer.Ordinal);
        RenewsSnapshot = Roles.Count > 0 || HasNewKeys(TopLevelRole.Snapshot);
    }

    /// <summary>What is published now.</summary>
    public RepositoryState State { get; }

    /// <summary>The next root; null when the present one stays.</summary>
    public SignedMetadata<Root>? Root { get; }

    /// <summary>The next version of each targets role that changes.</summary>
    public IReadOnlyDictionary<string, SignedMetadata<Targets>> Roles { get; }

    /// <summary>Targets that are new or changed, by name.</summary>
    public Dictionary<string, (FileHashes File, ReadOnlyMemory<byte> Bytes)> Contents { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether there is a next snapshot.</summary>
    public bool RenewsSnapshot { get; }

    /// <summary>The root in force once this is published.</summary>
    public Root NextRoot => Root?.Signed ?? State.Root;

    /// <summary>Whose signatures a role's next version needs.</summary>
    public IReadOnlyList<Demand> DemandsOf(string role) => Demand.Of(role, State.Root, NextRoot, new DelegationTree(Find));

    private Targets? Find(string role) => _changed.TryGetValue(role, out var changed) ? changed : State.Find(role);

    private bool HasNewKeys(string role) => !State.Root.Roles[role].HasSameKeys(NextRoot.Roles[role]) || State.Root.Roles[role].Threshold != NextRoot.Roles[role].Threshold;

    private Root? ChangeRoot(RepositoryChange change)
    {
        if (change.TopLevelKeys.Count == 0 && change.WitnessPolicy is null && !change.Renewals.Contains(TopLevelRole.Root))
        {
            return null;
        }

        var roles = new Dictionary<string, RoleKeys>(State.Root.Roles, StringComparer.Ordinal);
        var keys = new Dictionary<string, TufKey>(State.Root.Keys, StringComparer.Ordinal);
        foreach (var (role, (signers, threshold)) in change.TopLevelKeys)
        {
            roles[role] = new RoleKeys(signers.Select(key => key.Id).ToList(), threshold);
            foreach (var signer in signers)
            {
                keys[signer.Id] = signer;
            }
        }

        return State.Root with
        {
            Version = State.Root.Version + 1,
            Expires = _repository.ExpiryOf(TopLevelRole.Root),
            Roles = roles,
            Keys = Used(keys, roles.Values),
            WitnessPolicy = change.WitnessPolicy ?? State.Root.WitnessPolicy,
        };
    }

    private void ChangeDelegations(RepositoryChange change)
    {
        foreach (var delegation in change.Delegations)
        {
            Change(delegation.Delegator, before =>
            {
                var keys = new Dictionary<string, TufKey>(before.Keys, StringComparer.Ordinal);
                foreach (var key in delegation.Keys)
                {
                    keys[key.Id] = key;
                }

                var role = new DelegatedRole
                {
                    Name = delegation.Role,
                    Keys = new RoleKeys(delegation.Keys.Select(key => key.Id).ToList(), delegation.Threshold),
                    Paths = delegation.Paths,
                    Terminating = delegation.Terminating,
                };
                var roles = before.Roles.ToList();
                var at = roles.FindIndex(known => known.Name == role.Name);
                if (at < 0)
                {
                    roles.Add(role);
                }
                else
                {
                    roles[at] = role;
                }

                return new Delegations(keys, roles);
            });
        }

        foreach (var role in change.Withdrawn)
        {
            if (new DelegationTree(Find).Find(role) is { } delegation)
            {
                Change(delegation.Delegator, before => before with { Roles = [.. before.Roles.Where(known => known.Name != role)] });
            }
        }
    }

    private void Change(string delegator, Func<Delegations, Delegations> change)
    {
        var current = Take(delegator);
        var next = change(current.Delegations ?? new Delegations(new Dictionary<string, TufKey>(), []));
        _changed[delegator] = current with { Delegations = next with { Keys = Used(next.Keys, next.Roles.Select(role => role.Keys)) } };
    }

    private void ChangeTargets(RepositoryChange change)
    {
        var tree = new DelegationTree(Find);
        foreach (var group in change.Targets.GroupBy(target => tree.RoleOf(target.Key), StringComparer.Ordinal).ToList())
        {
            var current = Take(group.Key);
            var files = new Dictionary<string, FileHashes>(current.Files, StringComparer.Ordinal);
            foreach (var (name, bytes) in group)
            {
                if (bytes is { } content)
                {
                    files[name] = FileHashes.Of(content.Span);
                    Contents[name] = (files[name], content);
                }
                else
                {
                    files.Remove(name);
                }
            }

            _changed[group.Key] = current with { Files = files };
        }
    }

    private void Renew(RepositoryChange change)
    {
        // A delegated role that is new, or has new keys, needs metadata under those keys.
        var delegated = change.Delegations.Where(delegation => !delegation.AwaitsItsSigner).Select(delegation => delegation.Role);
        var named = change.Renewals.Where(role => role is not (TopLevelRole.Root or TopLevelRole.Snapshot or TopLevelRole.Timestamp));
        var rekeyed = change.TopLevelKeys.ContainsKey(TopLevelRole.Targets) ? [TopLevelRole.Targets] : Array.Empty<string>();
        foreach (var role in delegated.Concat(named).Concat(rekeyed).Distinct(StringComparer.Ordinal))
        {
            _changed[role] = Take(role);
        }
    }

    // The role's next version: as changed so far, else from disk, else new and empty.
    private Targets Take(string role)
    {
        if (_changed.TryGetValue(role, out var targets))
        {
            return targets;
        }

        return Next(role, role == TopLevelRole.Targets ? State.Targets : OwnWord.Of(State.FindSigned(role), State.Tree.Find(role)));
    }

    private Targets Next(string role, Targets targets) => targets with { Version = targets.Version + 1, Expires = _repository.ExpiryOf(role) };

    private static Dictionary<string, TufKey> Used(IReadOnlyDictionary<string, TufKey> keys, IEnumerable<RoleKeys> roles)
    {
        var used = roles.SelectMany(role => role.KeyIds).ToHashSet(StringComparer.Ordinal);
        return keys.Where(pair => used.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal);
    }
}
