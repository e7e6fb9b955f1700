using System.Globalization;
using System.Text.Json;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>Members of JSON that somebody else wrote.</summary>
internal static class JsonText
{
    /// <summary>A member's text, or that of a number or a truth value; null where there is none.</summary>
    public static string? Text(this JsonElement element, string member)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(member, out var value))
        {
            return null;
        }

        return value.Text();
    }

    /// <summary>The text of a string, a number or a truth value; null of all else.</summary>
    public static string? Text(this JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => TryText(value),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    /// <summary>The members of an array; none where it is no array.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string member) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    /// <summary>A member's whole number from 0 to 100.</summary>
    public static int? Percent(this JsonElement element, string member) =>
        int.TryParse(element.Text(member), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= 100 ? value : null;

    private static string? TryText(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair: JSON's grammar allows it, no text is it
        }
    }
}
