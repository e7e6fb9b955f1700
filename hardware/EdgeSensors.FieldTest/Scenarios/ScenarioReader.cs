using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using EdgeSensors.Protocol;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>
/// Reads scenario files. Any text gives a scenario or one line that says where it is wrong; size, depth and number of entries are bounded, and what
/// <see cref="ScenarioSchema"/> does not know is refused.
/// </summary>
internal sealed class ScenarioReader
{
    /// <summary>The most octets of a file.</summary>
    public const int MostOctets = 64 * 1024;

    private const int MostDepth = 8;
    private const int MostEvents = 10_000;
    private const int MostEntries = 200;
    private const int MostText = 300;

    private readonly string _file;
    private ScenarioWorld _world;
    private ScenarioError? _error;

    private ScenarioReader(string file) => _file = file;

    /// <summary>Reads a file.</summary>
    public static bool TryRead(string path, [NotNullWhen(true)] out Scenario? scenario, [NotNullWhen(false)] out ScenarioError? error)
    {
        scenario = null;
        try
        {
            using var stream = File.OpenRead(path);
            var octets = new byte[MostOctets + 1];
            var length = stream.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false);
            if (!TryParse(octets.AsMemory(0, length).ToArray(), path, out scenario, out error))
            {
                return false;
            }

            scenario = scenario with { Folder = Path.GetDirectoryName(Path.GetFullPath(path)) };
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error = new ScenarioError($"{path}: cannot be read ({e.Message.TrimEnd('.')}); name a file, or a scenario of: edgesensors-fieldtest list");
            return false;
        }
    }

    /// <summary>Reads a file's octets.</summary>
    /// <param name="octets">UTF-8.</param>
    /// <param name="file">Its name, for errors.</param>
    /// <param name="scenario">What it says.</param>
    /// <param name="error">Why it cannot be used.</param>
    public static bool TryParse(byte[] octets, string file, [NotNullWhen(true)] out Scenario? scenario, [NotNullWhen(false)] out ScenarioError? error)
    {
        scenario = null;
        if (octets.Length > MostOctets)
        {
            error = new ScenarioError($"{file}: larger than {MostOctets} octets, so it is no scenario; check the path");
            return false;
        }

        var reader = new ScenarioReader(file);
        var text = Encoding.UTF8.GetString(octets);
        scenario = reader.Load(text) is { } root ? reader.ReadScenario(root, octets) : null;
        error = scenario is null ? reader._error ?? new ScenarioError($"{file}: holds nothing; see docs/field-test.md") : null;
        return scenario is not null;
    }

    private YamlMappingNode? Load(string text)
    {
        try
        {
            // Depth and number first, event by event: the tree is built by recursion.
            if (!IsBounded(new Parser(new StringReader(text))))
            {
                return null;
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count == 1 && stream.Documents[0].RootNode is YamlMappingNode root)
            {
                return root;
            }

            Fail(1, "is not one YAML document of keys (name: value)");
        }
        catch (YamlException e)
        {
            Fail((int)e.Start.Line, $"not YAML: {e.Message}");
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException or OverflowException or IndexOutOfRangeException)
        {
            Fail(1, $"not YAML: {e.Message} Look for a bracket or a quotation mark that does not end."); // the library's scanner has lost its way
        }

        return null;
    }

    private bool IsBounded(Parser parser)
    {
        int depth = 0, events = 0;
        while (parser.MoveNext())
        {
            var at = parser.Current!;
            depth += at.NestingIncrease;
            if (++events > MostEvents || depth > MostDepth)
            {
                return Fail((int)at.Start.Line, "nested too deep, or too long");
            }

            if (at is AnchorAlias || at is NodeEvent { Anchor.IsEmpty: false } || (at is NodeEvent { Tag.IsEmpty: false } tagged && !tagged.Tag.IsNonSpecific))
            {
                return Fail((int)at.Start.Line, "anchors, aliases and tags are not taken; write the value itself");
            }
        }

        return true;
    }

    private Scenario? ReadScenario(YamlMappingNode root, byte[] octets)
    {
        var head = new Dictionary<string, object>();
        var lists = new Dictionary<string, YamlNode>();
        var keys = new List<(string, YamlNode)>();
        foreach (var (name, value) in root.Children)
        {
            var key = Name(name);
            if (ScenarioSchema.Sections.Any(s => s.Name == key))
            {
                lists[key] = value;
            }
            else
            {
                keys.Add((key, value));
            }
        }

        if (!ReadKeys(keys, ScenarioSchema.Head, "the scenario", 1, head))
        {
            return null;
        }

        _world = (string)head["world"] == "taps" ? ScenarioWorld.Taps : ScenarioWorld.Gateways;
        var steps = new Dictionary<string, IReadOnlyList<ScenarioStep>>();
        foreach (var (section, chooser, common) in ScenarioSchema.Sections)
        {
            if (ReadList(section, chooser, common, lists.GetValueOrDefault(section)) is not { } read)
            {
                return null;
            }

            steps[section] = read;
        }

        var title = (IReadOnlyDictionary<string, string>)head["title"];
        var scenario = new Scenario
        {
            Name = (string)head["scenario"],
            TitleEn = title["en"],
            TitleJa = title["ja"],
            World = _world,
            Lasts = (TimeSpan)head["lasts"],
            Within = (TimeSpan)head["within"],
            Boards = steps["boards"],
            Agents = steps["agents"],
            Traffic = steps["traffic"],
            Timeline = steps["timeline"],
            Faults = steps["faults"],
            Expect = steps["expect"],
            Source = octets,
        };
        return ScenarioCheck.Find(scenario) is var (line, words) && !Fail(line, words) ? null : scenario;
    }

    private List<ScenarioStep>? ReadList(string section, string? chooser, ScenarioKey[] common, YamlNode? node)
    {
        var steps = new List<ScenarioStep>();
        if (node is null or YamlScalarNode { Value: "" or "~" or "null" })
        {
            return steps;
        }

        if (node is not YamlSequenceNode list || list.Children.Count > MostEntries)
        {
            Fail(node, $"{section} takes a list of at most {MostEntries} entries");
            return null;
        }

        foreach (var item in list.Children)
        {
            if (item is not YamlMappingNode entry)
            {
                Fail(item, $"an entry of {section} takes keys: {{name: value, …}}");
                return null;
            }

            if (KindOf(section, chooser, entry) is not { } kind)
            {
                return null;
            }

            var values = new Dictionary<string, object>();
            var keys = entry.Children.Select(c => (Name(c.Key), c.Value)).Where(c => chooser is null or "" || c.Item1 != chooser).ToList();
            if (!ReadKeys(keys, [.. common, .. kind.Keys], $"{section}: {kind.Name}", (int)entry.Start.Line, values))
            {
                return null;
            }

            steps.Add(new ScenarioStep(kind, steps.Count + 1, (int)entry.Start.Line, values));
        }

        return steps;
    }

    private StepKind? KindOf(string section, string? chooser, YamlMappingNode entry)
    {
        var kinds = ScenarioSchema.KindsOf(section, _world).ToList();
        if (kinds.Count == 0)
        {
            Fail(entry, $"{section} is not for this world; see docs/field-test.md");
            return null;
        }

        var chosen = chooser switch
        {
            "" => kinds,
            null => kinds.Where(k => entry.Children.Any(c => Name(c.Key) == k.Name)).ToList(),
            _ => kinds.Where(k => entry.Children.Any(c => Name(c.Key) == chooser && (c.Value as YamlScalarNode)?.Value == k.Name)).ToList(),
        };
        if (chosen.Count == 1)
        {
            return chosen[0];
        }

        // An expectation's own name may be another's key: the first of its keys says what it is.
        if (chosen.Count > 1 && chooser is null && chosen.Find(k => k.Name == Name(entry.Children[0].Key)) is { } first)
        {
            return first;
        }

        Fail(entry, $"an entry of {section} needs {(chooser is null ? "one of the keys" : $"{chooser}:")} {string.Join(", ", kinds.Select(k => k.Name))}");
        return null;
    }

    private bool ReadKeys(List<(string Name, YamlNode Value)> given, ScenarioKey[] known, string what, int line, Dictionary<string, object> values)
    {
        foreach (var (name, node) in given)
        {
            if (Array.Find(known, k => k.Name == name) is not { } key)
            {
                return Fail(node, $"unknown key '{Printable(name)}' of {what}; it takes {string.Join(", ", known.Select(k => k.Name))}");
            }

            if (ReadValue(key, node) is not { } value)
            {
                return Fail(node, $"{key.Name} of {what} takes {ScenarioSchema.Takes(key).Replace("`", "", StringComparison.Ordinal)}{Bounds(key)}");
            }

            values[name] = value;
        }

        foreach (var key in known.Where(k => !values.ContainsKey(k.Name)))
        {
            if (key.Default is null)
            {
                return Fail(line, $"{key.Name} of {what} is missing; give it ({key.Meaning})");
            }

            if (key.Default.Length > 0)
            {
                values[key.Name] = ReadValue(key, new YamlScalarNode(key.Default)) ?? throw new InvalidOperationException($"The default of {key.Name} is not one of its values.");
            }
        }

        return true;
    }

    private static object? ReadValue(ScenarioKey key, YamlNode node)
    {
        var text = (node as YamlScalarNode)?.Value;
        if (text is { Length: > MostText } || (text is not null && text.Any(char.IsControl)))
        {
            return null;
        }

        switch (key.Kind)
        {
            case KeyKind.Text or KeyKind.Path:
                return string.IsNullOrEmpty(text) ? null : text;
            case KeyKind.Word:
                return text is not null && IsWord(text) && (key.Among.Count == 0 || key.Among.Contains(text)) ? text : null;
            case KeyKind.Time:
                return text is not null && TimeText.TryParse(text, out var time) && time.TotalSeconds >= key.Least && time.TotalSeconds <= key.Most ? time : null;
            case KeyKind.Count:
                return text is not null && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= key.Least && count <= Math.Min(key.Most, int.MaxValue)
                    ? (double)count : null;
            case KeyKind.Number:
                return text is not null && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && ((number >= key.Least && number <= key.Most) || (number == 0 && key.TakesZero)) ? number : null;
            case KeyKind.Flag:
                return text is "true" or "false" ? text == "true" : null;
            case KeyKind.Prefixes or KeyKind.Addresses:
                return ReadPrefixes(node, key.Kind == KeyKind.Addresses);
            case KeyKind.Words:
                var words = Texts(node);
                return words is { Count: > 0 } && words.All(w => IsWord(w) && (key.Among.Count == 0 || key.Among.Contains(w))) ? words : null;
            case KeyKind.Title:
                return ReadOptions(node) is { Count: 2 } title && title.ContainsKey("en") && title.ContainsKey("ja") ? title : null;
            default:
                return ReadOptions(node);
        }
    }

    private static List<Prefix>? ReadPrefixes(YamlNode node, bool addresses)
    {
        var prefixes = new List<Prefix>();
        foreach (var text in Texts(node) ?? [])
        {
            var whole = text.Contains('/', StringComparison.Ordinal) ? text : text + (text.Contains(':', StringComparison.Ordinal) ? "/128" : "/32");
            if (!Prefix.TryParse(whole, out var prefix) || (addresses && text != prefix.ToString().Split('/')[0]))
            {
                return null;
            }

            prefixes.Add(prefix);
        }

        return prefixes.Count > 0 ? prefixes : null;
    }

    private static Dictionary<string, string>? ReadOptions(YamlNode node)
    {
        if (node is not YamlMappingNode map || map.Children.Count > MostEntries)
        {
            return null;
        }

        var options = new Dictionary<string, string>();
        foreach (var (name, value) in map.Children)
        {
            if (name is not YamlScalarNode { Value.Length: > 0 and <= 64 } key || value is not YamlScalarNode { Value.Length: <= MostText } text || text.Value.Any(char.IsControl))
            {
                return null;
            }

            options[key.Value] = text.Value;
        }

        return options;
    }

    private static List<string>? Texts(YamlNode node) => node switch
    {
        YamlScalarNode { Value: { Length: > 0 and <= MostText } one } => [one],
        YamlSequenceNode { Children.Count: > 0 and <= MostEntries } list when list.Children.All(c => c is YamlScalarNode { Value.Length: > 0 and <= MostText }) =>
            [.. list.Children.Select(c => ((YamlScalarNode)c).Value!)],
        _ => null,
    };

    private static string Bounds(ScenarioKey key) => key.Kind == KeyKind.Time
        ? $" from {TimeText.Format(TimeSpan.FromSeconds(key.Least))}" + (key.Most < 1e12 ? $" to {TimeText.Format(TimeSpan.FromSeconds(key.Most))}" : "") : "";

    private static bool IsWord(string text) =>
        text.Length is > 0 and <= 63 && text[0] != '-' && text[^1] != '-' && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static string Name(YamlNode node) => (node as YamlScalarNode)?.Value ?? "";

    private static string Printable(string text) => string.Concat(text.Take(64).Select(c => char.IsControl(c) ? '?' : c));

    private bool Fail(YamlNode node, string what) => Fail((int)node.Start.Line, what);

    private bool Fail(int line, string what)
    {
        _error ??= new ScenarioError(string.Create(CultureInfo.InvariantCulture, $"{_file}:{line}: {what.ReplaceLineEndings(" ")}"));
        return false;
    }
}
