using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EdgeSensors.Firmware.Tests.Conformance;

/// <summary>One parameter: its type's full name ("&amp;" at the end for by-reference), its name, and what it carries besides.</summary>
internal sealed record ApiParameter(string Type, string Name, bool IsOut, bool IsParams, string? Default);

/// <summary>One member; <see cref="Kind"/> is 'M' method, 'P' property, 'F' field or 'E' event.</summary>
internal sealed record ApiMember(
    char Kind, string Name, string Type, IReadOnlySet<string> Flags, IReadOnlyList<ApiParameter> Parameters, bool Get, bool Set, string? Value);

/// <summary>One type of nanoFramework's libraries.</summary>
internal sealed record ApiType(
    string Kind, IReadOnlySet<string> Flags, string Name, string? Base, IReadOnlyList<string> Interfaces, IReadOnlyList<ApiMember> Members);

/// <summary>
/// What nanoFramework's class libraries offer, one type a line (generic types left out: the interpreter has none):
/// <c>kind|flags|name|base|interfaces|member|member…</c>, a member being <c>kind:flags:type:name:extra</c>.
/// </summary>
internal static class ApiFacts
{
    private static readonly string[] NoFlags = [];

    /// <summary>The facts that the repository carries.</summary>
    public static string Carried()
    {
        using Stream stream = typeof(ApiFacts).Assembly.GetManifestResourceStream("nanoframework.api")!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    public static List<ApiType> Parse(string facts)
    {
        List<ApiType> types = [];
        foreach (string line in facts.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] == '#')
            {
                continue;
            }

            string[] parts = line.Split('|');
            types.Add(new ApiType(
                parts[0], ToSet(parts[1]), parts[2], parts[3].Length == 0 ? null : parts[3],
                parts[4].Split(',', StringSplitOptions.RemoveEmptyEntries), [.. parts.Skip(5).Select(ParseMember)]));
        }

        return types;
    }

    /// <summary>The same facts written from the list that came with nanoFramework's packages.</summary>
    public static string FromJson(JsonElement libraries)
    {
        StringBuilder text = new();
        foreach (JsonElement library in libraries.EnumerateArray())
        {
            text.Append("# ").Append(library.GetProperty("assembly").GetString()).Append(' ')
                .Append(library.GetProperty("version").GetString()).Append('\n');
            foreach (JsonElement type in library.GetProperty("types").EnumerateArray())
            {
                if (!type.TryGetProperty("generic", out _))
                {
                    AppendType(text, type);
                }
            }
        }

        return text.ToString();
    }

    private static ApiMember ParseMember(string text)
    {
        string[] parts = text.Split(':', 5);
        string extra = parts[4];
        bool hasParameters = parts[0] is "M" or "P" && extra.Contains('(', StringComparison.Ordinal);
        List<ApiParameter> parameters = [];
        if (hasParameters)
        {
            string list = extra[(extra.IndexOf('(', StringComparison.Ordinal) + 1)..extra.LastIndexOf(')')];
            parameters.AddRange(list.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(ParseParameter));
        }

        string accessors = parts[0] == "P" ? extra.Split('(')[0] : "";
        return new ApiMember(
            parts[0][0], parts[3], parts[2], ToSet(parts[1]), parameters,
            accessors.Contains('g', StringComparison.Ordinal), accessors.Contains('s', StringComparison.Ordinal),
            parts[0] == "F" && extra.Length > 0 ? extra : null);
    }

    private static ApiParameter ParseParameter(string text)
    {
        string[] words = text.Split(' ');
        string[] named = words[^1].Split('=');
        return new ApiParameter(words[^2], named[0], words[0] == "out", words[0] == "params", named.Length > 1 ? named[1] : null);
    }

    private static void AppendType(StringBuilder text, JsonElement type)
    {
        text.Append(type.GetProperty("kind").GetString()).Append('|').AppendJoin(' ', Flags(type)).Append('|')
            .Append(type.GetProperty("typeName").GetString()).Append('|');
        text.Append(type.TryGetProperty("base", out JsonElement b) ? b.GetString()
            : type.TryGetProperty("underlying", out JsonElement u) ? u.GetString() : "").Append('|');
        if (type.TryGetProperty("interfaces", out JsonElement interfaces))
        {
            text.AppendJoin(',', interfaces.EnumerateArray().Select(i => i.GetString()).Where(i => !i!.Contains('`', StringComparison.Ordinal)));
        }

        if (type.TryGetProperty("values", out JsonElement values))
        {
            foreach (JsonProperty value in values.EnumerateObject())
            {
                text.Append("|F:const:").Append(type.GetProperty("typeName").GetString()).Append(':').Append(value.Name).Append(':').Append(value.Value);
            }
        }

        if (type.TryGetProperty("members", out JsonElement members))
        {
            foreach (JsonElement member in members.EnumerateArray())
            {
                AppendMember(text, member);
            }
        }

        text.Append('\n');
    }

    private static void AppendMember(StringBuilder text, JsonElement member)
    {
        string flags = string.Join(' ', Flags(member));
        if (member.TryGetProperty("method", out JsonElement name))
        {
            text.Append(CultureInfo.InvariantCulture, $"|M:{flags}:{member.GetProperty("returns").GetString()}:{name.GetString()}:{Parameters(member)}");
        }
        else if (member.TryGetProperty("property", out name))
        {
            string accessors = (member.GetProperty("get").GetBoolean() ? "g" : "") + (member.GetProperty("set").GetBoolean() ? "s" : "");
            text.Append(CultureInfo.InvariantCulture, $"|P:{flags}:{member.GetProperty("type").GetString()}:{name.GetString()}:{accessors}{(member.TryGetProperty("parameters", out _) ? Parameters(member) : "")}");
        }
        else if (member.TryGetProperty("event", out name))
        {
            text.Append(CultureInfo.InvariantCulture, $"|E:{flags}:{member.GetProperty("type").GetString()}:{name.GetString()}:");
        }
        else
        {
            string value = member.TryGetProperty("value", out JsonElement v) && v.ValueKind == JsonValueKind.Number ? v.ToString() : "";
            text.Append(CultureInfo.InvariantCulture, $"|F:{flags}:{member.GetProperty("type").GetString()}:{member.GetProperty("field").GetString()}:{value}");
        }
    }

    private static string Parameters(JsonElement member) => "(" + string.Join(',', member.GetProperty("parameters").EnumerateArray().Select(p =>
        (p.TryGetProperty("out", out _) ? "out " : p.TryGetProperty("params", out _) ? "params " : "")
        + p.GetProperty("type").GetString() + " " + p.GetProperty("name").GetString()
        + (p.TryGetProperty("default", out JsonElement d) ? "=" + d.ToString().Trim() : ""))) + ")";

    private static IEnumerable<string> Flags(JsonElement element) =>
        element.TryGetProperty("flags", out JsonElement flags) ? flags.EnumerateArray().Select(f => f.GetString()!) : NoFlags;

    private static HashSet<string> ToSet(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
}
