using DuckDB.NET.Data;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Store;

/// <summary>The flow store in DuckDB. Batches go in by its appender, with the watermark in the same transaction.</summary>
internal sealed partial class DuckDbFlowStore : IFlowStore
{
    /// <summary>One step a version; a step that was released is never changed.</summary>
    private static readonly string[] Schema =
    [
        """
        CREATE TABLE watermark (inbox_row BIGINT NOT NULL);
        INSERT INTO watermark VALUES (0);
        CREATE TABLE window_total (
          inbox_row BIGINT, sensor VARCHAR, window_start BIGINT, window_end BIGINT, packets UBIGINT, octets UBIGINT, flows UBIGINT, dropped UBIGINT,
          sampling DOUBLE, malformed UBIGINT, evicted UBIGINT, domestic UBIGINT, below_k UBIGINT, out_of_scope UBIGINT, previous_lost BOOLEAN,
          clock_offset BIGINT, authorization_id VARCHAR, received_at BIGINT);
        CREATE TABLE window_count (
          inbox_row BIGINT, sensor VARCHAR, window_start BIGINT, kind VARCHAR, key1 UINTEGER, key2 UINTEGER, prefix VARCHAR,
          packets UBIGINT, octets UBIGINT, flows UBIGINT, received_at BIGINT);
        CREATE TABLE sketch (
          inbox_row BIGINT, sensor VARCHAR, window_start BIGINT, name VARCHAR, hash VARCHAR, seed UBIGINT, precision_bits UTINYINT, registers BLOB, received_at BIGINT);
        CREATE TABLE flow (
          inbox_row BIGINT, sensor VARCHAR, reason UTINYINT, direction UTINYINT, source VARCHAR, destination VARCHAR, protocol UTINYINT,
          source_port USMALLINT, destination_port USMALLINT, flow_start BIGINT, flow_end BIGINT, packets UBIGINT, octets UBIGINT,
          reverse_packets UBIGINT, reverse_octets UBIGINT, tcp_flags USMALLINT, reverse_tcp_flags USMALLINT, end_reason UTINYINT, received_at BIGINT);
        """,
        """
        ALTER TABLE window_total ADD COLUMN packets_within UBIGINT;
        ALTER TABLE window_total ADD COLUMN all_octets UBIGINT;
        ALTER TABLE window_total ADD COLUMN octets_within UBIGINT;
        """,
    ];

    private readonly string _path;
    private readonly TimeSpan _impactPatience;
    private readonly Lock _gate = new();
    private DuckDBConnection _connection;

    /// <param name="path">The database's file.</param>
    /// <param name="impactPatience">How long an estimate may take, where not <see cref="ImpactPatience"/>.</param>
    public DuckDbFlowStore(string path, TimeSpan? impactPatience = null)
    {
        _path = path;
        _impactPatience = impactPatience ?? ImpactPatience;
        _connection = Connection();
        Open(path);
    }

    public long Watermark { get; private set; }

    private DuckDBConnection Connection() => new($"Data Source={_path};memory_limit=512MB;threads=2");

    private void Open(string path)
    {
        try
        {
            _connection.Open();
            Migrate(path);
            Watermark = Scalar<long>("SELECT inbox_row FROM watermark");
        }
        catch (DuckDBException e)
        {
            _connection.Dispose();
            throw new StoreException($"{path} cannot be opened ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}); end the other program that uses it, or restore the file from a copy.", e);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    public void Project(IReadOnlyList<(InboxMessage Message, ReportMessage Report)> reports, long watermark)
    {
        lock (_gate)
        {
            if (_connection.State != System.Data.ConnectionState.Open)
            {
                _connection = Connection();
                Open(_path);
            }

            try
            {
                using var transaction = _connection.BeginTransaction();
                AppendTotals(reports);
                AppendCounts(reports);
                AppendSketches(reports);
                AppendFlows(reports);
                Execute($"UPDATE watermark SET inbox_row = {watermark}");
                transaction.Commit();
                Watermark = watermark;
            }
            catch (DuckDBException e)
            {
                // After a write that the disk refused DuckDB takes no more on this connection; what is on disk tells how far it came.
                _connection.Dispose();
                _connection = Connection();
                Open(_path);
                throw new StoreException($"{_path} was not written ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}); free space on its disk.", e);
            }
        }
    }

    public long Prune(UnixMilliseconds before)
    {
        lock (_gate)
        {
            var rows = 0L;
            using var transaction = _connection.BeginTransaction();
            foreach (var table in new[] { "window_total", "window_count", "sketch", "flow" })
            {
                rows += Execute($"DELETE FROM {table} WHERE received_at < {before.Value}");
            }

            transaction.Commit();
            return rows;
        }
    }

    public IReadOnlyList<StoredFlow> FlowsOf(string address, int max) => Query(
        """
        SELECT sensor, reason, direction, source, destination, protocol, source_port, destination_port, flow_start, flow_end, packets, octets,
               reverse_packets, reverse_octets, tcp_flags, reverse_tcp_flags
        FROM flow WHERE source = $a OR destination = $a ORDER BY flow_start DESC LIMIT $max
        """,
        row => new StoredFlow(
            row.GetString(0), Api.Word.Of((DetectorKind)row.GetByte(1)), Api.Word.Of((TrafficDirection)row.GetByte(2)), row.GetString(3), row.GetString(4),
            row.GetByte(5), row.GetFieldValue<ushort>(6), row.GetFieldValue<ushort>(7), row.GetInt64(8), row.GetInt64(9), row.GetFieldValue<ulong>(10),
            row.GetFieldValue<ulong>(11), row.GetFieldValue<ulong>(12), row.GetFieldValue<ulong>(13), row.GetFieldValue<ushort>(14), row.GetFieldValue<ushort>(15)),
        ("a", address), ("max", max));

    public IReadOnlyList<StoredWindow> Windows(SensorName? sensor, int max) => Query(
        """
        SELECT sensor, window_start, window_end, packets, octets, flows, dropped, sampling, domestic, previous_lost, received_at,
          packets_within, all_octets, octets_within
        FROM window_total WHERE $a = '' OR sensor = $a ORDER BY inbox_row DESC LIMIT $max
        """,
        row => new StoredWindow(
            row.GetString(0), row.GetInt64(1), row.GetInt64(2), Maybe(row, 3), Maybe(row, 4), Maybe(row, 5), Maybe(row, 6), row.GetDouble(7),
            row.GetFieldValue<ulong>(8), row.GetBoolean(9), row.GetInt64(10), Maybe(row, 11), Maybe(row, 12), Maybe(row, 13)),
        ("a", sensor?.ToString() ?? ""), ("max", max));

    public (long Windows, long Flows) Count()
    {
        lock (_gate)
        {
            return (Scalar<long>("SELECT COUNT(*) FROM window_total"), Scalar<long>("SELECT COUNT(*) FROM flow"));
        }
    }

    public void Dispose() => _connection.Dispose();

    private void AppendTotals(IReadOnlyList<(InboxMessage, ReportMessage)> reports)
    {
        using var appender = _connection.CreateAppender("window_total");
        foreach (var (message, r) in reports)
        {
            var q = r.Measurement;
            appender.CreateRow()
                .AppendValue(message.Row).AppendValue(message.Sensor.ToString()).AppendValue(r.WindowStart.Value).AppendValue(r.WindowEnd.Value)
                .AppendValue(r.Total?.Packets).AppendValue(r.Total?.Octets).AppendValue(r.Total?.Flows).AppendValue(q.DroppedPackets)
                .AppendValue(q.SamplingPopulation == 0 ? 1.0 : (double)q.SamplingSize / q.SamplingPopulation).AppendValue(q.MalformedPackets)
                .AppendValue(q.EvictedFlows).AppendValue(q.DomesticPackets).AppendValue(q.PrefixesBelowK).AppendValue(q.FlowsOutOfScope)
                .AppendValue(q.PreviousWindowLost).AppendValue(q.ClockOffsetMs).AppendValue(r.AuthorizationId).AppendValue(message.ReceivedAt.Value)
                .AppendValue(q.Bounds?.PacketsWithin).AppendValue(q.Bounds?.Octets).AppendValue(q.Bounds?.OctetsWithin)
                .EndRow();
        }
    }

    private void AppendCounts(IReadOnlyList<(InboxMessage, ReportMessage)> reports)
    {
        using var appender = _connection.CreateAppender("window_count");
        foreach (var (message, r) in reports)
        {
            void Add(string kind, uint key1, uint key2, string? prefix, Counters count) => appender.CreateRow()
                .AppendValue(message.Row).AppendValue(message.Sensor.ToString()).AppendValue(r.WindowStart.Value).AppendValue(kind).AppendValue(key1)
                .AppendValue(key2).AppendValue(prefix).AppendValue(count.Packets).AppendValue(count.Octets).AppendValue(count.Flows)
                .AppendValue(message.ReceivedAt.Value)
                .EndRow();

            foreach (var d in r.Directions)
            {
                Add("direction", (uint)d.Direction, 0, null, d.Count);
            }

            foreach (var p in r.Protocols)
            {
                Add("protocol", p.ProtocolIdentifier, 0, null, p.Count);
            }

            foreach (var s in r.Services)
            {
                Add("service", s.ProtocolIdentifier, s.Port, null, s.Count);
            }

            foreach (var p in r.TopPrefixes)
            {
                Add("prefix", p.OwnAddresses, 0, p.Prefix.ToString(), p.Count);
            }
        }
    }

    private void AppendSketches(IReadOnlyList<(InboxMessage, ReportMessage)> reports)
    {
        using var appender = _connection.CreateAppender("sketch");
        foreach (var (message, r) in reports)
        {
            foreach (var s in r.Cardinalities)
            {
                appender.CreateRow()
                    .AppendValue(message.Row).AppendValue(message.Sensor.ToString()).AppendValue(r.WindowStart.Value).AppendValue(s.Name).AppendValue(s.Hash)
                    .AppendValue(s.Seed).AppendValue(s.Precision).AppendValue(s.Registers.ToArray()).AppendValue(message.ReceivedAt.Value)
                    .EndRow();
            }
        }
    }

    private void AppendFlows(IReadOnlyList<(InboxMessage, ReportMessage)> reports)
    {
        using var appender = _connection.CreateAppender("flow");
        foreach (var (message, r) in reports)
        {
            foreach (var f in r.Flows)
            {
                appender.CreateRow()
                    .AppendValue(message.Row).AppendValue(message.Sensor.ToString()).AppendValue((byte)f.Reason).AppendValue((byte)f.Direction)
                    .AppendValue(f.Source.ToString()).AppendValue(f.Destination.ToString()).AppendValue(f.ProtocolIdentifier).AppendValue(f.SourcePort)
                    .AppendValue(f.DestinationPort).AppendValue(f.Start.Value).AppendValue(f.End.Value).AppendValue(f.Packets).AppendValue(f.Octets)
                    .AppendValue(f.ReversePackets).AppendValue(f.ReverseOctets).AppendValue(f.TcpControlBits).AppendValue(f.ReverseTcpControlBits)
                    .AppendValue(f.EndReason).AppendValue(message.ReceivedAt.Value)
                    .EndRow();
            }
        }
    }

    private void Migrate(string path)
    {
        Execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
        var version = (int)Scalar<long>("SELECT COALESCE(MAX(version), 0)::BIGINT FROM schema_version");
        if (version > Schema.Length)
        {
            throw new StoreException($"{path} has schema {version}, this program knows up to {Schema.Length}; start the newer edgesensors-hub.");
        }

        for (; version < Schema.Length; version++)
        {
            using var transaction = _connection.BeginTransaction();
            Execute(Schema[version]);
            Execute($"INSERT INTO schema_version VALUES ({version + 1})");
            transaction.Commit();
        }
    }

    private List<T> Query<T>(string sql, Func<DuckDBDataReader, T> read, params (string Name, object Value)[] parameters)
    {
        lock (_gate)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in parameters)
            {
                command.Parameters.Add(new DuckDBParameter(name, value));
            }

            using var rows = command.ExecuteReader();
            var list = new List<T>();
            while (rows.Read())
            {
                list.Add(read((DuckDBDataReader)rows));
            }

            return list;
        }
    }

    private static ulong? Maybe(DuckDBDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<ulong>(column);

    private int Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    private T Scalar<T>(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return (T)command.ExecuteScalar()!;
    }
}
