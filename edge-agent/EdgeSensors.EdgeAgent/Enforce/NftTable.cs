using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>The table <c>inet edgesensors</c> as the kernel holds it, read from <c>nft -j list table</c>.</summary>
internal sealed class NftTable
{
    private readonly Dictionary<NftSet, Dictionary<PacketMatch, NftElement>> _sets = [];
    private readonly HashSet<string> _rules = [];
    private int _ratePacketsPerSecond;
    private bool _foreign;

    /// <summary>The sets and what is in them.</summary>
    public IReadOnlyDictionary<NftSet, Dictionary<PacketMatch, NftElement>> Sets => _sets;

    /// <summary>A table that is not there.</summary>
    public static NftTable Missing { get; } = new() { Exists = false };

    /// <summary>Whether there is a table of this name at all.</summary>
    public bool Exists { get; private init; } = true;

    /// <summary>
    /// Whether it is as this version builds it: all its chains, the rule of each of its sets, nothing else, and the limiters' rate.
    /// Otherwise it is built anew.
    /// </summary>
    public bool IsOurs(int ratePacketsPerSecond) =>
        Exists && !_foreign && NftLayout.FixedRules.All(_rules.Contains) && _sets.Keys.All(set => set.Role == NftRole.Limited || _rules.Contains(set.Name))
        && _rules.Count == NftLayout.FixedRules.Count + _sets.Keys.Count(set => set.Role != NftRole.Limited)
        && (_ratePacketsPerSecond == 0 || _ratePacketsPerSecond == ratePacketsPerSecond);

    /// <summary>Reads a listing; false when it is no JSON of nft's.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> listing, [NotNullWhen(true)] out NftTable? table)
    {
        table = null;
        try
        {
            using var document = JsonDocument.Parse(listing);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("nftables", out var objects)
                || objects.ValueKind != JsonValueKind.Array)
            {
                return false;
            }

            var read = new NftTable();
            foreach (var item in objects.EnumerateArray())
            {
                read.Add(item);
            }

            table = read;
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            // Not JSON, or a member of another type than nft writes.
            return false;
        }
    }

    private void Add(JsonElement item)
    {
        if (item.TryGetProperty("set", out var set))
        {
            AddSet(set);
        }
        else if (item.TryGetProperty("rule", out var rule))
        {
            _foreign |= Text(rule, "comment") is not { } comment || !_rules.Add(comment);
        }
        else if (item.TryGetProperty("chain", out var chain))
        {
            _foreign |= !NftLayout.IsChain(
                Text(chain, "name"), Text(chain, "hook"), chain.TryGetProperty("prio", out var priority) && priority.TryGetInt32(out var value) ? value : 0);
        }
    }

    private void AddSet(JsonElement item)
    {
        if (!NftSet.TryParse(Text(item, "name"), out var set))
        {
            _foreign = true;
            return;
        }

        var elements = new Dictionary<PacketMatch, NftElement>();
        _sets[set] = elements;
        if (set.Role == NftRole.Limit && item.TryGetProperty("stmt", out var statements)
            && statements.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } statement
            && statement.TryGetProperty("limit", out var limit) && limit.TryGetProperty("rate", out var rate) && rate.TryGetInt32(out var packets))
        {
            _ratePacketsPerSecond = packets;
        }

        if (!item.TryGetProperty("elem", out var list))
        {
            return;
        }

        foreach (var entry in list.EnumerateArray())
        {
            var wrapped = entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("elem", out var inner) ? inner : entry;
            var inside = wrapped.ValueKind == JsonValueKind.Object && wrapped.TryGetProperty("val", out var value) ? value : wrapped;
            if (!NftKey.TryRead(inside, set, out var match))
            {
                _foreign = true;
                continue;
            }

            elements[match] = wrapped.ValueKind == JsonValueKind.Object ? ReadElement(wrapped) : default;
        }
    }

    private static NftElement ReadElement(JsonElement element)
    {
        NftElementTag? tag = NftElementTag.TryParse(Text(element, "comment"), out var read) ? read : null;
        return element.TryGetProperty("counter", out var counter)
            ? new NftElement(tag, counter.GetProperty("packets").GetUInt64(), counter.GetProperty("bytes").GetUInt64())
            : new NftElement(tag, 0, 0);
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
