using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>The transaction from what the table holds to what it shall hold.</summary>
internal static class NftDifference
{
    /// <summary>Writes it; empty when nothing differs.</summary>
    public static NftTransaction Of(string tableName, NftTable table, NftDesired desired, int ratePacketsPerSecond, UnixMilliseconds now)
    {
        var transaction = new NftTransaction(tableName);
        var ours = table.IsOurs(ratePacketsPerSecond);
        if (!ours && !table.Exists && desired.Sets.Count == 0)
        {
            return transaction; // nothing to enforce and no trace of it: leave the machine as it is
        }

        if (!ours)
        {
            transaction.BuildTable();
        }

        // The counting half of a limit stands before the rule that names both.
        foreach (var set in desired.Sets.Keys.Where(set => !ours || !table.Sets.ContainsKey(set)).OrderBy(set => set.Role == NftRole.Limited ? 0 : 1))
        {
            transaction.AddSet(set, ratePacketsPerSecond);
        }

        if (ours)
        {
            foreach (var (set, standing) in table.Sets)
            {
                var wanted = desired.Sets.GetValueOrDefault(set);
                var gone = standing.Where(entry => wanted is null || !wanted.TryGetValue(entry.Key, out var target) || !Same(entry.Value, target))
                    .Select(entry => entry.Key).ToList();
                transaction.DeleteElements(set, gone);
            }
        }

        foreach (var (set, wanted) in desired.Sets)
        {
            var standing = table.Sets.GetValueOrDefault(set);
            transaction.AddElements(
                set,
                from entry in wanted
                let before = standing is not null && standing.TryGetValue(entry.Key, out var element) ? element : (NftElement?)null
                where !ours || before is null || !Same(before.Value, entry.Value)
                select (entry.Key, Tag(entry.Value, before)),
                now);
        }

        return transaction;
    }

    private static bool Same(NftElement standing, (Trust.Documents.DocumentId Rule, UnixMilliseconds ExpiresAt)? wanted) =>
        wanted is { } rule ? standing.Tag is { } tag && tag.Rule == rule.Rule && tag.ExpiresAt == rule.ExpiresAt : standing.Tag is null;

    private static NftElementTag? Tag((Trust.Documents.DocumentId Rule, UnixMilliseconds ExpiresAt)? wanted, NftElement? before)
    {
        if (wanted is not { } rule)
        {
            return null;
        }

        var inherits = before?.Tag is { } tag && tag.Rule == rule.Rule;
        return new NftElementTag(rule.Rule, rule.ExpiresAt, inherits ? before!.Value.AllPackets : 0, inherits ? before!.Value.AllOctets : 0);
    }
}
