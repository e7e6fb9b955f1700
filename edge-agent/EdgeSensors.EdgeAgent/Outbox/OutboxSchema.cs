using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.EdgeAgent.Outbox;

/// <summary>
/// The outbox's file: SQLite, because it is what survives a kill or a power cut at any octet without a line of ours. synchronous=FULL, since a sequence number that
/// a lost write gave out a second time would make the hub take a new message for a duplicate.
/// </summary>
internal static class OutboxSchema
{
    private const int Version = 1;

    public static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=2000; PRAGMA journal_size_limit=4194304; PRAGMA auto_vacuum=INCREMENTAL;");
            var version = Convert.ToInt32(Scalar(connection, "PRAGMA user_version"), System.Globalization.CultureInfo.InvariantCulture);
            if (version > Version)
            {
                throw new InvalidDataException($"its schema is version {version}, from a newer agent");
            }

            if (version == 0)
            {
                Create(connection);
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Create(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        Execute(connection, """
            CREATE TABLE message (sequence INTEGER PRIMARY KEY, channel INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
            CREATE TABLE state (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
            """);
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO state (name, value) VALUES ('epoch', $epoch), ('next', 1)";
        insert.Parameters.AddWithValue("$epoch", BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(8)));
        insert.ExecuteNonQuery();
        Execute(connection, $"PRAGMA user_version={Version}");
        transaction.Commit();
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
