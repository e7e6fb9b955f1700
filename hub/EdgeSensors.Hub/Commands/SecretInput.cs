namespace EdgeSensors.Hub.Commands;

/// <summary>Secrets from a file or a prompt that shows nothing. Never from the command line, where every user of the machine could read them.</summary>
internal static class SecretInput
{
    /// <summary>The first line of a file.</summary>
    public static string ReadFile(string file)
    {
        using var reader = new StreamReader(file);
        return reader.ReadLine() ?? "";
    }

    /// <summary>Asks whoever sits at the terminal.</summary>
    /// <param name="question">What is asked for.</param>
    /// <param name="otherwise">What to do where there is no terminal.</param>
    public static string Ask(string question, string otherwise)
    {
        if (Console.IsInputRedirected)
        {
            throw new CommandException("passphrase", otherwise, ExitCode.Usage);
        }

        Console.Error.Write(question + ": ");
        var text = new System.Text.StringBuilder();
        for (var key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                text.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return text.ToString();
    }
}
