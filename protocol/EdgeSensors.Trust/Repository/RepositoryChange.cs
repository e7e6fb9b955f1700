using System.Buffers;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>What one publication changes. Nothing happens until <see cref="TufRepository.Publish"/>.</summary>
public sealed class RepositoryChange
{
    private static readonly SearchValues<char> RoleCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/");

    internal Dictionary<string, ReadOnlyMemory<byte>?> Targets { get; } = new(StringComparer.Ordinal);

    internal List<RoleDelegation> Delegations { get; } = [];

    internal HashSet<string> Withdrawn { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, (IReadOnlyList<TufKey> Keys, int Threshold)> TopLevelKeys { get; } = new(StringComparer.Ordinal);

    internal WitnessPolicy? WitnessPolicy { get; private set; }

    internal HashSet<string> Renewals { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds or replaces a target; throws <see cref="ArgumentException"/> on a name that is no plain path.</summary>
    public RepositoryChange SetTarget(string name, ReadOnlyMemory<byte> bytes)
    {
        Targets[CheckName(name)] = bytes;
        return this;
    }

    /// <summary>Publishes a sensor's authorisation.</summary>
    public RepositoryChange Set(CollectionAuthorization document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return SetTarget(document.TargetName, document.ToCanonicalJson());
    }

    /// <summary>Publishes a grant.</summary>
    public RepositoryChange Set(Grant document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return SetTarget(document.TargetName, document.ToCanonicalJson());
    }

    /// <summary>Publishes the rules in force.</summary>
    public RepositoryChange Set(RuleSet document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return SetTarget(TargetNames.Rules, document.ToCanonicalJson());
    }

    /// <summary>Publishes that no blocklist is to be enforced; removing the target takes it back.</summary>
    public RepositoryChange Set(EnforcementHold document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return SetTarget(TargetNames.Hold, document.ToCanonicalJson());
    }

    /// <summary>Publishes the table of domestic prefixes.</summary>
    public RepositoryChange Set(DomesticPrefixTable document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return SetTarget(TargetNames.DomesticPrefixes, document.ToCanonicalJson());
    }

    /// <summary>Publishes the list of addresses to watch for.</summary>
    public RepositoryChange Set(AddressList document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return SetTarget(TargetNames.ListedAddresses, document.ToCanonicalJson());
    }

    /// <summary>Publishes what of the blocklist is enforced.</summary>
    public RepositoryChange Set(BlocklistEnforcement document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return SetTarget(TargetNames.BlocklistEnforcement, document.ToCanonicalJson());
    }

    /// <summary>Takes a target out; one that is not there is no error.</summary>
    public RepositoryChange RemoveTarget(string name)
    {
        Targets[CheckName(name)] = null;
        return this;
    }

    /// <summary>
    /// Delegates paths to a role, or gives a role new keys: the delegator's keys must sign, and the role's own unless it is to sign later. Throws
    /// <see cref="ArgumentException"/> on a name that cannot be a file's, no path, or a threshold beyond the keys.
    /// </summary>
    public RepositoryChange Delegate(RoleDelegation delegation)
    {
        ArgumentNullException.ThrowIfNull(delegation);
        if (delegation.Role.Length is 0 or > 100 || delegation.Role.AsSpan().ContainsAnyExcept(RoleCharacters) || TopLevelRole.IsTopLevel(delegation.Role))
        {
            throw new ArgumentException($"'{delegation.Role}' cannot name a delegated role: 1 to 100 of a-z, 0-9 and '-'.", nameof(delegation));
        }

        if (delegation.Paths.Count == 0 || delegation.Threshold < 1 || delegation.Threshold > delegation.Keys.DistinctBy(key => key.Material).Count())
        {
            throw new ArgumentException($"{delegation.Role} needs a path, and at least as many keys as must sign.", nameof(delegation));
        }

        Delegations.Add(delegation);
        return this;
    }

    /// <summary>Takes a delegation back: what the role says is not found any more. The delegator's keys must sign.</summary>
    public RepositoryChange Withdraw(string role)
    {
        Withdrawn.Add(role);
        return this;
    }

    /// <summary>
    /// Gives a top-level role new keys: a new root, for which a threshold of the old root keys must be at hand, and of the new
    /// ones when it is the root role's keys that change.
    /// </summary>
    public RepositoryChange ReplaceKeys(string topLevelRole, IReadOnlyList<TufKey> keys, int threshold)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (!TopLevelRole.IsTopLevel(topLevelRole) || threshold < 1 || threshold > keys.DistinctBy(key => key.Material).Count())
        {
            throw new ArgumentException($"{topLevelRole} is no top-level role, or has fewer keys than must sign.", nameof(threshold));
        }

        TopLevelKeys[topLevelRole] = (keys, threshold);
        return this;
    }

    /// <summary>Changes what sensors ask of the transparency log: a new root, for which a threshold of the root keys must be at hand.</summary>
    public RepositoryChange SetWitnessPolicy(WitnessPolicy policy)
    {
        WitnessPolicy = policy;
        return this;
    }

    /// <summary>Signs a role anew, with a new expiry, though nothing in it changes.</summary>
    public RepositoryChange Renew(string role)
    {
        Renewals.Add(role);
        return this;
    }

    private static string CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is > 0 and <= 512 && !name.AsSpan().ContainsAnyExcept(NameCharacters) && name.Split('/').All(s => s is not ("" or "." or ".."))
            ? name
            : throw new ArgumentException($"'{name}' is no plain target path.", nameof(name));
    }
}
