using System.Text.Json;
using EdgeSensors.Hub.Blocklists.Merge;

namespace EdgeSensors.Hub.Blocklists.Export;

/// <summary>A STIX 2.1 bundle with an indicator for each entry; the category is its indicator type (an open vocabulary), the score its confidence.</summary>
internal static class StixExport
{
    private const int FlushAt = 1 << 16;

    public static void Write(Stream output, IEnumerable<MergedEntry> entries, DateTimeOffset now)
    {
        var from = Time(now);
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("type", "bundle");
        json.WriteString("id", $"bundle--{StableId.Of($"bundle {from}")}");
        json.WriteStartArray("objects");
        foreach (var entry in entries)
        {
            json.WriteStartObject();
            json.WriteString("type", "indicator");
            json.WriteString("spec_version", "2.1");
            json.WriteString("id", $"indicator--{StableId.Of($"{entry.Prefix} {entry.Category}")}");
            json.WriteString("created", from);
            json.WriteString("modified", from);
            json.WriteStartArray("indicator_types");
            json.WriteStringValue(entry.Category.Text);
            json.WriteEndArray();
            json.WriteString("pattern", $"[{(entry.Prefix.IsIPv4 ? "ipv4" : "ipv6")}-addr:value = '{entry.Prefix}']");
            json.WriteString("pattern_type", "stix");
            json.WriteString("valid_from", from);
            json.WriteString("valid_until", Time(entry.NotAfter.ToDateTimeOffset()));
            json.WriteNumber("confidence", entry.Score);
            json.WriteString("description", $"listed by {string.Join(", ", entry.Sources)}");
            json.WriteEndObject();
            if (json.BytesPending > FlushAt)
            {
                json.Flush();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
