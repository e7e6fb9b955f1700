using System.CommandLine;
using System.CommandLine.Parsing;

namespace EdgeSensors.Hub.Commands;

/// <summary>What a person is told about a wrong command line.</summary>
internal static class Usage
{
    /// <summary>One line: the first thing that is wrong, and where to read on.</summary>
    public static string Describe(ParseResult parsed)
    {
        // The parser takes an unknown option for an argument, and complains of whatever that displaces.
        var unknown = parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .FirstOrDefault(token => token.Type == TokenType.Argument && token.Value.Length > 1 && token.Value[0] == '-');
        var what = unknown is null ? parsed.Errors[0].Message : $"Unknown option '{unknown.Value}'.";
        return $"error[usage]: {what.ReplaceLineEndings(" ")} See {string.Join(' ', PathOf(parsed))} --help.";
    }

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
