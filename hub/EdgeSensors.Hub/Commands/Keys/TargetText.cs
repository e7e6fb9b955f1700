using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>The content of a target in lines for whoever signs it: what differs from the published one, then all of it. What cannot be read is not signed by looking at it.</summary>
internal static class TargetText
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private const string NotComparable = "  what is published of it cannot be read: all of it is new";
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Its name, length and hash.</summary>
    public static string Head(string name, ReadOnlyMemory<byte> content) =>
        string.Create(CultureInfo.InvariantCulture, $"--- {name}: {content.Length} octets, sha256 {Convert.ToHexStringLower(SHA256.HashData(content.Span))}");

    /// <summary>Whether its lines say all that is in it.</summary>
    public static bool IsReadable(string name) => name.EndsWith(".json", StringComparison.Ordinal) || IsSnapshot(name);

    /// <summary>Whether it does no more than to lead to a list whose hash is signed as well: sensors hold what comes out against that.</summary>
    public static bool IsHeldAgainstAnother(string name) => name.StartsWith(TargetNames.BlocklistFolder, StringComparison.Ordinal) && name.EndsWith(TargetNames.BlocklistDeltaEnd, StringComparison.Ordinal);

    /// <summary>The lines; throws with one line when the name promises what can be read and the content cannot.</summary>
    /// <param name="name">The target's name.</param>
    /// <param name="content">What is to be published.</param>
    /// <param name="published">What is published; null when nothing is.</param>
    public static IEnumerable<string> Lines(string name, ReadOnlyMemory<byte> content, ReadOnlyMemory<byte>? published) =>
        ((string[])[Head(name, content)]).Concat(
            IsSnapshot(name) ? Snapshot(name, content, published)
            : IsReadable(name) ? Document(name, content, published)
            : [IsHeldAgainstAnother(name) ? "leads from an older list to the newest, whose hash sensors hold it against" : "not for reading: sign it only by a hash that you have from elsewhere (--by-hash)"]).Append("---");

    private static bool IsSnapshot(string name) => name.StartsWith(TargetNames.BlocklistFolder, StringComparison.Ordinal) && name.EndsWith(TargetNames.BlocklistSnapshotEnd, StringComparison.Ordinal);

    private static IEnumerable<string> Document(string name, ReadOnlyMemory<byte> content, ReadOnlyMemory<byte>? published)
    {
        if (!TryParse(content, out var document, out var place))
        {
            throw Unreadable(name, string.Create(CultureInfo.InvariantCulture, $"line {place + 1}"));
        }

        using var whole = document;
        if (published is { } before)
        {
            foreach (var line in Differences(before, document.RootElement))
            {
                yield return line;
            }
        }

        foreach (var line in JsonSerializer.Serialize(document.RootElement, Indented).Split('\n'))
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Differences(ReadOnlyMemory<byte> published, JsonElement next)
    {
        if (!TryParse(published, out var document, out _))
        {
            return [NotComparable];
        }

        using (document)
        {
            return [.. DocumentDifference.Of(document.RootElement, next)];
        }
    }

    private static bool TryParse(ReadOnlyMemory<byte> content, [NotNullWhen(true)] out JsonDocument? document, out long? line)
    {
        try
        {
            (document, line) = (JsonDocument.Parse(content, Strict), null);
            return true;
        }
        catch (JsonException e)
        {
            (document, line) = (null, e.LineNumber);
            return false;
        }
        catch (InvalidOperationException)
        {
            (document, line) = (null, null); // a lone surrogate in a member's name
            return false;
        }
    }

    private static IEnumerable<string> Snapshot(string name, ReadOnlyMemory<byte> content, ReadOnlyMemory<byte>? published)
    {
        if (!Blocklist.TryRead(content.Span, out var list, out var fault))
        {
            throw Unreadable(name, fault.ToString());
        }

        Blocklist? before = null;
        if (published is { } old && !Blocklist.TryRead(old.Span, out before, out _))
        {
            yield return NotComparable;
        }

        yield return string.Create(CultureInfo.InvariantCulture, $"blocklist version {list.Version}: {list.EntryCount} entries{(before is null ? "" : $" (before: version {before.Version}, {before.EntryCount} entries)")}");
        foreach (var section in list.Sections)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  {Text(section.Key)}: {section.Count} entries");
        }

        var known = before?.Sections.ToDictionary(section => section.Key) ?? [];
        foreach (var section in list.Sections)
        {
            known.Remove(section.Key, out var was);
            foreach (var line in Entries("+", section, was).Concat(was is null ? [] : Entries("-", was, section)))
            {
                yield return line;
            }
        }

        foreach (var line in known.Values.SelectMany(gone => Entries("-", gone, null)))
        {
            yield return line;
        }
    }

    /// <summary>The entries of a section that another does not have.</summary>
    private static IEnumerable<string> Entries(string sign, BlocklistSection section, BlocklistSection? other)
    {
        for (var i = 0; i < section.Count; i++)
        {
            if (other is null || (section.Key.IsIPv4 ? other.IPv4.Span.BinarySearch(section.IPv4.Span[i]) : other.IPv6.Span.BinarySearch(section.IPv6.Span[i])) < 0)
            {
                yield return $"  {sign} {section[i]} {Text(section.Key)}";
            }
        }
    }

    private static string Text(SectionKey key) => string.Create(
        CultureInfo.InvariantCulture, $"{key.Category.Text} {(key.IsIPv4 ? "IPv4" : "IPv6")} /{key.PrefixLength} until {DateTimeOffset.FromUnixTimeMilliseconds(key.NotAfter.Value):yyyy-MM-dd HH:mm'Z'}");

    private static CommandException Unreadable(string name, string why) => new("unread", $"{name} cannot be read ({why}): nobody can tell what it says; do not sign it.");
}
