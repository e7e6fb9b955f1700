using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Witness.View;

/// <summary>What a preimage says, in words for whoever oversees: who decided what, which document, which metadata. Somebody else wrote it: what nobody would see is made visible.</summary>
internal static class EntryText
{
    private const int MaxLine = 400;
    private const int MaxWhole = 1 << 20;

    /// <summary>One line; empty where nothing can be said of it.</summary>
    public static string Line(string kind, byte[] preimage)
    {
        try
        {
            var line = kind == LogEntry.Word(LogEntryKind.Metadata) ? OfMetadata(preimage)
                : !LogAudit.TryUnsalt(preimage, out var name, out var octets) ? ""
                : kind == LogEntry.Word(LogEntryKind.Decision) || kind == LogEntry.Word(LogEntryKind.Disposal) ? OfDecision(octets)
                : name;
            return Visible(line.Length > MaxLine ? line[..MaxLine] + "…" : line, lines: false);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentOutOfRangeException)
        {
            return "";
        }
    }

    /// <summary>All of it without the salt, as far as a page can hold it.</summary>
    public static string Whole(string kind, byte[] preimage)
    {
        var octets = (ReadOnlySpan<byte>)preimage;
        var name = "";
        if (kind != LogEntry.Word(LogEntryKind.Metadata) && LogAudit.TryUnsalt(preimage, out name, out var rest))
        {
            octets = rest;
        }

        string text;
        try
        {
            text = octets.Length > MaxWhole ? $"{octets.Length} octets, too many for a page" : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(octets);
        }
        catch (DecoderFallbackException)
        {
            text = $"{octets.Length} octets that are no text";
        }

        return Visible(name.Length > 0 ? $"{name}\n{text}" : text, lines: true);
    }

    private static string OfMetadata(byte[] file)
    {
        using var json = JsonDocument.Parse(file);
        var signed = json.RootElement.GetProperty("signed");
        return string.Create(CultureInfo.InvariantCulture, $"{signed.GetProperty("_type").GetString()}, version {signed.GetProperty("version").GetInt64()}");
    }

    private static string OfDecision(ReadOnlySpan<byte> octets)
    {
        var reader = new Utf8JsonReader(octets);
        using var json = JsonDocument.ParseValue(ref reader);
        var at = DateTimeOffset.FromUnixTimeMilliseconds(json.RootElement.GetProperty("at").GetInt64());
        string Of(string member) => json.RootElement.GetProperty(member).GetString() ?? "";
        return string.Create(CultureInfo.InvariantCulture, $"{at:yyyy-MM-dd HH:mm:ss'Z'} {Of("who")}: {Of("what")} {Of("subject")}: {Of("detail")}");
    }

    private static string Visible(string text, bool lines) => string.Concat(text.Select(c =>
        (c == '\n' && lines) || !(char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator) ? c : '\uFFFD'));
}
