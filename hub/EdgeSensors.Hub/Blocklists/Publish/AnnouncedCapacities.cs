using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Hub.Blocklists.Publish;

/// <summary>
/// The tiers that sensors have said they have room for: each capacity rounded down to a power of two, so that they stay few. Where they are still too many, every operator has its say before
/// any has a second: sensors that name odd capacities cost the tiers of nobody else. The smallest has a place in any case.
/// </summary>
internal static class AnnouncedCapacities
{
    private const int MostTiers = 8;

    // A sensor that names less costs nobody a place: so few entries protect next to nobody.
    private const int LeastReserved = 1_024;

    /// <summary>Reads them out of the decisions, which a hub may be writing meanwhile.</summary>
    /// <param name="decisions">The file; where there is none, no sensor has said anything.</param>
    /// <param name="entries">Entries of the whole list: who has room for it needs no tier.</param>
    public static IReadOnlyList<Tier> Read(string decisions, int entries)
    {
        if (!File.Exists(decisions))
        {
            return [];
        }

        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = decisions, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name, status FROM sensor";
        using var rows = command.ExecuteReader();
        var announced = new List<(string Operator, int Capacity)>();
        while (rows.Read())
        {
            if (StatusCodec.TryDecode(rows.GetFieldValue<byte[]>(1), out var status, out _) && status!.BlocklistCapacity is > 0 and var room && room < (ulong)entries)
            {
                announced.Add((rows.GetString(0).Split('/')[0], 1 << System.Numerics.BitOperations.Log2((uint)Math.Min(room, BlocklistBounds.MaxEntries - 1))));
            }
        }

        // Each operator's choices in the order of how many of its sensors have them; of two alike the larger, which protects more.
        var choices = announced.GroupBy(a => a.Operator, StringComparer.Ordinal).SelectMany(
            own => own.CountBy(a => a.Capacity).OrderByDescending(count => count.Value).ThenByDescending(count => count.Key).Select((count, rank) => (Capacity: count.Key, Rank: rank)));
        var tiers = choices.GroupBy(choice => choice.Capacity).OrderBy(tier => tier.Min(choice => choice.Rank)).ThenByDescending(tier => tier.Count()).ThenByDescending(tier => tier.Key);
        var wanted = tiers.Select(tier => tier.Key).ToList();
        var chosen = wanted.Take(MostTiers);
        if (wanted.Where(capacity => capacity >= LeastReserved).Order().Take(1).ToList() is [var smallest] && !chosen.Contains(smallest))
        {
            // Whoever finds no tier takes the next smaller one; below the smallest there is none.
            chosen = wanted.Take(MostTiers - 1).Append(smallest);
        }

        return [.. chosen.Order().Select(capacity => new Tier(capacity))];
    }
}
