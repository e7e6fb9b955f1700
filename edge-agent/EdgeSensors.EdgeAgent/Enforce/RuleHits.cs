using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>What a rule has hit since it first stood: what it counted (observe), what it dropped over the limit (rate-limit) or dropped (drop).</summary>
/// <param name="Id">The rule.</param>
/// <param name="Packets">Packets.</param>
/// <param name="Octets">Their octets, IP headers included.</param>
internal readonly record struct RuleHits(DocumentId Id, ulong Packets, ulong Octets);

/// <summary>A reading of the counters.</summary>
/// <param name="Hits">One entry for each rule that stands, and the last known ones of rules that have lapsed or that the last plan took back.</param>
/// <param name="Intact">False when what should be in force was found missing or changed by somebody else: apply the plan again.</param>
/// <param name="Error">When the counters could not be read: one line for a person.</param>
internal sealed record HitReading(IReadOnlyList<RuleHits> Hits, bool Intact, string? Error = null);
