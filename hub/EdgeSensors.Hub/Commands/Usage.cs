using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace EdgeSensors.Hub.Commands;

/// <summary>What a person is told about a wrong command line.</summary>
internal static partial class Usage
{
    /// <summary>One line: the first thing that is wrong, and where to read on.</summary>
    public static string Describe(ParseResult parsed)
    {
        // The parser takes an unknown option for an argument, and complains of whatever that displaces.
        var unknown = parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .FirstOrDefault(token => token.Type == TokenType.Argument && token.Value.Length > 1 && token.Value[0] == '-');
        var what = unknown is not null ? $"Unknown option '{unknown.Value}'."
            : NoNumber().Match(parsed.Errors[0].Message) is { Success: true } number ? $"'{number.Groups["value"].Value}' is no whole number."
            : parsed.Errors[0].Message;
        return $"error[usage]: {what.ReplaceLineEndings(" ")} See {string.Join(' ', PathOf(parsed))} --help.";
    }

    // The parser names the type of the program, which is nobody's concern.
    [GeneratedRegex(@"^Cannot parse argument '(?<value>.*?)' for .* as expected type 'System\.Int(32|64)'")]
    private static partial Regex NoNumber();

    private static Stack<string> PathOf(ParseResult parsed)
    {
        var words = new Stack<string>();
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult { Command: var command }; result = result.Parent)
        {
            words.Push(command is RootCommand ? typeof(Usage).Assembly.GetName().Name! : command.Name);
        }

        return words;
    }
}
