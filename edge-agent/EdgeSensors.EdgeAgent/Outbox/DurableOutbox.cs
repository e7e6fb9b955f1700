using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.EdgeAgent.Outbox;

/// <summary>
/// Messages on disk until the hub has said that it committed them (wall 6). Bounded in octets: when it is full the oldest reports go first, then alerts,
/// then receipts, and each loss is counted. The input's position is stored in the same transaction as the messages that came of it, so that after a kill
/// nothing is counted twice and nothing is left out. Thread-safe.
/// </summary>
internal sealed class DurableOutbox : IDisposable
{
    // What a row costs beyond its payload, so that very many tiny messages are bounded too.
    private const int RowOctets = 32;

    // What the systems answer where another process has the lock: EWOULDBLOCK, and Windows' ERROR_SHARING_VIOLATION.
    private const int LinuxWouldBlock = 11;
    private const int MacWouldBlock = 35;
    private const int WindowsSharingViolation = unchecked((int)0x80070020);

    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;
    private readonly long _maxOctets;
    private readonly SemaphoreSlim _arrived = new(0, 1);
    private readonly long[] _dropped = new long[3];
    private readonly FileStream? _alone;
    private ulong _next;
    private long _count;
    private long _octets;

    private DurableOutbox(SqliteConnection connection, FileStream? alone, long maxOctets)
    {
        _connection = connection;
        _alone = alone;
        _maxOctets = maxOctets;
        Epoch = unchecked((ulong)Number("epoch"));
        _next = (ulong)Number("next");
        for (var i = 0; i < _dropped.Length; i++)
        {
            _dropped[i] = Number(DroppedName(i));
        }

        using var sums = connection.CreateCommand();
        sums.CommandText = $"SELECT count(*), coalesce(sum(length(payload) + {RowOctets}), 0) FROM message";
        using var reader = sums.ExecuteReader();
        reader.Read();
        (_count, _octets) = (reader.GetInt64(0), reader.GetInt64(1));
    }

    /// <summary>Random, made with the file.</summary>
    public ulong Epoch { get; }

    /// <summary>How it stands now.</summary>
    public OutboxHealth Health
    {
        get
        {
            lock (_gate)
            {
                return new OutboxHealth((ulong)_count, (ulong)_octets, (ulong)_dropped[0], (ulong)_dropped[1], (ulong)_dropped[2]);
            }
        }
    }

    /// <summary>Opens the outbox of a state directory, or makes one.</summary>
    /// <param name="directory">The state directory; it is made if it is not there.</param>
    /// <param name="maxOctets">The most that may wait, payloads and their rows.</param>
    /// <param name="outbox">The outbox.</param>
    /// <param name="error">One line: why there is none, and what to do.</param>
    public static bool TryOpen(string directory, long maxOctets, [NotNullWhen(true)] out DurableOutbox? outbox, [NotNullWhen(false)] out string? error)
    {
        var path = Path.Combine(directory, "outbox.sqlite");
        outbox = null;
        FileStream? alone = null;
        try
        {
            Directory.CreateDirectory(directory);
            if (!TryTakeAlone(Path.Combine(directory, "outbox.lock"), out alone))
            {
                error = $"{path}: in use by another agent; stop that one, or give this one its own state directory";
                return false;
            }

            outbox = new DurableOutbox(OutboxSchema.Open(path), alone, maxOctets);
            error = null;
            return true;
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT)
        {
            error = $"{path}: damaged; move it away (what it held is lost) and start again";
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is SQLitePCL.raw.SQLITE_FULL)
        {
            error = $"{path}: the disk is full; make room";
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY)
        {
            error = $"{path}: in use by another agent; stop that one, or give this one its own state directory";
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException or InvalidCastException)
        {
            error = $"{path}: cannot be used ({exception.Message.TrimEnd('.')}); check the state directory and its permissions";
        }

        alone?.Dispose();
        return false;
    }

    // Sequences are counted in memory, and a sensor has one connection: two agents would give out the same numbers, and take the connection from one another for ever. SQLite lets both write,
    // and an auditor has to be able to read. The kernel lets go of the lock with the process; where a file system has none, or no room for the file, it goes without.
    private static bool TryTakeAlone(string path, out FileStream? alone)
    {
        alone = null;
        try
        {
            alone = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException exception) when (exception.HResult is LinuxWouldBlock or MacWouldBlock or WindowsSharingViolation)
        {
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>The state that came with the last messages, or null before the first.</summary>
    public byte[]? ReadCheckpoint()
    {
        lock (_gate)
        {
            return OutboxSchema.Scalar(_connection, "SELECT value FROM state WHERE name = 'checkpoint'") as byte[];
        }
    }

    /// <summary>Puts messages on disk, and with them whatever lets the input go on behind what they tell of.</summary>
    /// <param name="entries">The messages, in order.</param>
    /// <param name="checkpoint">The input's new state; null leaves the old one.</param>
    public OutboxCommit Commit(IReadOnlyList<OutboxEntry> entries, byte[]? checkpoint = null)
    {
        lock (_gate)
        {
            var before = (_next, _count, _octets, Dropped: (long[])_dropped.Clone());
            try
            {
                using var transaction = _connection.BeginTransaction();
                Insert(entries, transaction);
                MakeRoom(transaction);
                Set(transaction, "next", (long)_next);
                for (var i = 0; i < _dropped.Length; i++)
                {
                    Set(transaction, DroppedName(i), _dropped[i]);
                }

                if (checkpoint is not null)
                {
                    Set(transaction, "checkpoint", checkpoint);
                }

                transaction.Commit();
            }
            catch (SqliteException)
            {
                // Full, failing or read-only: the caller decides whether to wait or to count the loss.
                (_next, _count, _octets) = (before._next, before._count, before._octets);
                before.Dropped.CopyTo(_dropped, 0);
                return OutboxCommit.DiskFailed;
            }
        }

        Wake();
        return OutboxCommit.Durable;
    }

    /// <summary>Counts messages that could not be put on disk; the count is stored with the next ones that can.</summary>
    public void CountDropped(Channel channel, int count)
    {
        lock (_gate)
        {
            _dropped[Rank(channel)] += count;
        }
    }

    /// <summary>The next messages in order.</summary>
    /// <param name="after">Sequence of the last one already read; 0 from the start.</param>
    /// <param name="max">The most to give.</param>
    public IReadOnlyList<OutboxMessage> Read(ulong after, int max)
    {
        lock (_gate)
        {
            using var select = _connection.CreateCommand();
            select.CommandText = "SELECT sequence, channel, payload FROM message WHERE sequence > $after ORDER BY sequence LIMIT $max";
            select.Parameters.AddWithValue("$after", (long)after);
            select.Parameters.AddWithValue("$max", max);
            using var reader = select.ExecuteReader();
            var messages = new List<OutboxMessage>();
            while (reader.Read())
            {
                messages.Add(new OutboxMessage(new MessageId(Epoch, (ulong)reader.GetInt64(0)), (Channel)reader.GetInt64(1), reader.GetFieldValue<byte[]>(2)));
            }

            return messages;
        }
    }

    /// <summary>Forgets what the hub has committed.</summary>
    /// <param name="upTo">From the hub's <c>ack</c>; of another epoch it says nothing about this file.</param>
    public void Acknowledge(MessageId upTo)
    {
        if (upTo.Epoch != Epoch)
        {
            return;
        }

        lock (_gate)
        {
            // A hub that acknowledges what was never sent must not make a later message vanish.
            var last = (long)Math.Min(upTo.Sequence, _next - 1);
            try
            {
                using var transaction = _connection.BeginTransaction();
                var (count, octets) = Delete(transaction, "sequence <= $last", last);
                transaction.Commit();
                _count -= count;
                _octets -= octets;
            }
            catch (SqliteException)
            {
                // They stay, are sent again after a restart, and the hub knows them for duplicates.
            }
        }
    }

    /// <summary>Waits until messages have been committed since the last wait, or the time is over.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => await _arrived.WaitAsync(atMost, cancellationToken).ConfigureAwait(false);

    /// <summary>Ends a <see cref="WaitAsync"/> now.</summary>
    public void Wake()
    {
        try
        {
            _arrived.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _connection.Dispose();
        }

        _alone?.Dispose();
        _arrived.Dispose();
    }

    private void Insert(IReadOnlyList<OutboxEntry> entries, SqliteTransaction transaction)
    {
        using var insert = _connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = "INSERT INTO message (sequence, channel, payload) VALUES ($sequence, $channel, $payload)";
        var sequence = insert.Parameters.Add("$sequence", SqliteType.Integer);
        var channel = insert.Parameters.Add("$channel", SqliteType.Integer);
        var payload = insert.Parameters.Add("$payload", SqliteType.Blob);
        foreach (var entry in entries)
        {
            var octets = entry.Encode(new MessageId(Epoch, _next));
            sequence.Value = (long)_next;
            channel.Value = (long)entry.Channel;
            payload.Value = octets;
            insert.ExecuteNonQuery();
            _next++;
            _count++;
            _octets += octets.Length + RowOctets;
        }
    }

    // The oldest of the least class goes first; a tenth more than needed at once, so that a full outbox does not pay this for every message.
    private void MakeRoom(SqliteTransaction transaction)
    {
        for (var rank = 0; rank < _dropped.Length && _octets > _maxOctets; rank++)
        {
            var excess = _octets - (_maxOctets - (_maxOctets / 10));
            using var oldest = _connection.CreateCommand();
            oldest.Transaction = transaction;
            oldest.CommandText = $"SELECT sequence, length(payload) + {RowOctets} FROM message WHERE channel IN ({ChannelsOf(rank)}) ORDER BY sequence";
            long last = 0;
            using (var reader = oldest.ExecuteReader())
            {
                for (long freed = 0; freed < excess && reader.Read(); freed += reader.GetInt64(1))
                {
                    last = reader.GetInt64(0);
                }
            }

            var (count, octets) = Delete(transaction, $"sequence <= $last AND channel IN ({ChannelsOf(rank)})", last);
            _count -= count;
            _octets -= octets;
            _dropped[rank] += count;
        }
    }

    private (long Count, long Octets) Delete(SqliteTransaction transaction, string where, long last)
    {
        using var sums = _connection.CreateCommand();
        sums.Transaction = transaction;
        sums.CommandText = $"SELECT count(*), coalesce(sum(length(payload) + {RowOctets}), 0) FROM message WHERE {where}";
        sums.Parameters.AddWithValue("$last", last);
        (long Count, long Octets) gone;
        using (var reader = sums.ExecuteReader())
        {
            reader.Read();
            gone = (reader.GetInt64(0), reader.GetInt64(1));
        }

        if (gone.Count > 0)
        {
            using var delete = _connection.CreateCommand();
            delete.Transaction = transaction;
            delete.CommandText = $"DELETE FROM message WHERE {where}";
            delete.Parameters.AddWithValue("$last", last);
            delete.ExecuteNonQuery();
        }

        return gone;
    }

    private void Set(SqliteTransaction transaction, string name, object value)
    {
        using var set = _connection.CreateCommand();
        set.Transaction = transaction;
        set.CommandText = "INSERT INTO state (name, value) VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        set.Parameters.AddWithValue("$name", name);
        set.Parameters.AddWithValue("$value", value);
        set.ExecuteNonQuery();
    }

    private long Number(string name) => OutboxSchema.Scalar(_connection, $"SELECT value FROM state WHERE name = '{name}'") as long? ?? 0;

    private static string DroppedName(int rank) => rank switch { 0 => "dropped-reports", 1 => "dropped-alerts", _ => "dropped-receipts" };

    // Wall 6: alerts and receipts are the last to be dropped. A status is retained and soon followed by another, so it counts as a report.
    private static int Rank(Channel channel) => channel switch { Channel.Alert => 1, Channel.Receipt => 2, _ => 0 };

    private static string ChannelsOf(int rank) => rank switch
    {
        1 => $"{(int)Channel.Alert}",
        2 => $"{(int)Channel.Receipt}",
        _ => $"{(int)Channel.Report}, {(int)Channel.Status}",
    };
}
