namespace EdgeSensors.Hub.Store;

/// <summary>The decisions' schema, one step a version. A step that was released is never changed.</summary>
internal static class DecisionSchema
{
    public static readonly string[] Steps =
    [
        """
        CREATE TABLE number (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE incident (
          id INTEGER PRIMARY KEY AUTOINCREMENT, indicator TEXT NOT NULL, opened_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
        CREATE INDEX incident_indicator ON incident (indicator, updated_at);
        CREATE INDEX incident_updated ON incident (updated_at);
        CREATE TABLE evidence (
          incident INTEGER NOT NULL REFERENCES incident, sensor TEXT NOT NULL, event INTEGER NOT NULL, alert TEXT NOT NULL, detector INTEGER NOT NULL,
          technique TEXT NOT NULL, direction INTEGER NOT NULL, authorization TEXT NOT NULL, confidence INTEGER NOT NULL, proven INTEGER NOT NULL,
          first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, observed_at INTEGER NOT NULL, received_at INTEGER NOT NULL,
          packets INTEGER NOT NULL, octets INTEGER NOT NULL, attempts INTEGER NOT NULL, failed INTEGER NOT NULL, addresses INTEGER NOT NULL,
          ports INTEGER NOT NULL, peak INTEGER NOT NULL, PRIMARY KEY (incident, sensor, event)) WITHOUT ROWID;
        CREATE TABLE mitigation (
          id TEXT PRIMARY KEY, target TEXT NOT NULL, step INTEGER NOT NULL, sensors TEXT NOT NULL, reason TEXT NOT NULL, incident INTEGER,
          alerts TEXT NOT NULL, grant_ref TEXT NOT NULL, duration_ms INTEGER NOT NULL, state INTEGER NOT NULL,
          proposed_by TEXT NOT NULL, proposed_at INTEGER NOT NULL, approved_by TEXT, approved_at INTEGER, published_at INTEGER, revision INTEGER,
          ended_by TEXT, ended_at INTEGER, end_reason TEXT) WITHOUT ROWID;
        CREATE INDEX mitigation_open ON mitigation (state) WHERE state < 4;
        CREATE INDEX mitigation_incident ON mitigation (incident);
        CREATE INDEX mitigation_proposed ON mitigation (proposed_at);
        CREATE TABLE receipt (
          mitigation TEXT NOT NULL REFERENCES mitigation, sensor TEXT NOT NULL, state INTEGER NOT NULL, reason TEXT, enforcer TEXT NOT NULL,
          observed_at INTEGER NOT NULL, received_at INTEGER NOT NULL, packets INTEGER NOT NULL, octets INTEGER NOT NULL,
          PRIMARY KEY (mitigation, sensor)) WITHOUT ROWID;
        CREATE TABLE sensor (name TEXT PRIMARY KEY, status BLOB NOT NULL, received_at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE audit (
          id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL)
        """,
        "ALTER TABLE mitigation ADD COLUMN direction INTEGER NOT NULL DEFAULT 0",
        // What was approved before there were tiers has none, so no grant covers it any more: it is taken back at the first look.
        """
        ALTER TABLE mitigation ADD COLUMN tier TEXT NOT NULL DEFAULT 'none';
        ALTER TABLE mitigation ADD COLUMN because TEXT NOT NULL DEFAULT '';
        ALTER TABLE mitigation ADD COLUMN escalates TEXT;
        ALTER TABLE mitigation ADD COLUMN impact TEXT;
        ALTER TABLE mitigation ADD COLUMN hit_bound INTEGER;
        ALTER TABLE mitigation ADD COLUMN stage INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE mitigation ADD COLUMN stage_sensors TEXT NOT NULL DEFAULT '';
        ALTER TABLE mitigation ADD COLUMN stage_at INTEGER;
        ALTER TABLE mitigation ADD COLUMN stage_published_at INTEGER;
        CREATE INDEX mitigation_target ON mitigation (target, step) WHERE state < 4;
        CREATE TABLE approval (
          mitigation TEXT NOT NULL REFERENCES mitigation, who TEXT NOT NULL, certificate TEXT, at INTEGER NOT NULL, PRIMARY KEY (mitigation, who)) WITHOUT ROWID;
        INSERT INTO approval SELECT id, approved_by, CASE approved_by WHEN 'policy' THEN NULL ELSE '' END, approved_at FROM mitigation WHERE approved_by IS NOT NULL;
        ALTER TABLE mitigation DROP COLUMN approved_by;
        CREATE TABLE complaint (
          mitigation TEXT NOT NULL REFERENCES mitigation, operator TEXT NOT NULL, who TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL,
          PRIMARY KEY (mitigation, operator)) WITHOUT ROWID;
        CREATE TABLE hold (issuer TEXT PRIMARY KEY, who TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID
        """,
        """
        CREATE TABLE openc2_command (
          rule_number INTEGER PRIMARY KEY AUTOINCREMENT, producer TEXT NOT NULL, command TEXT NOT NULL, digest TEXT NOT NULL, mitigation TEXT NOT NULL,
          at INTEGER NOT NULL, UNIQUE (producer, command));
        CREATE TABLE list_receipt (
          category TEXT NOT NULL, sensor TEXT NOT NULL, state INTEGER NOT NULL, reason TEXT, enforcer TEXT NOT NULL, observed_at INTEGER NOT NULL,
          received_at INTEGER NOT NULL, packets INTEGER NOT NULL, octets INTEGER NOT NULL, PRIMARY KEY (category, sensor)) WITHOUT ROWID
        """,
        "CREATE INDEX openc2_command_producer ON openc2_command (producer, rule_number)",
    ];
}
