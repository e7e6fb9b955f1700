using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>What is enforced of the lists of before while those that are signed now are not here.</summary>
internal static class InterimEnforcement
{
    /// <summary>What both documents say: nothing that was taken back goes on, and nothing is begun on a list that it was not signed for. Null when that is nothing.</summary>
    /// <param name="now">What is signed for this sensor; null when nothing is.</param>
    /// <param name="before">What was; null when nothing was.</param>
    public static BlocklistEnforcement? Of(BlocklistEnforcement? now, BlocklistEnforcement? before)
    {
        if (now is null || before is null)
        {
            return null;
        }

        var former = before.Categories.ToDictionary(category => category.Category);
        var both = now.Categories.Where(category => former.TryGetValue(category.Category, out var was) && was.Direction == category.Direction)
            .Select(category => category with { Step = former[category.Category].Step < category.Step ? former[category.Category].Step : category.Step }).ToList();
        return both.Count == 0 ? null : now with
        {
            Categories = both,
            MaxEntries = Math.Min(now.MaxEntries, before.MaxEntries),
            MinPrefixLengthV4 = Math.Max(now.MinPrefixLengthV4, before.MinPrefixLengthV4),
            MinPrefixLengthV6 = Math.Max(now.MinPrefixLengthV6, before.MinPrefixLengthV6),
            NotBefore = now.NotBefore > before.NotBefore ? now.NotBefore : before.NotBefore,
            NotAfter = now.NotAfter < before.NotAfter ? now.NotAfter : before.NotAfter,
        };
    }
}
