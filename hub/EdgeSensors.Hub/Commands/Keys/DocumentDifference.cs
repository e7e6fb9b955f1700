using System.Text.Json;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>
/// What a document says other than the one before it, a line for each member: <c>+</c> is new, <c>-</c> is gone, <c>~</c> is another now. Elements of a list are told apart by their
/// <c>id</c> where all have one, else by what they are.
/// </summary>
internal static class DocumentDifference
{
    private const string Identifier = "id";

    public static IEnumerable<string> Of(JsonElement before, JsonElement next) => Of("", before, next);

    private static IEnumerable<string> Of(string path, JsonElement before, JsonElement next) => (before.ValueKind, next.ValueKind) switch
    {
        _ when JsonElement.DeepEquals(before, next) => [],
        (JsonValueKind.Object, JsonValueKind.Object) => Objects(path, before, next),
        (JsonValueKind.Array, JsonValueKind.Array) when IdsOf(before) is { } old && IdsOf(next) is { } now => Members(old, now, id => $"{path}[{id}]").Concat(Order(path, old.Keys, now.Keys)),
        (JsonValueKind.Array, JsonValueKind.Array) => Values(path, before, next),
        _ => [$"  ~ {path}: {before.GetRawText()} -> {next.GetRawText()}"],
    };

    private static IEnumerable<string> Objects(string path, JsonElement before, JsonElement next) => Members(
        before.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, member.Value)).ToList(),
        next.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, member.Value)).ToList(),
        name => path.Length == 0 ? name : $"{path}.{name}");

    private static IEnumerable<string> Members(IReadOnlyCollection<KeyValuePair<string, JsonElement>> before, IReadOnlyCollection<KeyValuePair<string, JsonElement>> next, Func<string, string> pathOf)
    {
        var (old, now) = (before.ToDictionary(StringComparer.Ordinal), next.ToDictionary(StringComparer.Ordinal));
        return before.Where(member => !now.ContainsKey(member.Key)).Select(member => $"  - {pathOf(member.Key)}: {member.Value.GetRawText()}")
            .Concat(next.SelectMany(member => old.TryGetValue(member.Key, out var known) ? Of(pathOf(member.Key), known, member.Value) : [$"  + {pathOf(member.Key)}: {member.Value.GetRawText()}"]));
    }

    private static IEnumerable<string> Values(string path, JsonElement before, JsonElement next)
    {
        var (old, now) = (Texts(before), Texts(next));
        var (gone, come) = (Less(old, now), Less(now, old));
        return gone.Select(text => $"  - {path}: {text}").Concat(come.Select(text => $"  + {path}: {text}")).Concat(Order(path, [.. old.Except(gone)], [.. now.Except(come)]));

        static List<string> Texts(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetRawText())];

        static List<string> Less(List<string> from, List<string> what)
        {
            var counts = what.CountBy(text => text).ToDictionary();
            return [.. from.Where(text => !counts.TryGetValue(text, out var count) || (counts[text] = count - 1) < 0)];
        }
    }

    private static IEnumerable<string> Order(string path, IEnumerable<string> before, IEnumerable<string> next)
    {
        var (old, now) = (before.ToList(), next.ToList());
        var stayed = old.ToHashSet(StringComparer.Ordinal);
        stayed.IntersectWith(now);
        return old.Where(stayed.Contains).SequenceEqual(now.Where(stayed.Contains), StringComparer.Ordinal) ? [] : [$"  ~ {path}: in another order"];
    }

    /// <summary>The elements by their ids, in order; null where not each has one of its own.</summary>
    private static OrderedDictionary<string, JsonElement>? IdsOf(JsonElement list)
    {
        var ids = new OrderedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(Identifier, out var id) || id.ValueKind != JsonValueKind.String || !ids.TryAdd(id.GetString()!, item))
            {
                return null;
            }
        }

        return ids;
    }
}
