using System.Globalization;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Requests;

/// <summary>What the next versions of a request take over unchanged, in words: the other half of <see cref="Difference"/>, for a signature says all of it anew.</summary>
internal static class CarriedOn
{
    public static IReadOnlyList<string> Of(SigningRequest request)
    {
        var lines = new List<string>();
        if (request.NextRoot is { } root)
        {
            Section(lines, TopLevelRole.Root, Root(request.Present, root.Signed));
        }

        foreach (var (role, next) in request.Next.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Section(lines, role, Role(request.PublishedOf(role), next.Signed));
        }

        return lines;
    }

    private static void Section(List<string> lines, string role, IEnumerable<string> unchanged)
    {
        var found = unchanged.ToList();
        if (found.Count > 0)
        {
            lines.Add($"{role}: says again, unchanged");
            lines.AddRange(found.Select(line => $"  = {line}"));
        }
    }

    private static IEnumerable<string> Root(Root before, Root next)
    {
        foreach (var (role, keys) in next.Roles.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            foreach (var line in Keys(role, (before.Roles[role], before.Keys), (keys, next.Keys)))
            {
                yield return line;
            }
        }

        foreach (var line in Both(before.WitnessPolicy?.Logs, next.WitnessPolicy?.Logs).Select(log => $"log: {log}")
            .Concat(Both(before.WitnessPolicy?.Witnesses, next.WitnessPolicy?.Witnesses).Select(witness => $"witness: {witness}")))
        {
            yield return line;
        }

        if (next.WitnessPolicy is { } policy && policy.Quorum == before.WitnessPolicy?.Quorum)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"witnesses that must have seen an update: {policy.Quorum}");
        }

        static IEnumerable<string> Both<T>(IEnumerable<T>? before, IEnumerable<T>? next)
            where T : notnull => (next ?? []).Select(key => key.ToString()!).Intersect((before ?? []).Select(key => key.ToString()!)).Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Role(Targets before, Targets next)
    {
        var known = before.Delegations?.Roles.ToDictionary(child => child.Name, StringComparer.Ordinal) ?? [];
        foreach (var child in next.Delegations?.Roles ?? [])
        {
            if (!known.TryGetValue(child.Name, out var old))
            {
                continue;
            }

            foreach (var path in (child.Paths ?? []).Intersect(old.Paths ?? [], StringComparer.Ordinal))
            {
                yield return $"delegation to {child.Name}: {path}";
            }

            if (child.Terminating == old.Terminating)
            {
                yield return $"delegation to {child.Name}: {Difference.Ending(child)}";
            }

            foreach (var line in Keys(child.Name, (old.Keys, before.Delegations!.Keys), (child.Keys, next.Delegations!.Keys)))
            {
                yield return line;
            }
        }

        foreach (var (name, file) in next.Files.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (before.Files.TryGetValue(name, out var old) && old.IsSameAs(file))
            {
                yield return $"{name}: {Difference.Describe(file)}";
            }
        }
    }

    private static IEnumerable<string> Keys(string role, (RoleKeys Role, IReadOnlyDictionary<string, TufKey> Table) before, (RoleKeys Role, IReadOnlyDictionary<string, TufKey> Table) next)
    {
        foreach (var id in next.Role.KeyIds.Intersect(before.Role.KeyIds, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            yield return $"{role} keys: {Difference.Name(id, next.Table)}";
        }

        if (next.Role.Threshold == before.Role.Threshold && next.Role.HasSameKeys(before.Role))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{role} keys: {next.Role.Threshold} of {next.Role.KeyIds.Count} must sign");
        }
    }
}
