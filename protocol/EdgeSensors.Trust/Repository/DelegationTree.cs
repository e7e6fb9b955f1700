using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>A delegated role as the role that delegates to it describes it.</summary>
/// <param name="Delegator">Who delegates: the top-level targets, or a delegated role.</param>
/// <param name="Role">The delegation.</param>
/// <param name="Keys">The delegator's key table.</param>
internal sealed record Delegation(string Delegator, DelegatedRole Role, IReadOnlyDictionary<string, TufKey> Keys);

/// <summary>
/// The delegations below the top-level targets, in the order in which a client asks them (specification §5.6.7). Roles are read only as far as they are needed: what a role far
/// down delegates concerns nobody who publishes a rule.
/// </summary>
/// <param name="load">The targets role of a name, as it is or will be; null when it has no metadata.</param>
internal sealed class DelegationTree(Func<string, Targets?> load)
{
    private const int MaxRoles = 65_536;

    /// <summary>How a role is delegated, looked for among the nearest first; null when it is not.</summary>
    public Delegation? Find(string role)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { TopLevelRole.Targets };
        var level = new List<string> { TopLevelRole.Targets };
        while (level.Count > 0 && seen.Count < MaxRoles)
        {
            var next = new List<string>();
            foreach (var delegator in level)
            {
                foreach (var child in ChildrenOf(delegator))
                {
                    if (child.Role.Name == role)
                    {
                        return child;
                    }

                    if (seen.Add(child.Role.Name))
                    {
                        next.Add(child.Role.Name);
                    }
                }
            }

            level = next;
        }

        return null;
    }

    /// <summary>Every delegated role once, depth first.</summary>
    public IEnumerable<Delegation> All()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { TopLevelRole.Targets };
        var waiting = new Stack<Delegation>(ChildrenOf(TopLevelRole.Targets).Reverse());
        while (waiting.TryPop(out var delegation))
        {
            if (seen.Count < MaxRoles && seen.Add(delegation.Role.Name))
            {
                yield return delegation;
                foreach (var child in ChildrenOf(delegation.Role.Name).Reverse())
                {
                    waiting.Push(child);
                }
            }
        }
    }

    /// <summary>
    /// The role where a target belongs: the one on the first way down to it that lists it already, else the lowest on that way.
    /// </summary>
    public string RoleOf(string targetName)
    {
        var role = TopLevelRole.Targets;
        var way = new HashSet<string>(StringComparer.Ordinal) { role };
        while (load(role) is { } targets
            && !targets.Files.ContainsKey(targetName)
            && targets.Delegations?.Roles.FirstOrDefault(child => child.Covers(targetName)) is { } next
            && way.Add(next.Name))
        {
            role = next.Name;
        }

        return role;
    }

    private IEnumerable<Delegation> ChildrenOf(string delegator) =>
        load(delegator)?.Delegations is { } delegations ? delegations.Roles.Select(role => new Delegation(delegator, role, delegations.Keys)) : [];
}
