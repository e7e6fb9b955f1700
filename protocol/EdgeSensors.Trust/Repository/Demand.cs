using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>A threshold that signatures must reach. A role's next version has one, a new root two: its predecessor's and its own (specification §5.3.4).</summary>
internal sealed record Demand(RoleKeys Role, IReadOnlyDictionary<string, TufKey> Table)
{
    /// <summary>The keys that count.</summary>
    public IEnumerable<TufKey> Keys => Role.KeyIds.Select(id => Table.GetValueOrDefault(id)).OfType<TufKey>();

    /// <summary>Whose signatures a role's next version needs; empty when nobody delegates to it.</summary>
    /// <param name="role">The role.</param>
    /// <param name="before">The root in force.</param>
    /// <param name="next">The root in force from then on.</param>
    /// <param name="tree">The delegations from then on.</param>
    public static IReadOnlyList<Demand> Of(string role, Root before, Root next, DelegationTree tree) => role switch
    {
        TopLevelRole.Root => [new(before.Roles[role], before.Keys), new(next.Roles[role], next.Keys)],
        TopLevelRole.Targets or TopLevelRole.Snapshot or TopLevelRole.Timestamp => [new(next.Roles[role], next.Keys)],
        _ => tree.Find(role) is { } delegation ? [new(delegation.Role.Keys, delegation.Keys)] : [],
    };
}
