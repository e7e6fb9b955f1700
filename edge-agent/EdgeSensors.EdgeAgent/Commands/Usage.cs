using System.CommandLine;
using System.CommandLine.Parsing;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary>What a person is told about a wrong command line.</summary>
internal static class Usage
{
    /// <summary>One line: the first thing that is wrong, and where to read on.</summary>
    public static string Describe(ParseResult parsed)
    {
        // The parser takes an unknown option for an argument, and complains of whatever that displaces.
        var unknown = parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .FirstOrDefault(token => token.Type == TokenType.Argument && LooksLikeOption(token.Value));
        var what = unknown is not null ? $"Unknown option '{unknown.Value}'."
            : parsed.CommandResult.Command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var command, ..] ? $"Unknown command '{command}'."
            : parsed.Errors[0].Message;
        return $"error[usage]: {what.ReplaceLineEndings(" ")} See {string.Join(' ', PathOf(parsed))} --help.";
    }

    /// <summary>Refuses an argument that is a mistyped option.</summary>
    public static void RefuseOptions(ArgumentResult result)
    {
        foreach (var token in result.Tokens)
        {
            if (LooksLikeOption(token.Value))
                result.AddError($"Unknown option '{token.Value}'.");
        }
    }

    private static bool LooksLikeOption(string word) => word.Length > 1 && word[0] == '-' && !char.IsAsciiDigit(word[1]);

    /// <summary>The words that name the command that was parsed, program first.</summary>
    private static Stack<string> PathOf(ParseResult parsed)
    {
        var words = new Stack<string>();
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult { Command: var command }; result = result.Parent)
            words.Push(command is RootCommand ? "edgesensors-agent" : command.Name);
        return words;
    }
}
