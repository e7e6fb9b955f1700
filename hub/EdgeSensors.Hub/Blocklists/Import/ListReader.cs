using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>Reads a list that somebody else wrote. Any bytes give entries, or an error, within <see cref="ImportBounds"/>.</summary>
internal static class ListReader
{
    /// <summary>Reads a list.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="format">How it is written; told from its content where null.</param>
    /// <param name="sink">Takes the entries.</param>
    /// <param name="found">How it was read.</param>
    /// <param name="error">Why it was not.</param>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, ListFormat? format, ImportSink sink, [NotNullWhen(true)] out ListFormat? found, [NotNullWhen(false)] out ImportError? error)
    {
        found = null;
        error = null;
        if (bytes.Length > ImportBounds.MaxTextOctets)
        {
            error = new ImportError("too-long", $"it has {bytes.Length} octets and may have {ImportBounds.MaxTextOctets}");
            return false;
        }

        bytes = bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        var isJson = format is ListFormat.CrowdSec or ListFormat.Misp or ListFormat.Stix
            || (format is null && bytes.Span.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..]);
        found = isJson ? ReadJson(bytes, format, sink, out error) : ReadText(bytes, format, sink, out error);
        error ??= sink.Error;
        return error is null;
    }

    private static ListFormat ReadText(ReadOnlyMemory<byte> bytes, ListFormat? format, ImportSink sink, out ImportError? error)
    {
        error = null;
        var text = Encoding.UTF8.GetString(bytes.Span);
        format ??= FirstLine(text) is { } line && line.Contains(',', StringComparison.Ordinal) && CsvList.IsHeader(line) ? ListFormat.Csv : ListFormat.Text;
        if (format == ListFormat.Csv)
        {
            error = CsvList.Read(text, sink);
        }
        else
        {
            TextList.Read(text, sink);
        }

        return format.Value;
    }

    private static ListFormat? ReadJson(ReadOnlyMemory<byte> bytes, ListFormat? format, ImportSink sink, out ImportError? error)
    {
        error = bytes.Length > ImportBounds.MaxJsonOctets ? new ImportError("too-long", $"it has {bytes.Length} octets and JSON may have {ImportBounds.MaxJsonOctets}") : null;
        if (error is not null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = ImportBounds.MaxDepth });
            var root = document.RootElement;
            format ??= StixBundle.IsOne(root) ? ListFormat.Stix : MispEvents.IsOne(root) ? ListFormat.Misp : Decisions.IsOne(root) ? ListFormat.CrowdSec : null;
            switch (format)
            {
                case ListFormat.Stix:
                    StixBundle.Read(root, sink);
                    break;
                case ListFormat.Misp:
                    MispEvents.Read(root, sink);
                    break;
                case ListFormat.CrowdSec:
                    Decisions.Read(root, sink);
                    break;
                default:
                    error = new ImportError("unknown-format", "it is JSON, but neither a STIX bundle, MISP events nor CrowdSec decisions; say which with --format");
                    break;
            }
        }
        catch (JsonException exception)
        {
            error = new ImportError("malformed", $"it is no JSON (line {exception.LineNumber + 1}, octet {exception.BytePositionInLine + 1})");
        }

        catch (InvalidOperationException)
        {
            // The grammar allows half a surrogate pair in a member's name (RFC 8259 §8.2), and looking for another member meets it.
            error = new ImportError("malformed", "a name in it is no Unicode text");
        }

        return format;
    }

    private static string? FirstLine(string text)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.Trim() is { IsEmpty: false } words && words[0] is not '#' and not ';')
            {
                return words.Length <= ImportBounds.MaxLine ? words.ToString() : null;
            }
        }

        return null;
    }
}
