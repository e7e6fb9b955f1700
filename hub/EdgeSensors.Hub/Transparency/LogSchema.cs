namespace EdgeSensors.Hub.Transparency;

/// <summary>The transparency log's schema, one step a version. A step that was released is never changed.</summary>
internal static class LogSchema
{
    public static readonly string[] Steps =
    [
        """
        CREATE TABLE entry (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL, data BLOB NOT NULL);
        CREATE TABLE node (level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)) WITHOUT ROWID;
        CREATE TABLE preimage (id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, data BLOB NOT NULL);
        CREATE TABLE source (name TEXT PRIMARY KEY, idx INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE checkpoint (kind INTEGER PRIMARY KEY, size INTEGER NOT NULL, note BLOB NOT NULL)
        """,
    ];
}
