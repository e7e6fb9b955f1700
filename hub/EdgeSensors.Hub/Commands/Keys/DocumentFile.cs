using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>A trust document that a person wrote: JSON as it is, or YAML turned into it. Whether it is a right one is for the document's own reader to say.</summary>
internal static class DocumentFile
{
    private const int MaxBytes = 4 << 20;
    private const int MaxDepth = 16;
    private const int MaxNodes = 1_000_000; // an alias counts each time, or a few lines would grow without end

    public static byte[] Read(string file)
    {
        if (new FileInfo(file) is { Exists: true, Length: > MaxBytes })
        {
            throw new CommandException("document", $"{file} is longer than {MaxBytes} octets.", ExitCode.Usage);
        }

        return Path.GetExtension(file) is ".yaml" or ".yml" ? ReadYaml(file) : File.ReadAllBytes(file);
    }

    private static byte[] ReadYaml(string file)
    {
        var nodes = 0;
        try
        {
            using var reader = File.OpenText(file);
            var stream = new YamlStream();
            stream.Load(reader);
            return stream.Documents is [{ RootNode: { } root }]
                ? JsonSerializer.SerializeToUtf8Bytes(Convert(root, 0))
                : throw new CommandException("document", $"{file} holds no document, or several; one is expected.", ExitCode.Usage);
        }
        catch (YamlException e)
        {
            throw new CommandException("document", $"{file}:{e.Start.Line}: {e.Message.ReplaceLineEndings(" ")}", ExitCode.Usage);
        }

        JsonNode? Convert(YamlNode node, int depth) => depth > MaxDepth || ++nodes > MaxNodes ? throw new CommandException("document", $"{file} is nested deeper than {MaxDepth}, or holds more than {MaxNodes} values.", ExitCode.Usage) : node switch
        {
            YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create((pair.Key as YamlScalarNode)?.Value ?? "", Convert(pair.Value, depth + 1)))),
            YamlSequenceNode list => new JsonArray([.. list.Children.Select(item => Convert(item, depth + 1))]),
            YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
            YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => flag.Value == "true",
            YamlScalarNode scalar => scalar.Value ?? "",
            _ => null,
        };
    }
}
