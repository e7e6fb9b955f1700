using Microsoft.Data.Sqlite;

namespace EdgeSensors.Hub.Store;

/// <summary>A store of an unknown future, or one that cannot be opened.</summary>
internal sealed class StoreException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Opens an SQLite database durably (WAL, synchronous=FULL) and brings its schema forward, one numbered step after another, each in its
/// own transaction. The version is the database's <c>user_version</c>.
/// </summary>
internal static class SqliteSchema
{
    public static SqliteConnection Open(string path, IReadOnlyList<string> steps)
    {
        var connection = Connect(path, readOnly: false);
        try
        {
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON;");
            var version = (int)(long)Scalar(connection, "PRAGMA user_version")!;
            if (version > steps.Count)
            {
                throw new StoreException($"{path} has schema {version}, this program knows up to {steps.Count}; start the newer {typeof(SqliteSchema).Assembly.GetName().Name}.");
            }

            for (; version < steps.Count; version++)
            {
                Execute(connection, $"BEGIN IMMEDIATE; {steps[version]}; PRAGMA user_version={version + 1}; COMMIT;");
            }

            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new StoreException($"{path} cannot be opened ({e.Message.TrimEnd('.')}); check the disk, or restore the file from a copy.", e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static SqliteConnection Connect(string path, bool readOnly)
    {
        // Pooling would keep the file open after Dispose.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new StoreException($"{path} cannot be opened ({e.Message.TrimEnd('.')}); check that its folder exists and is writable.", e);
        }
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
