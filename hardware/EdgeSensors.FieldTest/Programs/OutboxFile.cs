using Microsoft.Data.Sqlite;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>Reads an agent's outbox as an auditor would, while the agent runs or after.</summary>
internal static class OutboxFile
{
    /// <summary>How it stands; null while there is none, or while the agent has it for itself.</summary>
    /// <param name="stateFolder">The agent's state folder, as the calling thread sees it.</param>
    public static OutboxSeen? TryRead(string stateFolder)
    {
        var path = Path.Combine(stateFolder, "outbox.sqlite");
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 1 }.ToString());
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = """
                SELECT (SELECT value FROM state WHERE name = 'epoch'), (SELECT value FROM state WHERE name = 'next'), count(*), coalesce(min(sequence), 0),
                  (SELECT coalesce(sum(value), 0) FROM state WHERE name LIKE 'dropped-%') FROM message
                """;
            using var row = command.ExecuteReader();
            return row.Read() ? new OutboxSeen(unchecked((ulong)row.GetInt64(0)), (ulong)row.GetInt64(1), row.GetInt64(2), (ulong)row.GetInt64(3), row.GetInt64(4)) : null;
        }
        catch (SqliteException)
        {
            return null;
        }
    }
}

/// <summary>An outbox at a moment.</summary>
/// <param name="Epoch">The file's.</param>
/// <param name="Next">The sequence that the next message gets.</param>
/// <param name="Waiting">Messages not yet acknowledged.</param>
/// <param name="Oldest">The oldest of them; 0 where none waits.</param>
/// <param name="Dropped">Messages dropped so far, of every kind.</param>
internal sealed record OutboxSeen(ulong Epoch, ulong Next, long Waiting, ulong Oldest, long Dropped);
