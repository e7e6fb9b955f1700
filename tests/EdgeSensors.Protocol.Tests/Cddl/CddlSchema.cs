using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeSensors.Protocol.Tests.Cddl;

/// <summary>
/// Checks CBOR against the part of CDDL (RFC 8610) that our schema uses: maps, arrays, groups, group and type choices, occurrences, ranges,
/// literals, .size and .regexp, and the cut that ":" implies. Anything else in the schema is an error, not a pass.
/// </summary>
internal sealed partial class CddlSchema
{
    private readonly Dictionary<string, Node> _rules = [];
    private readonly List<string> _tokens;
    private int _at;

    public CddlSchema(string text)
    {
        _tokens = [.. TokenPattern().Matches(text).Select(m => m.Value).Where(t => t[0] != ';' && !char.IsWhiteSpace(t[0]))];
        while (_at < _tokens.Count)
        {
            var name = Next();
            Expect("=");
            _rules.Add(name, ParseType());
        }
    }

    /// <summary>Null when the item is what the rule says, else where it is not.</summary>
    public string? Check(string rule, object item) => Match(_rules[rule], item, rule);

    private abstract record Node;

    private sealed record Literal(object Value) : Node;

    private sealed record Range(Int128 Low, Int128 High) : Node;

    private sealed record Named(string Name) : Node;

    private sealed record Sized(Node Of, Node Size) : Node;

    private sealed record Matching(string Pattern) : Node;

    private sealed record Choice(IReadOnlyList<Node> Of) : Node;

    private sealed record MapOf(Group Group) : Node;

    private sealed record ArrayOf(Group Group) : Node;

    private sealed record Group(IReadOnlyList<IReadOnlyList<Entry>> Choices) : Node;

    private sealed record Entry(int Min, int Max, Node? Key, bool Cut, Node Value);

    private string? Peek(int ahead = 0) => _at + ahead < _tokens.Count ? _tokens[_at + ahead] : null;

    private string Next() => _tokens[_at++];

    private void Expect(string token)
    {
        var got = Next();
        Assert.True(got == token, $"schema: '{token}' expected where '{got}' stands, after {string.Join(' ', _tokens.Skip(_at - 6).Take(5))}");
    }

    private Node ParseType()
    {
        var choices = new List<Node> { ParseType1() };
        while (Peek() == "/")
        {
            Next();
            choices.Add(ParseType1());
        }

        return choices.Count == 1 ? choices[0] : new Choice(choices);
    }

    private Node ParseType1()
    {
        var first = ParseType2();
        switch (Peek())
        {
            case "..":
                Next();
                return new Range((Int128)((Literal)first).Value, (Int128)((Literal)ParseType2()).Value);
            case ".size":
                Next();
                return new Sized(first, ParseType2());
            case ".regexp":
                Next();
                return new Matching((string)((Literal)ParseType2()).Value);
            default:
                return first;
        }
    }

    private Node ParseType2()
    {
        var token = Next();
        switch (token)
        {
            case "{":
                var map = new MapOf(ParseGroup("}"));
                return map;
            case "[":
                return new ArrayOf(ParseGroup("]"));
            case "(":
                // A group, or a type in parentheses: the same shape, one entry without a key.
                var group = ParseGroup(")");
                return group is { Choices: [[{ Key: null, Min: 1, Max: 1 } only]] } ? only.Value : group;
            case ['"', ..]:
                return new Literal(token[1..^1]);
            case [>= '0' and <= '9', ..] or ['-', ..]:
                return new Literal(Int128.Parse(token, CultureInfo.InvariantCulture));
            default:
                Assert.Matches("^[a-z][a-z0-9-]*$", token);
                return new Named(token);
        }
    }

    private Group ParseGroup(string close)
    {
        var choices = new List<IReadOnlyList<Entry>>();
        var entries = new List<Entry>();
        while (Peek() != close)
        {
            if (Peek() == "//")
            {
                Next();
                choices.Add(entries);
                entries = [];
                continue;
            }

            entries.Add(ParseEntry());
            if (Peek() == ",")
            {
                Next();
            }
        }

        Next();
        choices.Add(entries);
        return new Group(choices);
    }

    private Entry ParseEntry()
    {
        var (min, max) = ParseOccurrence();
        if (Peek(1) == ":")
        {
            var key = ParseType2();
            Next();
            return new Entry(min, max, key is Named n ? new Literal(n.Name) : key, true, ParseType());
        }

        var type = ParseType();
        if (Peek() == "=>")
        {
            Next();
            return new Entry(min, max, type, false, ParseType());
        }

        return new Entry(min, max, null, false, type);
    }

    private (int Min, int Max) ParseOccurrence()
    {
        var token = Peek()!;
        switch (token)
        {
            case "?":
                Next();
                return (0, 1);
            case "*":
                Next();
                return (0, int.MaxValue);
            case var _ when token.Contains('*', StringComparison.Ordinal):
                Next();
                var bounds = token.Split('*');
                return (int.Parse(bounds[0], CultureInfo.InvariantCulture), int.Parse(bounds[1], CultureInfo.InvariantCulture));
            default:
                return (1, 1);
        }
    }

    private string? Match(Node node, object item, string path)
    {
        switch (node)
        {
            case Literal(var value): return value.Equals(item) ? null : $"{path}: {item} is not {value}";
            case Range(var low, var high): return item is Int128 n && n >= low && n <= high ? null : $"{path}: {item} is not in {low}..{high}";
            case Matching(var pattern):
                return item is string s && Regex.IsMatch(s, $"^(?:{pattern})$") ? null : $"{path}: {item} does not match {pattern}";
            case Sized(var of, var size):
                return Match(of, item, path) ?? item switch
                {
                    byte[] octets => Match(size, (Int128)octets.Length, path + ".size"),
                    string text => Match(size, (Int128)System.Text.Encoding.UTF8.GetByteCount(text), path + ".size"),
                    _ => $"{path}: no octets",
                };
            case Choice(var of):
                var faults = of.Select(o => Match(o, item, path)).ToList();
                return faults.Any(f => f is null) ? null : faults[0];
            case MapOf(var group): return item is List<KeyValuePair<object, object>> pairs ? MatchMap(group, pairs, path) : $"{path}: not a map";
            case ArrayOf(var group): return item is List<object> items ? MatchArray(group, items, path) : $"{path}: not an array";
            case Named(var name):
                return name switch
                {
                    "uint" => item is Int128 u && u >= 0 ? null : $"{path}: not a uint",
                    "int" => item is Int128 ? null : $"{path}: not an int",
                    "bstr" => item is byte[] ? null : $"{path}: not octets",
                    "tstr" => item is string ? null : $"{path}: not text",
                    "true" => item is true ? null : $"{path}: not true",
                    "any" => null,
                    _ => Match(_rules[name], item, path),
                };
            default: throw new InvalidOperationException($"{path}: a group where a type belongs");
        }
    }

    private string? MatchMap(Group group, List<KeyValuePair<object, object>> pairs, string path)
    {
        var left = new List<KeyValuePair<object, object>>(pairs);
        return TakeFromMap(group, left, path) ?? (left.Count > 0 ? $"{path}: key {left[0].Key} is not in the schema" : null);
    }

    private string? TakeFromMap(Group group, List<KeyValuePair<object, object>> left, string path)
    {
        string? fault = null;
        foreach (var choice in group.Choices)
        {
            var trial = new List<KeyValuePair<object, object>>(left);
            var found = choice.Select(entry => TakeEntry(entry, trial, path)).FirstOrDefault(f => f is not null);
            if (found is null)
            {
                left.Clear();
                left.AddRange(trial);
                return null;
            }

            fault ??= found;
        }

        return fault;
    }

    private string? TakeEntry(Entry entry, List<KeyValuePair<object, object>> left, string path)
    {
        if (entry.Key is null)
        {
            return TakeFromMap((Group)Resolve(entry.Value), left, path);
        }

        var taken = 0;
        for (var i = 0; i < left.Count && taken < entry.Max;)
        {
            if (Match(entry.Key, left[i].Key, path) is not null)
            {
                i++;
                continue;
            }

            if (Match(entry.Value, left[i].Value, $"{path}/{left[i].Key}") is { } fault)
            {
                if (entry.Cut)
                {
                    return fault;
                }

                i++;
                continue;
            }

            left.RemoveAt(i);
            taken++;
        }

        return taken >= entry.Min ? null : $"{path}: {Describe(entry.Key)} is missing";
    }

    private string? MatchArray(Group group, List<object> items, string path)
    {
        var at = 0;
        return TakeFromArray(group, items, ref at, path) ?? (at < items.Count ? $"{path}: {items.Count - at} items too many" : null);
    }

    private string? TakeFromArray(Group group, List<object> items, ref int at, string path)
    {
        Assert.Single(group.Choices);
        foreach (var entry in group.Choices[0])
        {
            if (Resolve(entry.Value) is Group inner)
            {
                if (TakeFromArray(inner, items, ref at, path) is { } innerFault)
                {
                    return innerFault;
                }

                continue;
            }

            var taken = 0;
            string? fault = null;
            while (taken < entry.Max && at < items.Count && (fault = Match(entry.Value, items[at], $"{path}[{at}]")) is null)
            {
                at++;
                taken++;
            }

            if (taken < entry.Min)
            {
                return fault ?? $"{path}: too few items";
            }
        }

        return null;
    }

    private Node Resolve(Node node) => node is Named(var name) && _rules.TryGetValue(name, out var rule) ? Resolve(rule) : node;

    private static string Describe(Node key) => key is Literal(var value) ? $"key {value}" : "a key";

    [GeneratedRegex("""\s+|;[^\n]*|"[^"]*"|-?[0-9]+\*[0-9]+|-?[0-9]+|\.\.|\.[a-z]+|=>|//|[a-z][a-z0-9-]*|[=/{}\[\](),:?*]|.""")]
    private static partial Regex TokenPattern();
}
