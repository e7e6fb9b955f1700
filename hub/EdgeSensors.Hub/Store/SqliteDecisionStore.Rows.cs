using System.Data;
using System.Text.Json;
using EdgeSensors.Hub.Correlate;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.OpenC2;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Hub.Store;

/// <content>Rows to records and back.</content>
internal sealed partial class SqliteDecisionStore
{
    private const string HoldRows = "SELECT issuer, who, at, reason, hex(issuer) FROM hold ORDER BY issuer";
    private const string UnreadableText = "(cannot be read)";
    private const string AuditRows = "SELECT id, at, who, what, subject, detail FROM audit";

    private List<Incident> ReadIncidents(string where, params (string, object?)[] parameters) => QueryReadable(
        $"SELECT id, indicator, opened_at, updated_at FROM incident {where}",
        row => ReadEvidence(row.GetInt64(0)) is not { Count: > 0 } evidence ? null : new Incident
        {
            Id = row.GetInt64(0),
            Indicator = row.GetString(1),
            OpenedAt = new(row.GetInt64(2)),
            UpdatedAt = new(row.GetInt64(3)),
            Evidence = evidence,
        },
        parameters);

    private List<Evidence> ReadEvidence(long incident) => QueryReadable(
        """
        SELECT sensor, event, alert, detector, technique, direction, authorization, confidence, proven, first_seen, last_seen, observed_at, received_at,
               packets, octets, attempts, failed, addresses, ports, peak
        FROM evidence WHERE incident = $a ORDER BY first_seen, sensor, event
        """,
        row => new Evidence
        {
            Sensor = NameOf(row.GetString(0)),
            EventId = unchecked((ulong)row.GetInt64(1)),
            AlertId = row.GetString(2),
            Detector = (DetectorKind)row.GetInt32(3),
            Technique = row.GetString(4),
            Direction = (TrafficDirection)row.GetInt32(5),
            AuthorizationId = row.GetString(6),
            Confidence = row.GetInt32(7),
            SourceProven = row.GetBoolean(8),
            FirstSeen = new(row.GetInt64(9)),
            LastSeen = new(row.GetInt64(10)),
            ObservedAt = new(row.GetInt64(11)),
            ReceivedAt = new(row.GetInt64(12)),
            Packets = unchecked((ulong)row.GetInt64(13)),
            Octets = unchecked((ulong)row.GetInt64(14)),
            Attempts = unchecked((ulong)row.GetInt64(15)),
            FailedAttempts = unchecked((ulong)row.GetInt64(16)),
            DistinctAddresses = unchecked((ulong)row.GetInt64(17)),
            DistinctPorts = unchecked((ulong)row.GetInt64(18)),
            PeakPacketsPerSecond = unchecked((ulong)row.GetInt64(19)),
        },
        ("$a", incident));

    private List<Mitigation> ReadMitigations(MitigationParts parts, string where, params (string, object?)[] parameters) =>
        ReadMitigations(parts, id => parts == MitigationParts.Whole ? ReadReceipts("mitigation = $a", ("$a", id)) : [], where, parameters);

    private List<Mitigation> ReadMitigations(MitigationParts parts, Func<string, List<MitigationReceipt>> receipts, string where, params (string, object?)[] parameters) => [.. Query(
        $"""
        SELECT id, target, step, sensors, reason, incident, alerts, grant_ref, duration_ms, state, proposed_by, proposed_at, approved_at, published_at,
               revision, ended_by, ended_at, end_reason, tier, because, escalates, hit_bound, stage, stage_sensors, stage_at, stage_published_at, direction
               {(parts == MitigationParts.Bare ? "" : ", impact")} FROM mitigation {where}
        """,
        row => TryReadMitigation(row, parts, receipts),
        parameters).OfType<Mitigation>()];

    // One row that cannot be read is left out: it keeps nobody from the others.
    private List<T> QueryReadable<T>(string sql, Func<SqliteDataReader, T?> read, params (string Name, object? Value)[] parameters)
        where T : class => [.. Query(
        sql,
        row =>
        {
            try
            {
                return read(row);
            }
            catch (Exception e) when (IsOfTheRow(e))
            {
                return null;
            }
        },
        parameters).OfType<T>()];

    // What the file, or the end of the process, is to blame for stays an error: the row may be whole.
    private bool IsOfTheRow(Exception e) => e switch
    {
        FormatException or ArgumentException or ArithmeticException or InvalidCastException or JsonException or StoreException => true,
        ObjectDisposedException => false,
        InvalidOperationException => _connection.State is ConnectionState.Open, // nothing where something must be
        _ => false,
    };

    private Mitigation? TryReadMitigation(SqliteDataReader row, MitigationParts parts, Func<string, List<MitigationReceipt>> receipts)
    {
        try
        {
            var mitigation = ReadMitigation(row, parts, receipts);
            if (FaultOf(mitigation) is not { } fault)
            {
                return mitigation;
            }

            _unreadable.TryAdd(mitigation.Id, fault);
        }
        catch (Exception e) when (IsOfTheRow(e))
        {
            _unreadable.TryAdd(row.GetString(0), e.Message);
        }

        return null;
    }

    // What would be in nobody's way here, and where it is looked at, signed or told of.
    private static string? FaultOf(Mitigation m) => m switch
    {
        _ when !DocumentId.TryParse(m.Id, out _) => "its id is none",
        _ when !Enum.IsDefined(m.State) => $"there is no state {m.State:D}",
        _ when !Enum.IsDefined(m.Step) => $"there is no step {m.Step:D}",
        _ when !Enum.IsDefined(m.Direction) => $"there is no direction {m.Direction:D}",
        { IsRunning: true, StopTime: null } => "it is in force and was never approved",
        _ => null,
    };

    private Mitigation ReadMitigation(SqliteDataReader row, MitigationParts parts, Func<string, List<MitigationReceipt>> receipts) => new()
    {
        Id = row.GetString(0),
        Target = SlpfTarget.Parse(row.GetString(1)),
        Direction = (SlpfDirection)row.GetInt32(26),
        Step = (MitigationStep)row.GetInt32(2),
        Sensors = PatternsOf(row, 3),
        Reason = row.GetString(4),
        Incident = row.IsDBNull(5) ? null : row.GetInt64(5),
        Alerts = row.GetString(6).Split(' ', StringSplitOptions.RemoveEmptyEntries),
        Grant = GrantRef.TryParse(row.GetString(7), out var grant) ? grant : throw new StoreException("It names no grant."),
        Duration = TimeSpan.FromMilliseconds(row.GetInt64(8)),
        State = (MitigationState)row.GetInt32(9),
        ProposedBy = row.GetString(10),
        ProposedAt = new(row.GetInt64(11)),
        ApprovedAt = TimeOf(row, 12),
        PublishedAt = TimeOf(row, 13),
        Revision = row.IsDBNull(14) ? null : row.GetInt64(14),
        EndedBy = TextOf(row, 15),
        EndedAt = TimeOf(row, 16),
        EndReason = TextOf(row, 17),
        Tier = DocumentId.Parse(row.GetString(18)),
        Because = row.GetString(19),
        Escalates = TextOf(row, 20),
        HitBound = row.IsDBNull(21) ? null : row.GetInt64(21),
        Stage = row.GetInt32(22),
        StageSensors = PatternsOf(row, 23),
        StageAt = TimeOf(row, 24),
        StagePublishedAt = TimeOf(row, 25),
        Impact = parts == MitigationParts.Bare || row.IsDBNull(27) ? null : ImpactJson.Read(row.GetString(27)),
        Approvals = parts == MitigationParts.Bare ? [] : ReadApprovals(row.GetString(0)),
        Complaints = parts == MitigationParts.Whole ? ReadComplaints(row.GetString(0)) : [],
        Receipts = receipts(row.GetString(0)),
    };

    private List<Approval> ReadApprovals(string mitigation) => Query(
        "SELECT who, certificate, at FROM approval WHERE mitigation = $a ORDER BY at, who",
        row => new Approval(new Approver(row.GetString(0), TextOf(row, 1)), new(row.GetInt64(2))),
        ("$a", mitigation));

    private List<Complaint> ReadComplaints(string mitigation) => Query(
        "SELECT operator, who, at, reason FROM complaint WHERE mitigation = $a ORDER BY at, operator",
        row => new Complaint(row.GetString(0), row.GetString(1), new(row.GetInt64(2)), row.GetString(3)),
        ("$a", mitigation));

    private List<MitigationReceipt> ReadReceipts(string where, params (string, object?)[] parameters) => Query(
        $"SELECT sensor, state, reason, enforcer, observed_at, received_at, packets, octets FROM receipt WHERE {where} ORDER BY sensor", ReceiptOf, parameters);

    private static MitigationReceipt ReceiptOf(SqliteDataReader row) => new()
    {
        Sensor = NameOf(row.GetString(0)),
        State = (RuleState)row.GetInt32(1),
        Reason = TextOf(row, 2),
        Enforcer = row.GetString(3),
        ObservedAt = new(row.GetInt64(4)),
        ReceivedAt = new(row.GetInt64(5)),
        HitPackets = unchecked((ulong)row.GetInt64(6)),
        HitOctets = unchecked((ulong)row.GetInt64(7)),
    };

    private List<FiledCommand> ReadCommands(string where, params (string, object?)[] parameters) => Query(
        $"SELECT rule_number, producer, digest, mitigation FROM openc2_command WHERE {where}",
        row => new FiledCommand(
            row.GetInt64(0), OperatorId.TryParse(row.GetString(1), out var producer) ? producer : throw new StoreException("A filed command names no partner; restore the decisions from a copy."),
            row.GetString(2), row.GetString(3)),
        parameters);

    // By the types that are stored: asked for a number, SQLite makes one of any text, and of anything a text. In the place of a row that cannot be read stands that it cannot.
    private static AuditEntry AuditOf(SqliteDataReader row)
    {
        UnixMilliseconds? at = row.GetValue(1) is long and >= 0 and <= UnixMilliseconds.MaxValue ? new(row.GetInt64(1)) : null;
        var fault = at is null ? 1 : Enumerable.Range(2, 4).FirstOrDefault(column => row.GetValue(column) is not string);
        return fault == 0
            ? new AuditEntry(at!.Value, row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5))
            : new AuditEntry(at ?? default, "", AuditEntry.Unreadable, $"audit/{row.GetInt64(0)}", $"its {row.GetName(fault)} cannot be read");
    }

    // A row that cannot be read is a hold all the same: somebody stopped something, and where it is not known what, it is everything until it is released.
    private static Hold HoldOf(SqliteDataReader row)
    {
        string TextOf(int column) => row.GetValue(column) as string ?? UnreadableText;
        var issuer = row.GetValue(0) is string text && OperatorId.TryParse(text, out _) ? text : Hold.Everything;
        return new Hold(issuer, TextOf(1), row.GetValue(2) is long and >= 0 and <= UnixMilliseconds.MaxValue and var at ? new(at) : default, TextOf(3));
    }

    private static SensorName NameOf(string text) =>
        SensorName.TryParse(text, out var name) ? name : throw new StoreException($"The decisions name a sensor '{text}' that cannot be; restore the file from a copy.");

    private static SensorPattern[] PatternsOf(SqliteDataReader row, int column) =>
        [.. row.GetString(column).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(SensorPattern.Parse)];

    private static string? TextOf(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static UnixMilliseconds? TimeOf(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : new(row.GetInt64(column));

    private sealed class DecisionChange(SqliteDecisionStore store) : IDecisionChange
    {
        public Incident? OpenIncident(string indicator, UnixMilliseconds notOlderThan) => store.ReadIncidents(
            "WHERE indicator = $a AND updated_at >= $b ORDER BY updated_at DESC LIMIT 1", ("$a", indicator), ("$b", notOlderThan.Value)).SingleOrDefault();

        public Incident Save(Incident incident)
        {
            if (incident.Id == 0)
            {
                incident = incident with
                {
                    Id = store.Query(
                        "INSERT INTO incident (indicator, opened_at, updated_at) VALUES ($a, $b, $c) RETURNING id",
                        row => row.GetInt64(0),
                        ("$a", incident.Indicator), ("$b", incident.OpenedAt.Value), ("$c", incident.UpdatedAt.Value)).Single(),
                };
            }
            else
            {
                store.Execute("UPDATE incident SET updated_at = $a WHERE id = $b", ("$a", incident.UpdatedAt.Value), ("$b", incident.Id));
            }

            foreach (var e in incident.Evidence)
            {
                store.Execute(
                    """
                    INSERT OR REPLACE INTO evidence (incident, sensor, event, alert, detector, technique, direction, authorization, confidence, proven,
                      first_seen, last_seen, observed_at, received_at, packets, octets, attempts, failed, addresses, ports, peak)
                    VALUES ($a, $b, $c, $d, $e, $f, $g, $h, $i, $j, $k, $l, $m, $n, $o, $p, $q, $r, $s, $t, $u)
                    """,
                    ("$a", incident.Id), ("$b", e.Sensor.ToString()), ("$c", unchecked((long)e.EventId)), ("$d", e.AlertId), ("$e", (int)e.Detector),
                    ("$f", e.Technique), ("$g", (int)e.Direction), ("$h", e.AuthorizationId), ("$i", e.Confidence), ("$j", e.SourceProven),
                    ("$k", e.FirstSeen.Value), ("$l", e.LastSeen.Value), ("$m", e.ObservedAt.Value), ("$n", e.ReceivedAt.Value),
                    ("$o", unchecked((long)e.Packets)), ("$p", unchecked((long)e.Octets)), ("$q", unchecked((long)e.Attempts)),
                    ("$r", unchecked((long)e.FailedAttempts)), ("$s", unchecked((long)e.DistinctAddresses)), ("$t", unchecked((long)e.DistinctPorts)),
                    ("$u", unchecked((long)e.PeakPacketsPerSecond)));
            }

            return incident;
        }

        public Incident? FindIncident(long id) => store.FindIncident(id);

        public Mitigation? FindMitigation(string id) => store.FindMitigation(id);

        public Mitigation? FindMitigation(string id, SensorName receiptOf) => store.ReadMitigations(
            MitigationParts.Rule, _ => store.ReadReceipts("mitigation = $a AND sensor = $b", ("$a", id), ("$b", receiptOf.ToString())), "WHERE id = $a", ("$a", id)).SingleOrDefault();

        public IReadOnlyList<Mitigation> OpenMitigations() => store.OpenMitigations(MitigationParts.Rule);

        public void Save(Mitigation m)
        {
            store.Execute(
                """
                INSERT OR REPLACE INTO mitigation (id, target, step, sensors, reason, incident, alerts, grant_ref, duration_ms, state, proposed_by,
                  proposed_at, approved_at, published_at, revision, ended_by, ended_at, end_reason, tier, because, escalates, hit_bound, stage, stage_sensors,
                  stage_at, stage_published_at, impact, direction)
                VALUES ($a, $b, $c, $d, $e, $f, $g, $h, $i, $j, $k, $l, $m, $n, $o, $p, $q, $r, $s, $t, $u, $v, $w, $x, $y, $z, $aa, $ab)
                """,
                ("$a", m.Id), ("$b", m.Target.ToString()), ("$c", (int)m.Step), ("$d", string.Join(' ', m.Sensors)), ("$e", m.Reason), ("$f", m.Incident),
                ("$g", string.Join(' ', m.Alerts)), ("$h", m.Grant.ToString()), ("$i", (long)m.Duration.TotalMilliseconds), ("$j", (int)m.State),
                ("$k", m.ProposedBy), ("$l", m.ProposedAt.Value), ("$m", m.ApprovedAt?.Value), ("$n", m.PublishedAt?.Value), ("$o", m.Revision),
                ("$p", m.EndedBy), ("$q", m.EndedAt?.Value), ("$r", m.EndReason), ("$s", m.Tier.Text), ("$t", m.Because), ("$u", m.Escalates),
                ("$v", m.HitBound), ("$w", m.Stage), ("$x", string.Join(' ', m.StageSensors)), ("$y", m.StageAt?.Value), ("$z", m.StagePublishedAt?.Value),
                ("$aa", m.Impact is null ? null : ImpactJson.Write(m.Impact)), ("$ab", (int)m.Direction));
            foreach (var approval in m.Approvals)
            {
                store.Execute(
                    "INSERT OR IGNORE INTO approval (mitigation, who, certificate, at) VALUES ($a, $b, $c, $d)",
                    ("$a", m.Id), ("$b", approval.By.Name), ("$c", approval.By.Certificate), ("$d", approval.At.Value));
            }
        }

        public bool EndUnreadable(string id, string by, UnixMilliseconds at, string reason) => store.Query(
            "UPDATE mitigation SET state = $a, ended_by = $b, ended_at = $c, end_reason = $d WHERE id = $e AND state < 4 RETURNING id", row => true,
            ("$a", (int)MitigationState.Reverted), ("$b", by), ("$c", at.Value), ("$d", reason), ("$e", id)).Count > 0;

        public void RemoveApproval(string mitigation, string who) => store.Execute("DELETE FROM approval WHERE mitigation = $a AND who = $b", ("$a", mitigation), ("$b", who));

        public void SaveComplaint(string mitigation, Complaint c) => store.Execute(
            "INSERT OR IGNORE INTO complaint (mitigation, operator, who, at, reason) VALUES ($a, $b, $c, $d, $e)",
            ("$a", mitigation), ("$b", c.Operator), ("$c", c.By), ("$d", c.At.Value), ("$e", c.Reason));

        public IReadOnlyList<Hold> Holds() => store.Holds();

        public void SaveHold(Hold hold) => store.Execute(
            "INSERT OR REPLACE INTO hold (issuer, who, at, reason) VALUES ($a, $b, $c, $d)",
            ("$a", hold.Issuer), ("$b", hold.By), ("$c", hold.At.Value), ("$d", hold.Reason));

        public bool RemoveHold(string issuer)
        {
            // By its octets: what is no UTF-8 any more is not found by the text that is read of it.
            var rows = store.Query(HoldRows, row => (Octets: row.GetString(4), HoldOf(row).Issuer)).Where(row => row.Issuer == issuer).ToList();
            rows.ForEach(row => store.Execute("DELETE FROM hold WHERE hex(issuer) = $a", ("$a", row.Octets)));
            return rows.Count > 0;
        }

        public void SaveReceipt(string mitigation, MitigationReceipt r) => store.Execute(
            """
            INSERT OR REPLACE INTO receipt (mitigation, sensor, state, reason, enforcer, observed_at, received_at, packets, octets)
            VALUES ($a, $b, $c, $d, $e, $f, $g, $h, $i)
            """,
            ("$a", mitigation), ("$b", r.Sensor.ToString()), ("$c", (int)r.State), ("$d", r.Reason), ("$e", r.Enforcer), ("$f", r.ObservedAt.Value),
            ("$g", r.ReceivedAt.Value), ("$h", unchecked((long)r.HitPackets)), ("$i", unchecked((long)r.HitOctets)));

        public FiledCommand FileCommand(OperatorId producer, string command, string digest, string mitigation, UnixMilliseconds at)
        {
            store.Execute(
                "INSERT INTO openc2_command (producer, command, digest, mitigation, at) VALUES ($a, $b, $c, $d, $e) ON CONFLICT (producer, command) DO NOTHING",
                ("$a", producer.Text), ("$b", command), ("$c", digest), ("$d", mitigation), ("$e", at.Value));
            store.Execute(
                """
                DELETE FROM openc2_command WHERE producer = $a AND mitigation NOT IN (SELECT id FROM mitigation WHERE state < 4) AND command <> $c AND rule_number <=
                  (SELECT rule_number FROM openc2_command WHERE producer = $a ORDER BY rule_number DESC LIMIT 1 OFFSET $b)
                """,
                ("$a", producer.Text), ("$b", FiledCommand.MaxOfProducer), ("$c", command));
            return store.FindCommand(producer, command)!;
        }

        public void Refile(string from, string to) => store.Execute("UPDATE openc2_command SET mitigation = $b WHERE mitigation = $a", ("$a", from), ("$b", to));

        public bool HasListReceipt(string category, SensorName sensor) =>
            store.Query("SELECT 1 FROM list_receipt WHERE category = $a AND sensor = $b", row => true, ("$a", category), ("$b", sensor.ToString())).Count > 0;

        public void SaveListReceipt(string category, MitigationReceipt r) => store.Execute(
            """
            INSERT OR REPLACE INTO list_receipt (category, sensor, state, reason, enforcer, observed_at, received_at, packets, octets)
            VALUES ($a, $b, $c, $d, $e, $f, $g, $h, $i)
            """,
            ("$a", category), ("$b", r.Sensor.ToString()), ("$c", (int)r.State), ("$d", r.Reason), ("$e", r.Enforcer), ("$f", r.ObservedAt.Value),
            ("$g", r.ReceivedAt.Value), ("$h", unchecked((long)r.HitPackets)), ("$i", unchecked((long)r.HitOctets)));

        public void Save(SensorRecord sensor) => store.Execute(
            "INSERT OR REPLACE INTO sensor (name, status, received_at) VALUES ($a, $b, $c)",
            ("$a", sensor.Name.ToString()), ("$b", StatusCodec.Encode(sensor.Status)), ("$c", sensor.ReceivedAt.Value));

        public void Audit(AuditEntry entry) => store.Execute(
            "INSERT INTO audit (at, who, what, subject, detail) VALUES ($a, $b, $c, $d, $e)",
            ("$a", entry.At.Value), ("$b", entry.Who), ("$c", entry.What), ("$d", entry.Subject), ("$e", entry.Detail));

        public void SetNumber(string name, long value) =>
            store.Execute("INSERT OR REPLACE INTO number (name, value) VALUES ($a, $b)", ("$a", name), ("$b", value));
    }
}
