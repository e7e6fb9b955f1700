using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeSensors.Hub.Blocklists.Merge;
using EdgeSensors.Trust.Blocklists;

namespace EdgeSensors.Hub.Blocklists.Publish;

/// <summary>A list for sensors with room for so many entries: the surest ones. <c>full</c>, or <c>at-most-{n}</c>.</summary>
/// <param name="Capacity">Entries at most.</param>
internal sealed record Tier(int Capacity)
{
    private const string Prefix = "at-most-";

    /// <summary>All that a blocklist can hold.</summary>
    public static Tier Full { get; } = new(BlocklistBounds.MaxEntries);

    /// <summary>Its name in the repository.</summary>
    public string Name => this == Full ? "full" : string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Capacity}");

    /// <summary>Reads a name.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out Tier? tier)
    {
        tier = name == Full.Name ? Full
            : name.StartsWith(Prefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var capacity) && capacity is > 0 and < BlocklistBounds.MaxEntries
                ? new Tier(capacity)
                : null;
        return tier is not null;
    }

    /// <summary>Makes the list of a version; throws <see cref="InvalidOperationException"/> when it is beyond <see cref="BlocklistBounds"/>.</summary>
    public Blocklist Build(IReadOnlyList<MergedEntry> entries, long version)
    {
        var builder = new BlocklistBuilder();
        foreach (var entry in entries.Count <= Capacity ? entries : Surest(entries))
        {
            builder.Add(entry.Prefix, entry.Category, entry.NotAfter);
        }

        return builder.Build(version);
    }

    // Of equally sure ones those that hold longer, then by address, so that the choice is the same each time.
    private IEnumerable<MergedEntry> Surest(IReadOnlyList<MergedEntry> entries) =>
        entries.OrderByDescending(entry => entry.Score).ThenByDescending(entry => entry.NotAfter).ThenBy(entry => entry.Prefix).Take(Capacity);
}
