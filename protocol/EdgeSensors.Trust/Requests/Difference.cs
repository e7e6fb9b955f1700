using System.Globalization;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Requests;

/// <summary>What a request changes, in words for whoever signs: nothing that its metadata does is left out. A line that begins with two spaces belongs to the role above it.</summary>
internal static class Difference
{
    public static IReadOnlyList<string> Of(SigningRequest request)
    {
        var lines = new List<string>();
        if (request.NextRoot is { } root)
        {
            Root(lines, request.Present, root.Signed);
        }

        foreach (var (role, next) in request.Next.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Role(lines, role, request.PublishedOf(role), next.Signed);
        }

        lines.AddRange(request.Online.Select(role => $"{role}: the hub signs its next version by itself, with the key that it then has"));
        return lines;
    }

    private static void Root(List<string> lines, Root before, Root next)
    {
        Head(lines, TopLevelRole.Root, before.Version, before.Expires, next);
        foreach (var (role, keys) in next.Roles.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Keys(lines, $"{role} keys", (before.Roles[role], before.Keys), (keys, next.Keys));
        }

        if (before.ConsistentSnapshot != next.ConsistentSnapshot)
        {
            lines.Add($"  consistent snapshots: {(next.ConsistentSnapshot ? "from now on" : "no more")}");
        }

        if (next.WitnessPolicy is { } policy)
        {
            Set(lines, "log", Names(before.WitnessPolicy?.Logs), Names(policy.Logs));
            Set(lines, "witness", Names(before.WitnessPolicy?.Witnesses), Names(policy.Witnesses));
            Number(lines, "witnesses that must have seen an update", before.WitnessPolicy?.Quorum ?? 0, policy.Quorum);
        }
        else if (before.WitnessPolicy is not null)
        {
            lines.Add("  no witness is asked any more");
        }

        static IEnumerable<string> Names(IEnumerable<NoteKey>? keys) => (keys ?? []).Select(key => key.ToString());
    }

    private static void Role(List<string> lines, string role, Targets before, Targets next)
    {
        Head(lines, role, before.Version, before.Expires, next);
        var known = before.Delegations?.Roles.ToDictionary(child => child.Name, StringComparer.Ordinal) ?? [];
        var coming = next.Delegations?.Roles ?? [];
        foreach (var child in coming)
        {
            var keys = (child.Keys, next.Delegations!.Keys);
            if (known.Remove(child.Name, out var old))
            {
                Keys(lines, $"{child.Name} keys", (old.Keys, before.Delegations!.Keys), keys);
                Set(lines, $"{child.Name} path", old.Paths ?? [], child.Paths ?? []);
                if (old.Terminating != child.Terminating)
                {
                    lines.Add($"  {child.Name}: {Ending(child)}");
                }
            }
            else
            {
                lines.Add($"  + delegation to {child.Name}: {string.Join(", ", child.Paths ?? [])}; {Ending(child)}");
                Keys(lines, $"{child.Name} keys", (new RoleKeys([], 0), new Dictionary<string, TufKey>()), keys);
            }
        }

        lines.AddRange(known.Keys.Order(StringComparer.Ordinal).Select(gone => $"  - delegation to {gone}: nothing that it says is found any more"));
        Order(lines, before.Delegations?.Roles ?? [], coming);
        foreach (var (name, file) in next.Files.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!before.Files.TryGetValue(name, out var old))
            {
                lines.Add($"  + {name}: {Describe(file)}");
            }
            else if (!old.IsSameAs(file))
            {
                lines.Add($"  ~ {name}: {Describe(file)} (before: {Describe(old)})");
            }
        }

        lines.AddRange(before.Files.Keys.Where(name => !next.Files.ContainsKey(name)).Order(StringComparer.Ordinal).Select(name => $"  - {name}"));
    }

    // Delegations are asked in their order (specification §5.6.7).
    private static void Order(List<string> lines, IReadOnlyList<DelegatedRole> before, IReadOnlyList<DelegatedRole> next)
    {
        var stayed = before.Select(role => role.Name).Where(name => next.Any(role => role.Name == name)).ToList();
        if (!next.Select(role => role.Name).Where(stayed.Contains).SequenceEqual(stayed, StringComparer.Ordinal))
        {
            lines.Add($"  delegations are asked in another order: {string.Join(", ", next.Select(role => role.Name))}");
        }
    }

    private static void Head(List<string> lines, string role, long before, DateTimeOffset expired, SignedPayload next)
    {
        var was = before == 0 ? "new" : expired == default ? string.Create(CultureInfo.InvariantCulture, $"after version {before}") : string.Create(CultureInfo.InvariantCulture, $"after version {before}, which expires {expired:yyyy-MM-dd}");
        lines.Add(string.Create(CultureInfo.InvariantCulture, $"{role}: version {next.Version}, expires {next.Expires:yyyy-MM-dd} ({was})"));
    }

    private static void Keys(List<string> lines, string what, (RoleKeys Role, IReadOnlyDictionary<string, TufKey> Table) before, (RoleKeys Role, IReadOnlyDictionary<string, TufKey> Table) next)
    {
        Set(lines, what, before.Role.KeyIds.Select(id => Name(id, before.Table)), next.Role.KeyIds.Select(id => Name(id, next.Table)));
        if (before.Role.Threshold != next.Role.Threshold || !before.Role.HasSameKeys(next.Role))
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  {what}: {next.Role.Threshold} of {next.Role.KeyIds.Count} must sign")
                + (before.Role.Threshold == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" (before: {before.Role.Threshold} of {before.Role.KeyIds.Count})")));
        }
    }

    /// <summary>A key, as its id and scheme.</summary>
    public static string Name(string id, IReadOnlyDictionary<string, TufKey> table) => table.TryGetValue(id, out var key) ? $"{id} ({key.Scheme})" : $"{id} (not in the table)";

    private static void Set(List<string> lines, string what, IEnumerable<string> before, IEnumerable<string> next)
    {
        var (old, now) = (before.ToHashSet(StringComparer.Ordinal), next.ToHashSet(StringComparer.Ordinal));
        lines.AddRange(now.Where(item => !old.Contains(item)).Order(StringComparer.Ordinal).Select(item => $"  + {what}: {item}"));
        lines.AddRange(old.Where(item => !now.Contains(item)).Order(StringComparer.Ordinal).Select(item => $"  - {what}: {item}"));
    }

    private static void Number(List<string> lines, string what, int before, int next)
    {
        if (before != next)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  {what}: {next} (before: {before})"));
        }
    }

    /// <summary>Whether later delegations are asked too.</summary>
    public static string Ending(DelegatedRole role) => role.Terminating ? "nobody else speaks of these paths" : "later delegations may speak of these paths too";

    /// <summary>A file, as its length and hash.</summary>
    public static string Describe(FileHashes file) => string.Create(CultureInfo.InvariantCulture, $"{file.Length} octets, sha256 {file.Hashes?.GetValueOrDefault("sha256") ?? "not given"}");
}
