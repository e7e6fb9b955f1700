using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>One entry as a source states it.</summary>
/// <param name="Prefix">The address or prefix.</param>
/// <param name="Category">Why it is listed.</param>
/// <param name="Score">How sure the source is, 1 to 100.</param>
/// <param name="NotAfter">When the statement ends.</param>
internal readonly record struct ImportedEntry(Prefix Prefix, DocumentId Category, int Score, UnixMilliseconds NotAfter);
