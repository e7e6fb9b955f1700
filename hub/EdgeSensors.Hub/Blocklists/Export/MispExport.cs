using System.Globalization;
using System.Text.Json;
using EdgeSensors.Hub.Blocklists.Merge;

namespace EdgeSensors.Hub.Blocklists.Export;

/// <summary>A MISP feed: a folder with <c>manifest.json</c> and an event for each category, the same event at every export.</summary>
internal static class MispExport
{
    private const string Organisation = "EdgeSensors";

    public static void Write(string folder, IReadOnlyList<MergedEntry> entries, DateTimeOffset now)
    {
        Directory.CreateDirectory(folder);
        using var file = File.Create(Path.Combine(folder, "manifest.json"));
        using var manifest = new Utf8JsonWriter(file);
        manifest.WriteStartObject();
        foreach (var category in entries.GroupBy(entry => entry.Category.Text).OrderBy(category => category.Key, StringComparer.Ordinal))
        {
            var id = StableId.Of($"misp event {category.Key}");
            manifest.WriteStartObject(id);
            WriteHead(manifest, category.Key, now);
            manifest.WriteEndObject();
            using var output = File.Create(Path.Combine(folder, $"{id}.json"));
            WriteEvent(output, id, category.Key, category, now);
        }

        manifest.WriteEndObject();
    }

    private static void WriteEvent(Stream output, string id, string category, IEnumerable<MergedEntry> entries, DateTimeOffset now)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteStartObject("Event");
        json.WriteString("uuid", id);
        WriteHead(json, category, now);
        json.WriteBoolean("published", true);
        json.WriteStartArray("Attribute");
        foreach (var entry in entries)
        {
            json.WriteStartObject();
            json.WriteString("uuid", StableId.Of($"misp attribute {entry.Prefix} {entry.Category}"));
            json.WriteString("type", "ip-dst");
            json.WriteString("category", "Network activity");
            json.WriteString("value", entry.Prefix.ToString());
            json.WriteBoolean("to_ids", true);
            json.WriteBoolean("disable_correlation", false);
            json.WriteString("timestamp", Seconds(now));
            json.WriteString("comment", string.Create(CultureInfo.InvariantCulture, $"score {entry.Score}; until {entry.NotAfter}; listed by {string.Join(", ", entry.Sources)}"));
            json.WriteEndObject();
            if (json.BytesPending > 1 << 16)
            {
                json.Flush();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter json, string category, DateTimeOffset now)
    {
        json.WriteString("info", $"EdgeSensors blocklist: {category}");
        json.WriteString("date", now.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        json.WriteString("timestamp", Seconds(now));
        json.WriteString("threat_level_id", "2");
        json.WriteString("analysis", "2");
        json.WriteStartObject("Orgc");
        json.WriteString("name", Organisation);
        json.WriteString("uuid", StableId.Of("misp organisation"));
        json.WriteEndObject();
    }

    private static string Seconds(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}
