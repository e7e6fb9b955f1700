using System.CommandLine;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Witness.Commands;

/// <summary>How a command comes by the passphrase of the witness's key: a file or the environment. Without one the key is plain, readable by its owner only.</summary>
internal sealed class KeyPassphrase
{
    private const string EnvironmentVariable = "EDGESENSORS_PASSPHRASE";

    public Option<string?> File { get; } = new("--passphrase-file")
    {
        Description = $"A file whose first line is the passphrase of the key (otherwise {EnvironmentVariable}; without either the key is protected by its file's rights alone).",
        HelpName = "FILE",
    };

    /// <param name="parsed">The command line.</param>
    /// <param name="isNew">Whether it is to protect a key from now on, so that it must be long enough.</param>
    public Passphrase? Read(ParseResult parsed, bool isNew)
    {
        var text = parsed.GetValue(File) is { } file ? System.IO.File.ReadLines(file).FirstOrDefault() ?? "" : Environment.GetEnvironmentVariable(EnvironmentVariable);
        if (string.IsNullOrEmpty(text))
        {
            return parsed.GetValue(File) is null ? null : throw Wrong();
        }

        if (!Passphrase.TryCreate(text, out var passphrase))
        {
            throw Wrong();
        }

        if (isNew && !passphrase.IsStrongEnough)
        {
            passphrase.Dispose();
            throw new CommandException("passphrase", $"The passphrase has fewer than {Passphrase.MinLength} characters; choose a longer one.", ExitCode.Usage);
        }

        return passphrase;

        static CommandException Wrong() => new("passphrase", "The passphrase is empty or longer than 1024 octets; give another.", ExitCode.Usage);
    }
}
