using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>What is taken where a list does not say.</summary>
/// <param name="Category">Why its entries are listed.</param>
/// <param name="Score">How sure they are, 1 to 100.</param>
/// <param name="Now">When the list is read; its durations run from here.</param>
/// <param name="Life">How long entries hold that name no end; and the longest that any may hold.</param>
internal sealed record ImportDefaults(DocumentId Category, int Score, UnixMilliseconds Now, TimeSpan Life)
{
    /// <summary>Nothing is believed for longer than this (wall 5).</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromDays(90);
}
