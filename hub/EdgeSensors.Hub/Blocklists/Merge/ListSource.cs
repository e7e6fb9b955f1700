using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Blocklists.Merge;

/// <summary>A list that was imported.</summary>
/// <param name="Name">What it is called here.</param>
/// <param name="Format">How it was written.</param>
/// <param name="ImportedAt">When.</param>
/// <param name="EntryCount">Entries taken.</param>
internal sealed record ListSource(DocumentId Name, string Format, UnixMilliseconds ImportedAt, int EntryCount);
