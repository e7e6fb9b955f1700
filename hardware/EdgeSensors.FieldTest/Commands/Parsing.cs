using System.CommandLine;
using System.Globalization;

namespace EdgeSensors.FieldTest.Commands;

/// <summary>Options and errors as people type and read them.</summary>
internal static class Parsing
{
    /// <summary>An option that takes a number within bounds.</summary>
    public static Option<double> Number(string name, string description, string unit, double usual, double least, double most) => new(name)
    {
        Description = description,
        HelpName = unit,
        DefaultValueFactory = _ => usual,
        CustomParser = result =>
        {
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            {
                return value;
            }

            result.AddError(FormattableString.Invariant($"{name} takes a number from {least} to {most}."));
            return default;
        },
    };

    /// <summary>The errors of a command line, as one line.</summary>
    public static string Describe(ParseResult parsed) =>
        $"error[usage]: {string.Join(' ', parsed.Errors.Select(e => e.Message.TrimEnd('.') + "."))} See edgesensors-fieldtest --help.";
}
