using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace EdgeSensors.Trust.Json;

/// <summary>Why a text is no JSON that we read.</summary>
/// <param name="Path">Where, as member names and indexes joined by dots; empty for the whole.</param>
/// <param name="Reason">What is wrong, for a person.</param>
internal sealed record JsonFault(string Path, string Reason);

/// <summary>
/// The one door for JSON from outside (RFC 8259, read as strictly as I-JSON, RFC 7493): valid UTF-8, no duplicate member, no comment,
/// no trailing data, no lone surrogate, bounded size and depth.
/// </summary>
internal static class StrictJson
{
    public static bool TryParse(
        ReadOnlyMemory<byte> utf8,
        int maxBytes,
        int maxDepth,
        [NotNullWhen(true)] out JsonDocument? document,
        [NotNullWhen(false)] out JsonFault? fault)
    {
        document = null;
        if (utf8.Length > maxBytes)
        {
            fault = new JsonFault("", $"{utf8.Length} bytes; at most {maxBytes} are read");
            return false;
        }

        if (!Utf8.IsValid(utf8.Span))
        {
            fault = new JsonFault("", "not UTF-8");
            return false;
        }

        JsonDocument parsed;
        try
        {
            parsed = JsonDocument.Parse(utf8, new JsonDocumentOptions
            {
                MaxDepth = maxDepth,
                AllowDuplicateProperties = false,
                AllowTrailingCommas = false,
                CommentHandling = JsonCommentHandling.Disallow,
            });
        }
        catch (JsonException exception)
        {
            fault = new JsonFault("", $"not JSON, or a member twice, or too deep: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}");
            return false;
        }
        catch (InvalidOperationException)
        {
            // Comparing member names unescapes them, and a lone surrogate has no characters.
            fault = new JsonFault("", "a lone surrogate in a member name");
            return false;
        }

        if (!HasOnlyCharacters(parsed.RootElement))
        {
            parsed.Dispose();
            fault = new JsonFault("", "a lone surrogate in a string");
            return false;
        }

        document = parsed;
        fault = null;
        return true;
    }

    // JsonDocument keeps strings escaped until they are asked for; asking for one with a lone surrogate would throw later, in a caller.
    private static bool HasOnlyCharacters(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    if (!IsText(JsonMarshal.GetRawUtf8PropertyName(member), member, static m => _ = m.Name) || !HasOnlyCharacters(member.Value))
                    {
                        return false;
                    }
                }

                return true;

            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    if (!HasOnlyCharacters(item))
                    {
                        return false;
                    }
                }

                return true;

            case JsonValueKind.String:
                return IsText(JsonMarshal.GetRawUtf8Value(value), value, static v => _ = v.GetString());

            default:
                return true;
        }
    }

    private static bool IsText<T>(ReadOnlySpan<byte> raw, T source, Action<T> unescape)
    {
        if (!raw.Contains((byte)'\\'))
        {
            return true;
        }

        try
        {
            unescape(source);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
