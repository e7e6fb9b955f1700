using EdgeSensors.Hub.Blocklists.Import;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Hub.Blocklists.Merge;

/// <summary>
/// What each source lists (so that nothing loses where it came from), what is never to be listed, and the versions that were published. A file of its own: the serving hub does not need it.
/// </summary>
internal sealed class BlocklistStore : IDisposable
{
    private static readonly string[] Schema =
    [
        """
        CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, format TEXT NOT NULL, imported_ms INTEGER NOT NULL);
        CREATE TABLE entry (
            source INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE, address BLOB NOT NULL, length INTEGER NOT NULL, category TEXT NOT NULL,
            score INTEGER NOT NULL, not_after_ms INTEGER NOT NULL, PRIMARY KEY (source, address, length, category)) WITHOUT ROWID;
        CREATE TABLE never (prefix TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE published (tier TEXT NOT NULL, version INTEGER NOT NULL, snapshot BLOB NOT NULL, PRIMARY KEY (tier, version)) WITHOUT ROWID
        """,
    ];

    private readonly SqliteConnection _connection;

    private BlocklistStore(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the store, or makes it; throws <see cref="StoreException"/>.</summary>
    public static BlocklistStore Open(string path) => new(SqliteSchema.Open(path, Schema));

    /// <summary>The sources by name.</summary>
    public IReadOnlyList<ListSource> Sources()
    {
        using var command = Command("SELECT name, format, imported_ms, (SELECT count(*) FROM entry WHERE entry.source = source.id) FROM source ORDER BY name");
        using var reader = command.ExecuteReader();
        var sources = new List<ListSource>();
        while (reader.Read())
        {
            sources.Add(new ListSource(DocumentId.Parse(reader.GetString(0)), reader.GetString(1), new UnixMilliseconds(reader.GetInt64(2)), reader.GetInt32(3)));
        }

        return sources;
    }

    /// <summary>Replaces what a source lists, all or nothing. Of what it lists twice in one category, the surer and the later count.</summary>
    public void Replace(DocumentId source, ListFormat format, UnixMilliseconds now, IReadOnlyList<ImportedEntry> entries)
    {
        using var transaction = _connection.BeginTransaction();
        Delete(source);
        using (var add = Command("INSERT INTO source (name, format, imported_ms) VALUES ($name, $format, $now)", ("$name", source.Text), ("$format", format.ToString().ToLowerInvariant()), ("$now", now.Value)))
        {
            add.ExecuteNonQuery();
        }

        using var insert = Command(
            """
            INSERT INTO entry VALUES ((SELECT id FROM source WHERE name = $name), $address, $length, $category, $score, $end)
            ON CONFLICT DO UPDATE SET score = max(score, excluded.score), not_after_ms = max(not_after_ms, excluded.not_after_ms)
            """,
            ("$name", source.Text), ("$address", Array.Empty<byte>()), ("$length", 0), ("$category", ""), ("$score", 0), ("$end", 0L));
        var (address, length, word, sure, end) =
            (insert.Parameters["$address"], insert.Parameters["$length"], insert.Parameters["$category"], insert.Parameters["$score"], insert.Parameters["$end"]);
        var octets = new byte[16];
        // In the order of the key: the pages fill up one after the other.
        foreach (var (prefix, category, score, notAfter) in entries.OrderBy(entry => entry.Prefix))
        {
            (address.Value, length.Value, word.Value, sure.Value, end.Value) = (octets[..prefix.CopyAddress(octets)], prefix.Length, category.Text, score, notAfter.Value);
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>Forgets a source; false when there is none of that name.</summary>
    public bool Remove(DocumentId source)
    {
        using var transaction = _connection.BeginTransaction();
        var had = Delete(source);
        transaction.Commit();
        return had;
    }

    /// <summary>What is listed at a moment, merged, IPv4 first and then by address; nothing of the never-list.</summary>
    /// <param name="now">What has run out by then is left out.</param>
    /// <param name="never">Wins, whenever it was imported.</param>
    public IEnumerable<MergedEntry> Merged(UnixMilliseconds now, NeverList never)
    {
        using var command = Command(
            """
            SELECT address, length, category, score, not_after_ms, name FROM entry JOIN source ON source.id = entry.source
            WHERE not_after_ms > $now ORDER BY length(address), address, length, category, name
            """,
            ("$now", now.Value));
        using var reader = command.ExecuteReader();
        var merging = new Merging();
        while (reader.Read())
        {
            var prefix = Prefix.Of((byte[])reader.GetValue(0), reader.GetInt32(1));
            var category = DocumentId.Parse(reader.GetString(2));
            if (merging.IsAnother(prefix, category) && merging.Take() is { } done && !never.Forbids(done.Prefix, out _))
            {
                yield return done;
            }

            merging.Add(prefix, category, reader.GetInt32(3), reader.GetInt64(4), reader.GetString(5));
        }

        if (merging.Take() is { } last && !never.Forbids(last.Prefix, out _))
        {
            yield return last;
        }
    }

    /// <summary>What a person has put on the never-list, with the reasons.</summary>
    public IReadOnlyList<(Prefix Prefix, string Reason)> Never()
    {
        using var command = Command("SELECT prefix, reason FROM never");
        using var reader = command.ExecuteReader();
        var never = new List<(Prefix Prefix, string Reason)>();
        while (reader.Read())
        {
            never.Add((Prefix.Parse(reader.GetString(0)), reader.GetString(1)));
        }

        return [.. never.OrderBy(entry => entry.Prefix)];
    }

    /// <summary>Puts a prefix on the never-list.</summary>
    public void AddNever(Prefix prefix, string reason)
    {
        using var command = Command("INSERT INTO never VALUES ($prefix, $reason) ON CONFLICT DO UPDATE SET reason = excluded.reason", ("$prefix", prefix.ToString()), ("$reason", reason));
        command.ExecuteNonQuery();
    }

    /// <summary>Takes a prefix off the never-list; false when it was not on it.</summary>
    public bool RemoveNever(Prefix prefix)
    {
        using var command = Command("DELETE FROM never WHERE prefix = $prefix", ("$prefix", prefix.ToString()));
        return command.ExecuteNonQuery() > 0;
    }

    /// <summary>Keeps a published snapshot, from which later deltas lead, and forgets all but the newest few of its tier.</summary>
    public void Keep(string tier, long version, byte[] snapshot, int most)
    {
        using var transaction = _connection.BeginTransaction();
        using (var add = Command("INSERT OR REPLACE INTO published VALUES ($tier, $version, $snapshot)", ("$tier", tier), ("$version", version), ("$snapshot", snapshot)))
        {
            add.ExecuteNonQuery();
        }

        using (var forget = Command(
            "DELETE FROM published WHERE tier = $tier AND version NOT IN (SELECT version FROM published WHERE tier = $tier ORDER BY version DESC LIMIT $most)", ("$tier", tier), ("$most", most)))
        {
            forget.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>The snapshots of a tier that were kept, newest first.</summary>
    public IReadOnlyList<byte[]> Kept(string tier)
    {
        using var command = Command("SELECT snapshot FROM published WHERE tier = $tier ORDER BY version DESC", ("$tier", tier));
        using var reader = command.ExecuteReader();
        var snapshots = new List<byte[]>();
        while (reader.Read())
        {
            snapshots.Add((byte[])reader.GetValue(0));
        }

        return snapshots;
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private bool Delete(DocumentId source)
    {
        using var command = Command("DELETE FROM source WHERE name = $name", ("$name", source.Text));
        return command.ExecuteNonQuery() > 0;
    }

    private SqliteCommand Command(string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }
}
