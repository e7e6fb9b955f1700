using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>
/// Enforces through nftables: its own table, <c>inet edgesensors</c>, and nothing else. Each plan is one transaction that adds and takes away only what
/// differs, so counters (the hits) live on; each element carries the rule's remaining time, so all lapses by itself when the agent is gone; a new
/// agent goes on with what it finds.
/// </summary>
/// <param name="nft">The program.</param>
/// <param name="time">The clock that rules end by.</param>
/// <param name="tableName">The table.</param>
internal sealed class NftEnforcer(NftCommand nft, TimeProvider time, string tableName = NftLayout.Table) : IEnforcer
{
    private const int MostProbes = 3;

    private static readonly byte[] s_probe = """{"nftables":[{"add":{"table":{"family":"inet","name":"edgesensors-probe"}}}]}"""u8.ToArray();
    private static readonly TimeSpan s_probePause = TimeSpan.FromSeconds(1);
    private static readonly string[] s_apply = ["-j", "-f", "-"];

    private readonly string[] _list = ["-j", "list", "table", NftLayout.Family, tableName];
    private readonly Dictionary<DocumentId, RuleHits> _hits = [];
    private EnforcementPlan _plan = EnforcementPlan.Empty;
    private Dictionary<NftSet, HashSet<PacketMatch>> _standing = [];

    /// <inheritdoc/>
    public string Name => "nftables";

    /// <inheritdoc/>
    public string? Limitation => null;

    /// <summary>The enforcer of this machine: nftables where it is installed and may be used, otherwise one that only observes and says why.</summary>
    public static async Task<IEnforcer> ChooseAsync(NftCommand nft, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var probe = 1; ; probe++)
        {
            // Checked without being put into force (-c), and still refused without the right to.
            var result = await nft.RunAsync(["-c", "-j", "-f", "-"], s_probe, cancellationToken).ConfigureAwait(false);
            if (result.Succeeded)
            {
                return new NftEnforcer(nft, time);
            }

            // What is missing will be; all else may be over in a moment, and this decides for as long as the agent runs.
            if (probe == MostProbes || result.Fault is NftFault.NotInstalled or NftFault.NotPermitted)
            {
                return new ObserveOnlyEnforcer(result.Error!, time);
            }

            await Task.Delay(s_probePause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task<EnforcementOutcome> ApplyAsync(EnforcementPlan plan, CancellationToken cancellationToken)
    {
        var now = UnixMilliseconds.Now(time);
        var desired = NftDesired.Of(plan, now);
        string? error = null;

        // A second time because another program may change the table between the reading and the writing.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            (var table, error) = await ReadTableAsync(cancellationToken).ConfigureAwait(false);
            if (table is null)
            {
                break;
            }

            var counted = Remember(table);
            using var transaction = NftDifference.Of(tableName, table, desired, plan.RateLimitPacketsPerSecond, now);
            var result = transaction.IsEmpty ? default : await nft.RunAsync(s_apply, transaction.Finish(), cancellationToken).ConfigureAwait(false);
            if (result.Succeeded)
            {
                Forget([.. counted, .. _plan.Rules.Select(rule => rule.Id), .. plan.Rules.Select(rule => rule.Id)]);
                _plan = plan;
                _standing = desired.Sets.ToDictionary(set => set.Key, set => set.Value.Keys.ToHashSet());
                return new EnforcementOutcome(desired.Verdicts);
            }

            error = result.Error;
        }

        return new EnforcementOutcome([.. desired.Verdicts.Select(FailedVerdict)], error);
    }

    /// <inheritdoc/>
    public async Task<HitReading> ReadHitsAsync(CancellationToken cancellationToken)
    {
        var (table, error) = await ReadTableAsync(cancellationToken).ConfigureAwait(false);
        if (table is null)
        {
            return new HitReading([.. _hits.Values], Intact: true, error);
        }

        Remember(table);
        return new HitReading([.. _hits.Values], IsIntact(table));
    }

    private static RuleEnforcement FailedVerdict(RuleEnforcement verdict) =>
        verdict.State is RuleState.Enforced or RuleState.Observed ? verdict with { State = RuleState.Refused, Reason = RefusalReason.EnforcerFailed } : verdict;

    private async Task<(NftTable? Table, string? Error)> ReadTableAsync(CancellationToken cancellationToken)
    {
        var listing = await nft.RunAsync(_list, default, cancellationToken).ConfigureAwait(false);
        return listing.Fault switch
        {
            NftFault.NotFound => (NftTable.Missing, null),
            NftFault.None when NftTable.TryParse(listing.Output, out var table) => (table, null),
            NftFault.None => (null, "nft listed the table in a form that is not known; nft 1.0.2 or newer is needed"),
            _ => (null, listing.Error),
        };
    }

    /// <summary>Takes the table's counters over; the rules that it counts for.</summary>
    private Dictionary<DocumentId, RuleHits>.KeyCollection Remember(NftTable table)
    {
        var sums = new Dictionary<DocumentId, RuleHits>();
        foreach (var (set, elements) in table.Sets)
        {
            if (set.Role is NftRole.Observe or NftRole.Drop or NftRole.Limited)
            {
                foreach (var element in elements.Values)
                {
                    if (element.Tag is { } tag)
                    {
                        var sum = sums.GetValueOrDefault(tag.Rule);
                        sums[tag.Rule] = new RuleHits(tag.Rule, sum.Packets + element.AllPackets, sum.Octets + element.AllOctets);
                    }
                }
            }
        }

        foreach (var (rule, hits) in sums)
        {
            _hits[rule] = hits;
        }

        return sums.Keys;
    }

    /// <summary>What was taken back keeps its last hits until the plan after, so that they can still be told.</summary>
    private void Forget(HashSet<DocumentId> kept)
    {
        foreach (var rule in _hits.Keys.Where(rule => !kept.Contains(rule)).ToList())
        {
            _hits.Remove(rule);
        }
    }

    /// <summary>Whether all that was put into force and has not lapsed is still there.</summary>
    private bool IsIntact(NftTable table)
    {
        if (_standing.Count == 0)
        {
            return true;
        }

        if (!table.IsOurs(_plan.RateLimitPacketsPerSecond))
        {
            return false;
        }

        // An element of a rule that ends within moments may or may not be there still.
        var soon = new UnixMilliseconds(UnixMilliseconds.Now(time).Value + 2000);
        var lasting = NftDesired.Of(_plan, soon);
        return lasting.Sets.All(set => !_standing.ContainsKey(set.Key)
            || (table.Sets.TryGetValue(set.Key, out var elements) && set.Value.Keys.All(elements.ContainsKey)));
    }
}
