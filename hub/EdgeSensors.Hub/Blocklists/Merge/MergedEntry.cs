using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Blocklists.Merge;

/// <summary>One prefix in one category, as all its sources together say it.</summary>
/// <param name="Prefix">The address or prefix.</param>
/// <param name="Category">Why it is listed.</param>
/// <param name="Score">How sure that is, 1 to 100: as if the sources were independent of each other.</param>
/// <param name="NotAfter">The latest end that a source states.</param>
/// <param name="Sources">Who lists it, in the order of their names.</param>
internal sealed record MergedEntry(Prefix Prefix, DocumentId Category, int Score, UnixMilliseconds NotAfter, IReadOnlyList<string> Sources);
