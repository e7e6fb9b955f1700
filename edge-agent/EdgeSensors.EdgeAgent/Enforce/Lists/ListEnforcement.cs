using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Run;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Enforce.Lists;

/// <summary>What enforces a blocklist on this machine, and the end of what a former run enforced otherwise.</summary>
internal static class ListEnforcement
{
    /// <summary>
    /// What enforces a blocklist; null where the owner wants none or nothing can. What a former run of this agent left in nftables and is not gone on with is taken away: of the blocklist, and of the
    /// rules too where this run carries them out elsewhere or nowhere. What another agent of the machine enforces stays.
    /// </summary>
    /// <param name="enforcer">What carries rules out.</param>
    /// <param name="limits">The owner's limits.</param>
    /// <param name="packetsPerSecond">What the rate-limit step lets pass of each entry.</param>
    /// <param name="nft">The program.</param>
    /// <param name="tables">The tables that runs of this agent have enforced by.</param>
    /// <param name="time">The clock that entries end by.</param>
    /// <param name="logger">Where it is said that something could not be taken away.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task<IListEnforcer?> ChooseAsync(
        IEnforcer enforcer, OwnerLimits limits, int packetsPerSecond, NftCommand nft, EnforcedTables tables, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var wanted = limits.BlocklistEntries > 0;
        if (enforcer is NftEnforcer or XdpEnforcer)
        {
            Note(tables.Add, NftLayout.Table);
        }

        if (wanted && enforcer is NftEnforcer)
        {
            Note(tables.Add, NftLayout.ListTable);
            return new NftListEnforcer(new NftEnforcer(nft, time, NftLayout.ListTable), packetsPerSecond);
        }

        await ClearAsync(NftLayout.ListTable).ConfigureAwait(false);
        if (enforcer is not (NftEnforcer or XdpEnforcer))
        {
            await ClearAsync(NftLayout.Table).ConfigureAwait(false);
            return null;
        }

        return wanted ? new XdpListEnforcer((XdpEnforcer)enforcer, limits.BlocklistEntries, time) : null;

        void Note(Action<string> note, string table)
        {
            try
            {
                note(table);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                RunLog.NotNoted(logger, table, exception.Message);
            }
        }

        async Task ClearAsync(string table)
        {
            if (!tables.Contains(table))
            {
                return;
            }

            var listing = await nft.RunAsync(["list", "table", NftLayout.Family, table], default, cancellationToken).ConfigureAwait(false);
            if (listing.Fault is not (NftFault.NotInstalled or NftFault.NotFound) && (await new NftEnforcer(nft, time, table).ApplyAsync(EnforcementPlan.Empty, cancellationToken).ConfigureAwait(false)).Error is { } error)
            {
                RunLog.LeftBehind(logger, table, error);
                return;
            }

            Note(tables.Remove, table);
        }
    }
}
