using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EdgeSensors.Hub.Configuration;

/// <summary>A configuration file that is not as it should be.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);

/// <summary>
/// A YAML file of one level of sections, read key by key: a key that nobody asked for is refused with its line.
/// <c>EDGESENSORS__SECTION__KEY</c> in the environment overrides a key.
/// </summary>
internal sealed class YamlSettings
{
    private const string EnvironmentPrefix = "EDGESENSORS__";

    private readonly string _file;
    private readonly Dictionary<string, YamlNode> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _lines = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _overrides;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    public YamlSettings(string file, TextReader yaml, IEnumerable<KeyValuePair<string, string>> environment)
    {
        _file = file;
        _overrides = environment
            .Where(pair => pair.Key.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(pair => pair.Key[EnvironmentPrefix.Length..].Replace("__", ".", StringComparison.Ordinal).ToLowerInvariant(), pair => pair.Value);
        try
        {
            var stream = new YamlStream();
            stream.Load(yaml);
            if (stream.Documents.Count > 0 && stream.Documents[0].RootNode is { } root)
            {
                ReadSections(root);
            }
        }
        catch (YamlException e)
        {
            throw new ConfigurationException($"{file}:{e.Start.Line}: {e.InnerException?.Message ?? e.Message}");
        }
    }

    public string Text(string key, string fallback) => Raw(key) ?? fallback;

    public string Required(string key) => Raw(key) ?? throw new ConfigurationException($"{_file}: {key} is missing; say where or what it is.");

    public int Number(string key, int fallback, int min, int max)
    {
        if (Raw(key) is not { } text)
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Fault(key, $"is '{text}'; it must be a whole number from {min} to {max}");
    }

    public bool Flag(string key, bool fallback) => Raw(key) switch
    {
        null => fallback,
        "true" => true,
        "false" => false,
        var other => throw Fault(key, $"is '{other}'; it must be true or false"),
    };

    public string Word(string key, string fallback, params string[] words)
    {
        var text = Raw(key) ?? fallback;
        return words.Contains(text) ? text : throw Fault(key, $"is '{text}'; it must be one of {string.Join(", ", words)}");
    }

    public IReadOnlyList<T> List<T>(string key, Func<string, T?> parse, string what)
        where T : struct => [.. Items(key).Select(item => parse(item) ?? throw Wrong(key, item, what))];

    public IReadOnlyList<T> Objects<T>(string key, Func<string, T?> parse, string what)
        where T : class => [.. Items(key).Select(item => parse(item) ?? throw Wrong(key, item, what))];

    private ConfigurationException Wrong(string key, string item, string what) => Fault(key, $"holds '{item}', which is no {what}");

    private IEnumerable<string> Items(string key)
    {
        _asked.Add(key);
        return _overrides.TryGetValue(key, out var text)
            ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : _values.GetValueOrDefault(key) switch
            {
                null => [],
                YamlSequenceNode list => list.Select(item => (item as YamlScalarNode)?.Value ?? ""),
                YamlScalarNode { Value: null or "" } => [],
                _ => throw Fault(key, "is no list"),
            };
    }

    /// <summary>To be called when every known key was asked for.</summary>
    public void RefuseUnknown()
    {
        if (_values.Keys.FirstOrDefault(key => !_asked.Contains(key)) is { } unknown)
        {
            throw new ConfigurationException(unknown.Contains('.', StringComparison.Ordinal)
                ? $"{_file}:{_lines[unknown]}: unknown key {unknown}; remove it or correct its spelling."
                : $"{_file}:{_lines[unknown]}: {unknown} is no section with keys.");
        }

        if (_overrides.Keys.FirstOrDefault(key => key.Contains('.', StringComparison.Ordinal) && !_asked.Contains(key)) is { } stray)
        {
            throw new ConfigurationException($"Environment variable {VariableOf(stray)} names no key; remove it or correct its spelling.");
        }
    }

    public ConfigurationException Fault(string key, string what) =>
        new(_overrides.ContainsKey(key) ? $"Environment variable {VariableOf(key)} {what}." : _lines.TryGetValue(key, out var line) ? $"{_file}:{line}: {key} {what}." : $"{_file}: {key} {what}.");

    private static string VariableOf(string key) => EnvironmentPrefix + key.ToUpperInvariant().Replace(".", "__", StringComparison.Ordinal);

    private string? Raw(string key)
    {
        _asked.Add(key);
        return _overrides.TryGetValue(key, out var text) ? text : _values.GetValueOrDefault(key) switch
        {
            null => null,
            YamlScalarNode scalar => scalar.Value,
            _ => throw Fault(key, "must be a single value"),
        };
    }

    private void ReadSections(YamlNode root)
    {
        if (root is not YamlMappingNode sections)
        {
            if (root is YamlScalarNode { Value: null or "" })
            {
                return;
            }

            throw new ConfigurationException($"{_file}:{root.Start.Line}: the file must hold sections, such as 'listen:'.");
        }

        foreach (var (name, content) in sections.Children)
        {
            var section = (name as YamlScalarNode)?.Value ?? "";
            if (content is YamlScalarNode { Value: null or "" })
            {
                continue;
            }

            if (content is not YamlMappingNode keys)
            {
                // An agent's file has such a key, which is read here for its other ones; where every key is to be known it is refused.
                _values.Add(section, content);
                _lines.Add(section, name.Start.Line);
                continue;
            }

            foreach (var (key, value) in keys.Children)
            {
                var full = $"{section}.{(key as YamlScalarNode)?.Value}";
                _values.Add(full, value);
                _lines.Add(full, key.Start.Line);
            }
        }
    }
}
