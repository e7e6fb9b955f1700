using System.Diagnostics.CodeAnalysis;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>Reads <c>agent.yaml</c>: two levels of known keys, an unknown one refused with its line, the environment over it.</summary>
internal static class ConfigurationFile
{
    private const int MaxOctets = 1 << 20;
    private const string EnvironmentPrefix = "EDGESENSORS__";

    /// <summary>Reads and checks a file.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="environment">The process's environment; variables that begin with <c>EDGESENSORS__</c> count.</param>
    /// <param name="configuration">What it says.</param>
    /// <param name="error">Why it cannot be used.</param>
    public static bool TryRead(
        string path,
        IReadOnlyDictionary<string, string> environment,
        [NotNullWhen(true)] out AgentConfiguration? configuration,
        [NotNullWhen(false)] out ConfigurationError? error)
    {
        configuration = null;
        if (Directory.Exists(path))
        {
            error = new ConfigurationError($"{path}: is a folder; give the file in it: {Path.Combine(path, "agent.yaml")}");
            return false;
        }

        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaxOctets })
            {
                error = new ConfigurationError($"{path}: larger than {MaxOctets} octets, so it is no configuration; check the path");
                return false;
            }

            return TryParse(File.ReadAllText(path), path, environment, out configuration, out error);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            error = new ConfigurationError($"{path}: no such configuration; enrol the sensor at the hub (edgesensors-hub sensor add) or name its agent.yaml with --config");
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error = new ConfigurationError($"{path}: cannot be read ({exception.Message.TrimEnd('.')}); check the path and its permissions");
            return false;
        }
    }

    /// <summary>Checks the text of a file.</summary>
    public static bool TryParse(
        string text,
        string path,
        IReadOnlyDictionary<string, string> environment,
        [NotNullWhen(true)] out AgentConfiguration? configuration,
        [NotNullWhen(false)] out ConfigurationError? error)
    {
        configuration = null;
        var values = new Dictionary<string, (string Value, string Place)>();
        error = ReadYaml(text, path, values) ?? ReadEnvironment(environment, values);
        if (error is not null)
        {
            return false;
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        var read = new AgentConfiguration();
        foreach (var key in ConfigurationKeys.All)
        {
            if (!values.TryGetValue(key.Path, out var given))
            {
                if (key.Default is null)
                {
                    error = new ConfigurationError($"{path}: {key.Path} is missing; give it ({key.Unit})");
                    return false;
                }

                given = (key.Default, path);
            }

            var value = key.Kind == ValueKind.Path && given.Value.Length > 0 ? Path.GetFullPath(given.Value, folder) : given.Value;
            if (key.Default is null && value.Length == 0)
            {
                error = new ConfigurationError($"{given.Place}: {key.Path} is empty; give it ({key.Unit})");
                return false;
            }

            if (key.Set(read, value) is { } wrong)
            {
                error = new ConfigurationError($"{given.Place}: {key.Path} {wrong}");
                return false;
            }
        }

        configuration = read;
        return true;
    }

    private static ConfigurationError? ReadYaml(string text, string path, Dictionary<string, (string, string)> values)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count == 0)
            {
                return null;
            }

            return stream.Documents.Count > 1
                ? new ConfigurationError($"{path}: holds more than one YAML document; keep one")
                : ReadSection(stream.Documents[0].RootNode, "", path, values);
        }
        catch (YamlException exception)
        {
            return new ConfigurationError($"{path}:{exception.Start.Line}: not YAML: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static ConfigurationError? ReadSection(YamlNode node, string prefix, string path, Dictionary<string, (string, string)> values)
    {
        if (node is not YamlMappingNode section)
        {
            return new ConfigurationError($"{path}:{node.Start.Line}: {(prefix.Length == 0 ? "the file" : prefix.TrimEnd('.'))} takes keys (name: value)");
        }

        foreach (var (nameNode, value) in section.Children)
        {
            var name = prefix + (nameNode as YamlScalarNode)?.Value;
            var place = $"{path}:{nameNode.Start.Line}";
            if (ConfigurationKeys.All.FirstOrDefault(key => key.Path == name) is { } key)
            {
                var text = Text(value, key.Kind);
                if (text is null)
                {
                    return new ConfigurationError($"{place}: {name} takes {(key.Kind == ValueKind.List ? "a list" : "one value")} ({key.Unit})");
                }

                values[name] = (text, place);
            }
            else if (prefix.Length == 0 && ConfigurationKeys.All.Any(key => key.Path.StartsWith(name + ".", StringComparison.Ordinal)))
            {
                if (ReadSection(value, name + ".", path, values) is { } error)
                {
                    return error;
                }
            }
            else
            {
                return new ConfigurationError($"{place}: unknown key '{Printable(name)}'; see edgesensors-agent config for all keys");
            }
        }

        return null;
    }

    private static ConfigurationError? ReadEnvironment(IReadOnlyDictionary<string, string> environment, Dictionary<string, (string, string)> values)
    {
        foreach (var (name, value) in environment)
        {
            if (!name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (ConfigurationKeys.All.FirstOrDefault(key => key.EnvironmentVariable.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } known)
            {
                return new ConfigurationError($"environment: unknown variable {Printable(name)}; see edgesensors-agent config for all keys");
            }

            values[known.Path] = (value, $"environment {known.EnvironmentVariable}");
        }

        return null;
    }

    private static string? Text(YamlNode node, ValueKind kind) => node switch
    {
        YamlScalarNode { Value: "null" or "~" } => "",
        YamlScalarNode scalar => scalar.Value ?? "",
        YamlSequenceNode list when kind == ValueKind.List && list.All(item => item is YamlScalarNode) =>
            string.Join(',', list.Select(item => ((YamlScalarNode)item).Value)),
        _ => null,
    };

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
