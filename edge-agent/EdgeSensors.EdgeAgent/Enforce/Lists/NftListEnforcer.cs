using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce.Lists;

/// <summary>
/// Enforces a small blocklist by hash sets of nftables, in a table of its own: the rules' table, which is read each second, stays short. As the rules do, each element ends
/// by itself when the agent is gone.
/// </summary>
/// <param name="enforcer">The blocklist's table.</param>
/// <param name="packetsPerSecond">What the rate-limit step lets pass of each entry.</param>
internal sealed class NftListEnforcer(NftEnforcer enforcer, int packetsPerSecond) : IListEnforcer
{
    /// <summary>
    /// What nft still bears: a change lists the table and costs by what stands in it. docs/performance.md has the figures.
    /// </summary>
    public const int MostEntries = 1 << 14;

    private readonly Dictionary<DocumentId, (XdpHits Gone, XdpHits Last)> _counted = [];

    /// <inheritdoc/>
    public int Capacity => MostEntries;

    /// <inheritdoc/>
    public string Name => enforcer.Name;

    /// <inheritdoc/>
    public bool Can(MitigationStep step) => true;

    /// <inheritdoc/>
    public async Task<string?> ApplyAsync(IReadOnlyList<EnforcedSection> sections, CancellationToken cancellationToken)
    {
        // Of entries that two sections hold, the set of a step keeps the one that ends last; a drop goes before the other steps by itself.
        var rules = new List<EnforcedRule>(sections.Sum(section => section.Count));
        foreach (var section in sections)
        {
            var id = BlocklistEnforcement.RuleIdOf(section.Key.Category);
            for (var i = 0; i < section.Count; i++)
            {
                rules.Add(new EnforcedRule(id, section[i], section.Direction, section.Step, section.EndsAt));
            }
        }

        return (await enforcer.ApplyAsync(new EnforcementPlan { Rules = rules, RateLimitPacketsPerSecond = packetsPerSecond }, cancellationToken).ConfigureAwait(false)).Error;
    }

    /// <inheritdoc/>
    public async Task<ListReading?> ReadHitsAsync(CancellationToken cancellationToken)
    {
        var reading = await enforcer.ReadHitsAsync(cancellationToken).ConfigureAwait(false);
        if (reading.Error is not null)
        {
            return null;
        }

        foreach (var hits in reading.Hits)
        {
            // What an element counted goes with it: where there are fewer than there were, the difference was counted and is gone.
            var category = DocumentId.Parse(BlocklistEnforcement.CategoryOf(hits.Id.Text)!);
            var (gone, last) = _counted.GetValueOrDefault(category);
            var lost = hits.Packets < last.Packets ? new XdpHits(gone.Packets + last.Packets - hits.Packets, gone.Octets + last.Octets - Math.Min(last.Octets, hits.Octets)) : gone;
            _counted[category] = (lost, new XdpHits(hits.Packets, hits.Octets));
        }

        return new ListReading(
            _counted.ToDictionary(counted => counted.Key, counted => new XdpHits(counted.Value.Gone.Packets + counted.Value.Last.Packets, counted.Value.Gone.Octets + counted.Value.Last.Octets)),
            reading.Intact);
    }
}
