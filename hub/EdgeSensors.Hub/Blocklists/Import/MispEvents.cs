using System.Text.Json;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>
/// MISP events (the core format's <c>Event</c>, alone, in an array or in a search's <c>response</c>). An attribute counts when it is an address (<c>ip-src</c>, <c>ip-dst</c>, with or without a
/// port), is meant for detection (<c>to_ids</c>) and is not deleted. Its score follows the event's threat level; <c>last_seen</c> does not end it.
/// </summary>
internal static class MispEvents
{
    public static bool IsOne(JsonElement root) => Events(root).Any();

    public static void Read(JsonElement root, ImportSink sink)
    {
        foreach (var found in Events(root))
        {
            // 1 high, 2 medium, 3 low, 4 undefined
            int? score = found.Text("threat_level_id") switch
            {
                "1" => 90,
                "2" => 70,
                "3" => 40,
                _ => null,
            };
            foreach (var attribute in found.Items("Attribute").Concat(found.Items("Object").SelectMany(item => item.Items("Attribute"))))
            {
                ReadAttribute(attribute, score, sink);
            }
        }
    }

    private static void ReadAttribute(JsonElement attribute, int? score, ImportSink sink)
    {
        if (attribute.Text("type") is not ("ip-src" or "ip-dst" or "ip-src|port" or "ip-dst|port") || attribute.Text("value") is not { } value)
        {
            sink.Skip("an attribute that is no address", attribute.Text("type") ?? "");
        }
        else if (attribute.Text("deleted") is "true" or "1")
        {
            sink.Skip("a deleted attribute", value);
        }
        else if (attribute.Text("to_ids") is not ("true" or "1"))
        {
            sink.Skip("an attribute that is not for detection (to_ids)", value);
        }
        else
        {
            sink.Add(value.Split('|')[0], attribute.Text("category"), score);
        }
    }

    private static IEnumerable<JsonElement> Events(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Array)
        {
            return root.EnumerateArray().SelectMany(Events);
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        if (root.TryGetProperty("response", out var response) && response.ValueKind == JsonValueKind.Array)
        {
            return Events(response);
        }

        return root.TryGetProperty("Event", out var found) && found.ValueKind == JsonValueKind.Object ? [found] : [];
    }
}
