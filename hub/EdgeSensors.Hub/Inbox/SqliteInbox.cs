using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Hub.Inbox;

/// <summary>
/// The inbox in SQLite: WAL and synchronous=FULL, so that a commit has reached the disk when it returns (sqlite.org/pragma.html#pragma_synchronous).
/// </summary>
internal sealed class SqliteInbox : IInbox
{
    private const int KeptOctetsOfRejected = 1024;

    private static readonly string[] Schema =
    [
        """
        CREATE TABLE source (
          id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, epoch INTEGER NOT NULL,
          floor INTEGER NOT NULL, last_seen INTEGER NOT NULL, UNIQUE (sensor, epoch));
        CREATE TABLE extent (
          source INTEGER NOT NULL REFERENCES source, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (source, first)) WITHOUT ROWID;
        CREATE TABLE message (
          id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL REFERENCES source, sequence INTEGER NOT NULL, channel INTEGER NOT NULL,
          received_at INTEGER NOT NULL, payload BLOB NOT NULL, UNIQUE (source, sequence));
        CREATE INDEX message_control ON message (id) WHERE channel <> 1;
        CREATE TABLE rejected (
          id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL REFERENCES source, sequence INTEGER NOT NULL, channel INTEGER NOT NULL,
          received_at INTEGER NOT NULL, reason TEXT NOT NULL, octets INTEGER NOT NULL, beginning BLOB NOT NULL)
        """,
    ];

    private readonly SqliteConnection _writer;
    private readonly SqliteConnection _reader;
    private readonly Lock _reading = new();
    private readonly int _maxRejected;
    private readonly SqliteCommand _insertMessage;
    private readonly SqliteCommand _insertRejected;

    /// <param name="path">The database file.</param>
    /// <param name="maxRejected">Rejected messages kept.</param>
    /// <param name="maxMiB">The most that the file may hold; commits stand still beyond it, as on a full disk.</param>
    public SqliteInbox(string path, int maxRejected, int maxMiB)
    {
        _maxRejected = maxRejected;
        _writer = SqliteSchema.Open(path, Schema);
        SqliteSchema.Execute(_writer, $"PRAGMA max_page_count={maxMiB * (1024L * 1024 / (long)SqliteSchema.Scalar(_writer, "PRAGMA page_size")!)}");
        _reader = SqliteSchema.Connect(path, readOnly: true);
        _insertMessage = Prepare(
            "INSERT INTO message (source, sequence, channel, received_at, payload) VALUES ($source, $sequence, $channel, $at, $payload)",
            "$source", "$sequence", "$channel", "$at", "$payload");
        _insertRejected = Prepare(
            "INSERT INTO rejected (source, sequence, channel, received_at, reason, octets, beginning) VALUES ($source, $sequence, $channel, $at, $reason, $octets, $payload)",
            "$source", "$sequence", "$channel", "$at", "$payload", "$reason", "$octets");
    }

    public IReadOnlyList<SourceState> LoadSources()
    {
        var extents = new Dictionary<long, List<(ulong, ulong)>>();
        using (var command = _writer.CreateCommand())
        {
            command.CommandText = "SELECT source, first, last FROM extent ORDER BY source, first";
            using var rows = command.ExecuteReader();
            while (rows.Read())
            {
                if (!extents.TryGetValue(rows.GetInt64(0), out var list))
                {
                    extents.Add(rows.GetInt64(0), list = []);
                }

                list.Add(((ulong)rows.GetInt64(1), (ulong)rows.GetInt64(2)));
            }
        }

        var sources = new List<SourceState>();
        using var all = _writer.CreateCommand();
        all.CommandText = "SELECT id, sensor, epoch, floor, last_seen FROM source ORDER BY last_seen";
        using var reader = all.ExecuteReader();
        while (reader.Read())
        {
            var sensor = NameOf(reader.GetString(1));
            var set = new SequenceSet((ulong)reader.GetInt64(3), extents.GetValueOrDefault(reader.GetInt64(0)));
            sources.Add(new SourceState(sensor, unchecked((ulong)reader.GetInt64(2)), set)
            {
                Row = reader.GetInt64(0),
                LastSeen = new(reader.GetInt64(4)),
                Stored = (set.Floor, set.Extents.Count, set.Extents.Count == 0 ? 0 : set.Extents[0].First),
            });
        }

        return sources;
    }

    public void Commit(IReadOnlyList<Arrival> arrivals, IReadOnlyCollection<SourceState> touched)
    {
        try
        {
            using var transaction = _writer.BeginTransaction(deferred: false);
            var rows = new Dictionary<(SensorName, ulong), long>(touched.Count);
            foreach (var source in touched)
            {
                rows.Add((source.Sensor, source.Epoch), WriteSource(transaction, source));
            }

            var rejected = false;
            foreach (var arrival in arrivals)
            {
                Insert(transaction, arrival, rows[(arrival.Sensor, arrival.Id.Epoch)]);
                rejected |= arrival.Rejection is not null;
            }

            if (rejected)
            {
                using var bound = _writer.CreateCommand();
                bound.Transaction = transaction;
                bound.CommandText = "DELETE FROM rejected WHERE id <= (SELECT MAX(id) FROM rejected) - $max";
                bound.Parameters.AddWithValue("$max", _maxRejected);
                bound.ExecuteNonQuery();
            }

            transaction.Commit();
            foreach (var source in touched)
            {
                source.Row = rows[(source.Sensor, source.Epoch)];
                source.Stored = (source.Sequences.Floor, source.Sequences.Extents.Count, source.Sequences.Extents.Count == 0 ? 0 : source.Sequences.Extents[0].First);
            }
        }
        catch (SqliteException e)
        {
            throw new InboxUnavailableException(e.SqliteErrorCode == 13 ? "the disk is full" : e.Message, e);
        }
    }

    public IReadOnlyList<InboxMessage> Read(long afterRow, InboxView view, int max)
    {
        lock (_reading)
        {
            using var command = _reader.CreateCommand();
            command.CommandText = $"""
                SELECT m.id, s.sensor, m.channel, m.received_at, m.payload FROM message m JOIN source s ON s.id = m.source
                WHERE m.id > $after AND m.channel {(view == InboxView.Reports ? "=" : "<>")} 1 ORDER BY m.id LIMIT $max
                """;
            command.Parameters.AddWithValue("$after", afterRow);
            command.Parameters.AddWithValue("$max", max);
            using var rows = command.ExecuteReader();
            var messages = new List<InboxMessage>();
            while (rows.Read())
            {
                messages.Add(new InboxMessage(rows.GetInt64(0), NameOf(rows.GetString(1)), (Channel)rows.GetInt32(2), new(rows.GetInt64(3)), rows.GetFieldValue<byte[]>(4)));
            }

            return messages;
        }
    }

    public int Prune(long upToRow, UnixMilliseconds before, int max)
    {
        try
        {
            using var command = _writer.CreateCommand();
            command.CommandText =
                "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE id <= $row AND received_at < $before ORDER BY id LIMIT $max)";
            command.Parameters.AddWithValue("$row", upToRow);
            command.Parameters.AddWithValue("$before", before.Value);
            command.Parameters.AddWithValue("$max", max);
            return command.ExecuteNonQuery();
        }
        catch (SqliteException e)
        {
            throw new InboxUnavailableException(e.Message, e);
        }
    }

    public (long Messages, long Rejected) Count()
    {
        lock (_reading)
        {
            return ((long)SqliteSchema.Scalar(_reader, "SELECT COUNT(*) FROM message")!, (long)SqliteSchema.Scalar(_reader, "SELECT COUNT(*) FROM rejected")!);
        }
    }

    public void Dispose()
    {
        _insertMessage.Dispose();
        _insertRejected.Dispose();
        _reader.Dispose();
        _writer.Dispose();
    }

    private void Insert(SqliteTransaction transaction, Arrival arrival, long source)
    {
        var command = arrival.Rejection is null ? _insertMessage : _insertRejected;
        command.Transaction = transaction;
        command.Parameters[0].Value = source;
        command.Parameters[1].Value = (long)arrival.Id.Sequence;
        command.Parameters[2].Value = (int)arrival.Channel;
        command.Parameters[3].Value = arrival.ReceivedAt.Value;
        if (arrival.Rejection is null)
        {
            command.Parameters[4].Value = Octets(arrival.Payload);
        }
        else
        {
            command.Parameters[4].Value = arrival.Payload[..Math.Min(arrival.Payload.Length, KeptOctetsOfRejected)].ToArray();
            command.Parameters[5].Value = arrival.Rejection;
            command.Parameters[6].Value = arrival.Payload.Length;
        }

        command.ExecuteNonQuery();
    }

    private static SensorName NameOf(string text) =>
        SensorName.TryParse(text, out var name) ? name : throw new StoreException($"The inbox names a sensor '{text}' that cannot be; restore the file from a copy.");

    private static byte[] Octets(ReadOnlyMemory<byte> payload) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(payload, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : payload.ToArray();

    private long WriteSource(SqliteTransaction transaction, SourceState source)
    {
        var row = source.Row;
        using var command = _writer.CreateCommand();
        command.Transaction = transaction;
        command.Parameters.AddWithValue("$floor", (long)source.Sequences.Floor);
        command.Parameters.AddWithValue("$seen", source.LastSeen.Value);
        if (row == 0)
        {
            command.CommandText = "INSERT INTO source (sensor, epoch, floor, last_seen) VALUES ($sensor, $epoch, $floor, $seen) RETURNING id";
            command.Parameters.AddWithValue("$sensor", source.Sensor.ToString());
            command.Parameters.AddWithValue("$epoch", unchecked((long)source.Epoch));
            row = (long)command.ExecuteScalar()!;
        }
        else
        {
            command.CommandText = "UPDATE source SET floor = $floor, last_seen = $seen WHERE id = $id";
            command.Parameters.AddWithValue("$id", row);
            command.ExecuteNonQuery();
        }

        var extents = source.Sequences.Extents;
        using var extent = _writer.CreateCommand();
        extent.Transaction = transaction;
        extent.Parameters.AddWithValue("$source", row);
        if (extents.Count == 1 && source.Stored.Count == 1 && source.Stored.First == extents[0].First)
        {
            extent.CommandText = "UPDATE extent SET last = $last WHERE source = $source AND first = $first";
            extent.Parameters.AddWithValue("$first", (long)extents[0].First);
            extent.Parameters.AddWithValue("$last", (long)extents[0].Last);
            extent.ExecuteNonQuery();
            return row;
        }

        extent.CommandText = "DELETE FROM extent WHERE source = $source";
        extent.ExecuteNonQuery();
        extent.CommandText = "INSERT INTO extent (source, first, last) VALUES ($source, $first, $last)";
        var first = extent.Parameters.AddWithValue("$first", 0L);
        var last = extent.Parameters.AddWithValue("$last", 0L);
        foreach (var (from, to) in extents)
        {
            first.Value = (long)from;
            last.Value = (long)to;
            extent.ExecuteNonQuery();
        }

        return row;
    }

    private SqliteCommand Prepare(string sql, params string[] names)
    {
        var command = _writer.CreateCommand();
        command.CommandText = sql;
        foreach (var name in names)
        {
            command.Parameters.Add(new SqliteParameter(name, null));
        }

        return command;
    }
}
