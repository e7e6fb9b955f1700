using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Hub.Blocklists.Publish;

/// <summary>The tiers that sensors have said they have room for: each capacity rounded down to a power of two, so that they stay few.</summary>
internal static class AnnouncedCapacities
{
    private const int MostTiers = 8;

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
        command.CommandText = "SELECT status FROM sensor";
        using var rows = command.ExecuteReader();
        var capacities = new SortedSet<int>();
        while (rows.Read())
        {
            if (StatusCodec.TryDecode(rows.GetFieldValue<byte[]>(0), out var status, out _) && status!.BlocklistCapacity is > 0 and var room && room < (ulong)entries)
            {
                capacities.Add(1 << System.Numerics.BitOperations.Log2((uint)Math.Min(room, BlocklistBounds.MaxEntries - 1)));
            }
        }

        // The smallest serve everybody; those above only serve better.
        return [.. capacities.Take(MostTiers).Select(capacity => new Tier(capacity))];
    }
}
