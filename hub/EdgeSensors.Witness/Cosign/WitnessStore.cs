using EdgeSensors.Hub.Store;
using EdgeSensors.Trust.Log;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Witness.Cosign;

/// <summary>What the witness remembers: the newest checkpoint of each log that it cosigned, all before it, what it was shown that cannot be, and the log's entries and preimages. Durable when a call returns.</summary>
internal sealed class WitnessStore : IDisposable
{
    private const int MaxAlarms = 1_000;

    private static readonly string[] Steps =
    [
        """
        CREATE TABLE log (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, note BLOB, at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE cosigned (id INTEGER PRIMARY KEY AUTOINCREMENT, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, at INTEGER NOT NULL);
        CREATE TABLE entry (origin TEXT NOT NULL, idx INTEGER NOT NULL, data BLOB NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (origin, idx)) WITHOUT ROWID;
        CREATE TABLE preimage (id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, data BLOB NOT NULL);
        CREATE TABLE missing (origin TEXT NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (origin, idx)) WITHOUT ROWID;
        CREATE TABLE alarm (id INTEGER PRIMARY KEY AUTOINCREMENT, origin TEXT NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL, note BLOB, UNIQUE (origin, what))
        """,
        "CREATE TABLE halted (origin TEXT PRIMARY KEY, why TEXT NOT NULL, note BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
    ];

    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();

    private WitnessStore(SqliteConnection connection) => _connection = connection;

    /// <summary>Makes the store of a new witness.</summary>
    public static void Create(string folder)
    {
        Directory.CreateDirectory(folder);
        using var connection = SqliteSchema.Open(PathIn(folder), Steps);
    }

    /// <summary>Opens the store. One that is not there is an error: a witness that forgot what it cosigned could be shown another history.</summary>
    public static WitnessStore Open(string folder) => File.Exists(PathIn(folder))
        ? new WitnessStore(SqliteSchema.Open(PathIn(folder), Steps))
        : throw new StoreException($"{PathIn(folder)} is not there; a witness must not go on without what it remembers: bring it back, or make a new witness with a new key.");

    public static string PathIn(string folder) => Path.Combine(folder, "witness.db");

    /// <summary>Begins to follow a log, from nothing; one that is followed already stays as it is.</summary>
    public void Follow(string origin) => Do("INSERT OR IGNORE INTO log (origin, size, at) VALUES ($a, 0, 0)", ("$a", origin));

    /// <summary>The newest cosigned checkpoint of a log: its size, its octets with the cosignature, and when; null for a log that is not followed.</summary>
    public (long Size, Checkpoint? Checkpoint, long At)? Newest(string origin) => Ask(
        "SELECT size, note, at FROM log WHERE origin = $a",
        row => (row.GetInt64(0), row.IsDBNull(1) ? null : Parse(row.GetFieldValue<byte[]>(1)), row.GetInt64(2)),
        ("$a", origin)).Cast<(long, Checkpoint?, long)?>().SingleOrDefault();

    /// <summary>Remembers a cosigned checkpoint.</summary>
    public void Cosigned(Checkpoint checkpoint, long at)
    {
        lock (_gate)
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            Do("UPDATE log SET size = $a, note = $b, at = $c WHERE origin = $d", ("$a", checkpoint.Size), ("$b", checkpoint.ToBytes()), ("$c", at), ("$d", checkpoint.Origin));
            Do(
                "INSERT INTO cosigned (origin, size, root, at) VALUES ($a, $b, $c, $d)",
                ("$a", checkpoint.Origin), ("$b", checkpoint.Size), ("$c", checkpoint.Root.ToArray()), ("$d", at));
            transaction.Commit();
        }
    }

    /// <summary>Cosigns nothing of a log from now on, since it showed a checkpoint of this witness that the state does not know; a person lets it go on.</summary>
    public void Halt(Checkpoint shown, long at, string why) => Do(
        "INSERT OR REPLACE INTO halted (origin, why, note, at) VALUES ($a, $b, $c, $d)", ("$a", shown.Origin), ("$b", why), ("$c", shown.ToBytes()), ("$d", at));

    /// <summary>Why nothing of a log is cosigned; null when it is.</summary>
    public string? Halted(string origin) => Ask("SELECT why FROM halted WHERE origin = $a", row => row.GetString(0), ("$a", origin)).SingleOrDefault();

    /// <summary>Goes on from the checkpoint for which a log was halted; its size, or null when it is not halted.</summary>
    public long? Resume(string origin)
    {
        if (Ask("SELECT note, at FROM halted WHERE origin = $a", row => (Note: Parse(row.GetFieldValue<byte[]>(0)), At: row.GetInt64(1)), ("$a", origin)) is not [var (note, at)])
        {
            return null;
        }

        Cosigned(note, at);
        Do("DELETE FROM halted WHERE origin = $a", ("$a", origin));
        return note.Size;
    }

    /// <summary>Keeps what must not be, with the octets that show it; the same again is no news.</summary>
    public bool Alarm(string origin, long at, string what, byte[]? note) => Do(
        "INSERT OR IGNORE INTO alarm (origin, at, what, note) SELECT $a, $b, $c, $d WHERE (SELECT count(*) FROM alarm) < $e",
        ("$a", origin), ("$b", at), ("$c", what), ("$d", note), ("$e", MaxAlarms)) > 0;

    public IReadOnlyList<AlarmView> Alarms() => Ask(
        "SELECT origin, at, what, note FROM alarm ORDER BY id DESC",
        row => new AlarmView(row.GetString(0), row.GetInt64(1), row.GetString(2), row.IsDBNull(3) ? null : System.Text.Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(3))));

    public IReadOnlyList<LogView> Logs() => Ask(
        """
        SELECT origin, size, at, (SELECT count(*) FROM entry WHERE entry.origin = log.origin), (SELECT count(*) FROM missing WHERE missing.origin = log.origin)
        FROM log ORDER BY origin
        """,
        row => new LogView(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)));

    /// <summary>All entries of a log that are mirrored, in order.</summary>
    public IReadOnlyList<byte[]> Entries(string origin) =>
        Ask("SELECT data FROM entry WHERE origin = $a ORDER BY idx", row => row.GetFieldValue<byte[]>(0), ("$a", origin));

    public IReadOnlyList<EntryView> Entries(string origin, long from, int max) => Ask(
        """
        SELECT idx, entry.data, entry.sha256, preimage.id IS NOT NULL FROM entry LEFT JOIN preimage ON preimage.sha256 = entry.sha256
        WHERE origin = $a AND idx >= $b ORDER BY idx LIMIT $c
        """,
        row => new EntryView(row.GetInt64(0), KindOf(row.GetFieldValue<byte[]>(1)), row.GetString(2), row.GetBoolean(3)),
        ("$a", origin), ("$b", from), ("$c", max));

    public byte[]? Preimage(string sha256) => Ask("SELECT data FROM preimage WHERE sha256 = $a", row => row.GetFieldValue<byte[]>(0), ("$a", sha256)).SingleOrDefault();

    /// <summary>Keeps new entries of a log; each waits for its preimage from now on.</summary>
    public void Mirror(string origin, long first, IReadOnlyList<byte[]> entries)
    {
        lock (_gate)
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            for (var i = 0; i < entries.Count; i++)
            {
                var sha256 = LogEntry.TryParse(entries[i], out var entry) ? entry.Sha256 : "";
                Do("INSERT INTO entry (origin, idx, data, sha256) VALUES ($a, $b, $c, $d)", ("$a", origin), ("$b", first + i), ("$c", entries[i]), ("$d", sha256));
                Do("INSERT INTO missing (origin, idx) VALUES ($a, $b)", ("$a", origin), ("$b", first + i));
            }

            transaction.Commit();
        }
    }

    /// <summary>Places of entries after one whose preimage did not come yet, the first ones.</summary>
    public IReadOnlyList<(long Index, byte[] Entry)> Missing(string origin, long after, int max) => Ask(
        "SELECT idx, data FROM missing JOIN entry USING (origin, idx) WHERE origin = $a AND idx > $c ORDER BY idx LIMIT $b",
        row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)),
        ("$a", origin), ("$b", max), ("$c", after));

    /// <summary>Keeps a preimage that came, or, with none, that there is nothing to wait for.</summary>
    public void Found(string origin, long index, string sha256, byte[]? preimage)
    {
        lock (_gate)
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            if (preimage is not null)
            {
                Do("INSERT OR IGNORE INTO preimage (sha256, data) VALUES ($a, $b)", ("$a", sha256), ("$b", preimage));
            }

            Do("DELETE FROM missing WHERE origin = $a AND idx = $b", ("$a", origin), ("$b", index));
            transaction.Commit();
        }
    }

    public void Dispose() => _connection.Dispose();

    private static string KindOf(byte[] entry) => LogEntry.TryParse(entry, out var read) ? LogEntry.Word(read.Kind) : "unknown";

    private static Checkpoint Parse(byte[] note) => Checkpoint.TryParse(note, out var checkpoint, out _)
        ? checkpoint
        : throw new StoreException("The state holds a checkpoint that cannot be read; bring the state back from where it was whole, or make a new witness.");

    private int Do(string sql, params (string Name, object? Value)[] parameters)
    {
        lock (_gate)
        {
            using var command = Command(sql, parameters);
            return command.ExecuteNonQuery();
        }
    }

    private List<T> Ask<T>(string sql, Func<SqliteDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        lock (_gate)
        {
            using var command = Command(sql, parameters);
            using var rows = command.ExecuteReader();
            var list = new List<T>();
            while (rows.Read())
            {
                list.Add(read(rows));
            }

            return list;
        }
    }

    private SqliteCommand Command(string sql, (string Name, object? Value)[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }
}

/// <summary>A log as the view shows it; times are Unix seconds.</summary>
internal sealed record LogView(string Origin, long Size, long CosignedAt, long Mirrored, long MissingPreimages);

/// <summary>An entry as the view shows it.</summary>
internal sealed record EntryView(long Index, string Kind, string Sha256, bool HasPreimage);

/// <summary>Something that must not be, with the octets that show it where there are any; times are Unix seconds.</summary>
internal sealed record AlarmView(string Origin, long At, string What, string? Note);
