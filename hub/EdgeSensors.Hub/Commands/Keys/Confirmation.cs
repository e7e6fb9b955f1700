using System.CommandLine;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>The question before an offline key is used for what has just been shown.</summary>
internal static class Confirmation
{
    public static Option<bool> YesOption() => new("--yes") { Description = "Do not ask: for scripts that have looked at it." };

    /// <summary>Goes on if the answer is yes; throws with one line otherwise.</summary>
    /// <param name="yes">Whether it was given beforehand.</param>
    /// <param name="keys">The key files.</param>
    /// <param name="look">How to look at it, where nobody is there to be asked.</param>
    public static void Require(bool yes, IEnumerable<string> keys, string look)
    {
        if (yes)
        {
            return;
        }

        if (Console.IsInputRedirected)
        {
            throw new CommandException("unsigned", $"Nobody is there to be asked; {look}, then give --yes.", ExitCode.Usage);
        }

        Console.Error.Write($"Sign this with {string.Join(", ", keys.Select(Path.GetFileName))}? Type yes: ");
        if (Console.ReadLine()?.Trim() != "yes")
        {
            throw new CommandException("unsigned", "Nothing was signed; answer yes, or give --yes.");
        }
    }
}
