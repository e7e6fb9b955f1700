using System.CommandLine;
using System.CommandLine.Parsing;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Commands;

/// <summary>Options and arguments that are parsed at the edge into types that cannot be wrong.</summary>
internal static class Parsing
{
    public static OperatorId Operator(ArgumentResult result) => One(result, text => OperatorId.TryParse(text, out var id) ? (OperatorId?)id : null, "a name: 3 to 63 of a-z, 0-9 and '-'");

    public static SensorId[] Sensors(ArgumentResult result) => Many(result, text => SensorId.TryParse(text, out var id) ? (SensorId?)id : null, "a name: 3 to 63 of a-z, 0-9 and '-'");

    public static Prefix Prefix(ArgumentResult result) => One(result, AsPrefix, "an IP address, or a prefix with its host bits zero");

    public static Prefix[] Prefixes(ArgumentResult result) => Many(result, AsPrefix, "an IP address, or a prefix with its host bits zero");

    public static OperatorId[] Operators(ArgumentResult result) => Many(result, text => OperatorId.TryParse(text, out var id) ? (OperatorId?)id : null, "a name: 3 to 63 of a-z, 0-9 and '-'");

    public static Option<string> Word(string name, string description, string fallback, params string[] words)
    {
        var option = new Option<string>(name) { Description = description, HelpName = string.Join('|', words), DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } word && !words.Contains(word))
            {
                result.AddError($"{name} takes {string.Join(", ", words)}.");
            }
        });
        return option;
    }

    public static Option<int> Number(string name, string description, int fallback, int min, int max)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => fallback,
            CustomParser = result =>
            {
                if (int.TryParse(result.Tokens[0].Value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var value)
                    && value >= min && value <= max)
                {
                    return value;
                }

                result.AddError($"{name} takes a whole number from {min} to {max}.");
                return default;
            },
        };
        return option;
    }

    private static Prefix? AsPrefix(string text) => Protocol.Prefix.TryParse(text, out var prefix) ? prefix : null;

    private static T One<T>(ArgumentResult result, Func<string, T?> parse, string what)
        where T : struct
    {
        if (parse(result.Tokens[0].Value) is { } value)
        {
            return value;
        }

        result.AddError($"'{result.Tokens[0].Value}' is not {what}.");
        return default;
    }

    private static T[] Many<T>(ArgumentResult result, Func<string, T?> parse, string what)
        where T : struct
    {
        var values = new List<T>();
        foreach (var token in result.Tokens)
        {
            if (parse(token.Value) is { } value)
            {
                values.Add(value);
            }
            else
            {
                result.AddError($"'{token.Value}' is not {what}.");
                return [];
            }
        }

        return [.. values];
    }
}
