using EdgeSensors.Hub.Store;
using EdgeSensors.Trust.Log;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Hub.Transparency;

/// <summary>What is to be logged: where it came from, so that it is logged once, the entry and its preimage.</summary>
internal sealed record NewEntry(string Source, LogEntry Entry, byte[] Preimage)
{
    public static NewEntry Salted(string source, LogEntryKind kind, string name, ReadOnlySpan<byte> octets)
    {
        var preimage = LogEntry.Salted(name, octets);
        return new NewEntry(source, LogEntry.Of(kind, preimage), preimage);
    }
}

/// <summary>
/// The log on disk: entries, the tree's hashes at the levels of tiles, preimages, checkpoints. A batch is one durable transaction (SQLite, WAL, synchronous=FULL): a kill at any
/// moment leaves all of it or nothing.
/// </summary>
internal sealed class LogStore : IDisposable
{
    private const int Signed = 1;
    private const int Cosigned = 2;

    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();

    public LogStore(string path)
    {
        _connection = SqliteSchema.Open(path, LogSchema.Steps);
        Size = Ask("SELECT coalesce(max(idx) + 1, 0) FROM entry", row => row.GetInt64(0)).Single();
    }

    /// <summary>Entries.</summary>
    public long Size { get; private set; }

    /// <summary>The root of the tree at a size.</summary>
    public byte[] Root(long size) => Prover().Root(size);

    public IReadOnlyList<byte[]> Inclusion(long index, long size) => Prover().Inclusion(index, size);

    public IReadOnlyList<byte[]> Consistency(long oldSize, long size) => Prover().Consistency(oldSize, size);

    /// <summary>The place of what came from somewhere; null when it is not logged.</summary>
    public long? IndexOf(string source) => Ask("SELECT idx FROM source WHERE name = $a", row => (long?)row.GetInt64(0), ("$a", source)).SingleOrDefault();

    /// <summary>All sources that begin with a text.</summary>
    public HashSet<string> Sources(string prefix) =>
        [.. Ask("SELECT name FROM source WHERE name >= $a AND name < $b", row => row.GetString(0), ("$a", prefix), ("$b", prefix + "\uffff"))];

    /// <summary>The last source, in their order, that begins with a text; null when there is none.</summary>
    public string? LastSource(string prefix) =>
        Ask("SELECT max(name) FROM source WHERE name >= $a AND name < $b", row => row.IsDBNull(0) ? null : row.GetString(0), ("$a", prefix), ("$b", prefix + "\uffff")).Single();

    /// <summary>Appends a batch and signs the tree that it makes: one sync for both, and a log never contradicts what it signed.</summary>
    public Checkpoint Append(IReadOnlyList<NewEntry> batch, NoteSigner signer)
    {
        lock (_gate)
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            var size = Size;
            foreach (var (source, entry, preimage) in batch)
            {
                var octets = entry.ToBytes();
                Do("INSERT INTO entry (idx, leaf, data) VALUES ($a, $b, $c)", ("$a", size), ("$b", MerkleTree.LeafHash(octets)), ("$c", octets));
                Do("INSERT OR IGNORE INTO preimage (sha256, data) VALUES ($a, $b)", ("$a", entry.Sha256), ("$b", preimage));
                Do("INSERT INTO source (name, idx) VALUES ($a, $b)", ("$a", source), ("$b", size));
                size++;
                Close(size);
            }

            var head = Checkpoint.Sign(signer, size, Root(size));
            SaveSigned(head);
            transaction.Commit();
            Size = size;
            return head;
        }
    }

    /// <summary>The newest checkpoint that the log signed; null before the first.</summary>
    public Checkpoint? NewestSigned() => ReadCheckpoint(Signed);

    /// <summary>The newest checkpoint that a quorum of witnesses cosigned; null before the first.</summary>
    public Checkpoint? NewestCosigned() => ReadCheckpoint(Cosigned);

    /// <summary>Remembers what is about to be shown: a log must never contradict what it signed.</summary>
    public void SaveSigned(Checkpoint checkpoint) => Save(Signed, checkpoint);

    public void SaveCosigned(Checkpoint checkpoint) => Save(Cosigned, checkpoint);

    /// <summary>A tile or bundle as it is served; null when the log does not reach so far.</summary>
    public byte[]? ReadTile(LogTile tile)
    {
        var first = tile.Index * LogTile.FullWidth;
        if (tile.Level is null)
        {
            var entries = Ask("SELECT data FROM entry WHERE idx >= $a AND idx < $b ORDER BY idx", row => row.GetFieldValue<byte[]>(0), ("$a", first), ("$b", first + tile.Width));
            return entries.Count == tile.Width ? LogTile.WriteBundle(entries) : null;
        }

        var hashes = ReadHashes(tile.Level.Value * MerkleProver.TileHeight, first, tile.Width);
        return hashes.Count == tile.Width ? [.. hashes.SelectMany(hash => hash)] : null;
    }

    public byte[]? ReadPreimage(string sha256) => Ask("SELECT data FROM preimage WHERE sha256 = $a", row => row.GetFieldValue<byte[]>(0), ("$a", sha256)).SingleOrDefault();

    public void Dispose() => _connection.Dispose();

    // A subtree of 256, 65,536, … entries that is whole now gets its place among the tiles above.
    private void Close(long size)
    {
        for (var level = MerkleProver.TileHeight; level < 63 && size % (1L << level) == 0; level += MerkleProver.TileHeight)
        {
            var first = ((size >> level) - 1) * LogTile.FullWidth;
            var frontier = new MerkleFrontier();
            ReadHashes(level - MerkleProver.TileHeight, first, LogTile.FullWidth).ForEach(frontier.Append);
            Do("INSERT INTO node (level, idx, hash) VALUES ($a, $b, $c)", ("$a", level), ("$b", (size >> level) - 1), ("$c", frontier.Root()));
        }
    }

    private List<byte[]> ReadHashes(int level, long first, int count) => level == 0
        ? Ask("SELECT leaf FROM entry WHERE idx >= $a AND idx < $b ORDER BY idx", row => row.GetFieldValue<byte[]>(0), ("$a", first), ("$b", first + count))
        : Ask("SELECT hash FROM node WHERE level = $c AND idx >= $a AND idx < $b ORDER BY idx", row => row.GetFieldValue<byte[]>(0), ("$a", first), ("$b", first + count), ("$c", level));

    // A proof reads few tiles, each many times.
    private MerkleProver Prover()
    {
        var tiles = new Dictionary<(int Level, long Tile), List<byte[]>>();
        return new MerkleProver((level, index) =>
        {
            var key = (level, index / LogTile.FullWidth);
            if (!tiles.TryGetValue(key, out var hashes))
            {
                tiles.Add(key, hashes = ReadHashes(level, key.Item2 * LogTile.FullWidth, LogTile.FullWidth));
            }

            return hashes[(int)(index % LogTile.FullWidth)];
        });
    }

    private Checkpoint? ReadCheckpoint(int kind) => Ask(
        "SELECT note FROM checkpoint WHERE kind = $a",
        row => Checkpoint.TryParse(row.GetFieldValue<byte[]>(0), out var checkpoint, out _)
            ? checkpoint
            : throw new StoreException("The transparency log holds a checkpoint that cannot be read; restore the file from a copy."),
        ("$a", kind)).SingleOrDefault();

    private void Save(int kind, Checkpoint checkpoint) => Do(
        "INSERT OR REPLACE INTO checkpoint (kind, size, note) VALUES ($a, $b, $c)", ("$a", kind), ("$b", checkpoint.Size), ("$c", checkpoint.ToBytes()));

    private void Do(string sql, params (string Name, object Value)[] parameters)
    {
        lock (_gate)
        {
            using var command = Command(sql, parameters);
            command.ExecuteNonQuery();
        }
    }

    private List<T> Ask<T>(string sql, Func<SqliteDataReader, T> read, params (string Name, object Value)[] parameters)
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

    private SqliteCommand Command(string sql, (string Name, object Value)[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }
}
