using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// Holds the list that is enforced: the one that addresses are looked up in, or where there is no room for it the largest tier that fits. Not for concurrent use.
/// </summary>
/// <param name="targets">Where fetched targets are kept.</param>
/// <param name="logger">Where a refused list is named.</param>
internal sealed class EnforcedListKeeper(ITargetStore targets, ILogger logger)
{
    private BlocklistKeeper? _smaller;

    /// <summary>The list; null when there is none.</summary>
    public Blocklist? List { get; private set; }

    /// <summary>Brings what a repository has; null, or why it could not be brought where that says nothing about it.</summary>
    /// <param name="enforcement">What was signed for this sensor; null when nothing was.</param>
    /// <param name="full">The list that addresses are looked up in.</param>
    /// <param name="capacity">Most entries that are enforced here; 0: none.</param>
    /// <param name="repository">Where tiers are.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<TufError?> UpdateAsync(BlocklistEnforcement? enforcement, Blocklist? full, int capacity, VerifiedRepository repository, CancellationToken cancellationToken)
    {
        List = enforcement is null || capacity == 0 ? null : full;
        if (List is null || ListJudgement.EntriesOf(enforcement!, List) is var entries && entries <= capacity)
        {
            _smaller = null;
            return null;
        }

        // Beyond what was signed for no tier helps: the list has grown in a way that nobody meant.
        var tier = entries <= enforcement!.MaxEntries ? enforcement.Tiers.LastOrDefault(tier => tier <= capacity) : 0;
        if (tier == 0)
        {
            _smaller = null;
            return null;
        }

        if (_smaller?.Tier != TargetNames.BlocklistTier(tier))
        {
            _smaller = new BlocklistKeeper(targets, TargetNames.BlocklistTier(tier), logger, matches: false);
        }

        var missing = await _smaller.UpdateAsync(repository, cancellationToken).ConfigureAwait(false);
        List = _smaller.List ?? List;
        return missing;
    }
}
