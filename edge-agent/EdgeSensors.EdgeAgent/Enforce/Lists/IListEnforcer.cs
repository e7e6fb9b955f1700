using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce.Lists;

/// <summary>Enforces a blocklist on this machine. Not thread-safe.</summary>
internal interface IListEnforcer
{
    /// <summary>Most entries.</summary>
    int Capacity { get; }

    /// <summary>Its name in receipts, as a token.</summary>
    string Name { get; }

    /// <summary>Whether it can do a step.</summary>
    bool Can(MitigationStep step);

    /// <summary>Brings what is enforced to these sections, all of them or none.</summary>
    /// <param name="sections">At most <see cref="Capacity"/> entries; of sections with the same key there is one.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>One line for a person when it failed; nothing is enforced then.</returns>
    Task<string?> ApplyAsync(IReadOnlyList<EnforcedSection> sections, CancellationToken cancellationToken);

    /// <summary>What the categories have hit since the start; null when it cannot be read.</summary>
    Task<ListReading?> ReadHitsAsync(CancellationToken cancellationToken);
}

/// <summary>A reading of a list's counters.</summary>
/// <param name="Hits">By category.</param>
/// <param name="Intact">False when what should be enforced was found missing or changed by somebody else: apply it again.</param>
internal sealed record ListReading(IReadOnlyDictionary<DocumentId, XdpHits> Hits, bool Intact);
