using System.Collections.Concurrent;
using EdgeSensors.Hub.Correlate;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.OpenC2;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Hub.Store;

/// <summary>The decisions in SQLite. One connection behind one lock: decisions are few, and each is durable when its call returns.</summary>
internal sealed partial class SqliteDecisionStore(string path) : IDecisionStore
{
    private readonly SqliteConnection _connection = SqliteSchema.Open(path, DecisionSchema.Steps);
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, string> _unreadable = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Unreadable => _unreadable;

    public T Change<T>(Func<IDecisionChange, T> change)
    {
        lock (_gate)
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            var result = change(new DecisionChange(this));
            transaction.Commit();
            return result;
        }
    }

    public Incident? FindIncident(long id) => ReadIncidents("WHERE id = $a", ("$a", id)).SingleOrDefault();

    public IReadOnlyList<Incident> Incidents(UnixMilliseconds since, int max) =>
        ReadIncidents("WHERE updated_at >= $a ORDER BY updated_at DESC LIMIT $b", ("$a", since.Value), ("$b", max));

    public Mitigation? FindMitigation(string id) => ReadMitigations(MitigationParts.Whole, "WHERE id = $a", ("$a", id)).SingleOrDefault();

    public IReadOnlyList<Mitigation> FindOpen(SlpfTarget target, SlpfDirection direction, MitigationStep step) => ReadMitigations(
        MitigationParts.Whole, "WHERE state < 4 AND target = $a AND direction = $b AND step = $c", ("$a", target.ToString()), ("$b", (int)direction), ("$c", (int)step));

    public IReadOnlyList<Mitigation> FindOpen(SlpfTarget target, SlpfDirection direction, string proposedBy) => ReadMitigations(
        MitigationParts.Bare, "WHERE state < 4 AND target = $a AND direction = $b AND proposed_by = $c", ("$a", target.ToString()), ("$b", (int)direction), ("$c", proposedBy));

    public long CountDrafts(string proposedBy) => Query(
        "SELECT count(*) FROM mitigation WHERE state < 4 AND state = $a AND proposed_by = $b", row => row.GetInt64(0), ("$a", (int)MitigationState.Proposed), ("$b", proposedBy)).Single();

    public IReadOnlyList<Mitigation> Mitigations(bool openOnly, int max) =>
        ReadMitigations(MitigationParts.Whole, $"{(openOnly ? "WHERE state < 4 " : "")}ORDER BY proposed_at DESC LIMIT $a", ("$a", max));

    public IReadOnlyList<Mitigation> OpenMitigations(MitigationParts parts) => ReadMitigations(parts, "WHERE state < 4 ORDER BY proposed_at DESC");

    public bool WasTurnedDown(long incident) => Query(
        "SELECT 1 FROM mitigation WHERE incident = $a AND state IN ($b, $c) LIMIT 1", row => true,
        ("$a", incident), ("$b", (int)MitigationState.Revoked), ("$c", (int)MitigationState.Reverted)).Count > 0;

    public IReadOnlyList<Hold> Holds() => Query(HoldRows, HoldOf);

    public FiledCommand? FindCommand(OperatorId producer, string command) => ReadCommands("producer = $a AND command = $b", ("$a", producer.Text), ("$b", command)).SingleOrDefault();

    public FiledCommand? FindCommand(long ruleNumber) => ReadCommands("rule_number = $a", ("$a", ruleNumber)).SingleOrDefault();

    public IReadOnlyList<(string Category, MitigationReceipt Receipt)> ListReceipts() => Query(
        "SELECT sensor, state, reason, enforcer, observed_at, received_at, packets, octets, category FROM list_receipt ORDER BY category, sensor",
        row => (row.GetString(8), ReceiptOf(row)));

    public IReadOnlyList<SensorRecord> Sensors() => QueryReadable(
        "SELECT name, status, received_at FROM sensor ORDER BY name",
        row => StatusCodec.TryDecode(row.GetFieldValue<byte[]>(1), out var status, out _) && SensorName.TryParse(row.GetString(0), out var name)
            ? new SensorRecord { Name = name, Status = status!, ReceivedAt = new(row.GetInt64(2)) }
            : null);

    public IReadOnlyList<AuditEntry> Audit(int max) => Query($"{AuditRows} ORDER BY id DESC LIMIT $a", AuditOf, ("$a", max));

    public IReadOnlyList<(long Id, AuditEntry Entry)> AuditAfter(long id, int max) => Query(
        $"{AuditRows} WHERE id > $a ORDER BY id LIMIT $b", row => (row.GetInt64(0), AuditOf(row)), ("$a", id), ("$b", max));

    public long Number(string name) => Query("SELECT value FROM number WHERE name = $a", row => row.GetInt64(0), ("$a", name)).SingleOrDefault();

    public void Dispose() => _connection.Dispose();

    private List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params (string Name, object? Value)[] parameters)
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

    private void Execute(string sql, params (string Name, object? Value)[] parameters)
    {
        using var command = Command(sql, parameters);
        command.ExecuteNonQuery();
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
