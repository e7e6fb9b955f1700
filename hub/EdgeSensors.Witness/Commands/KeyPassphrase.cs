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

    public Passphrase? Read(ParseResult parsed)
    {
        var text = parsed.GetValue(File) is { } file ? System.IO.File.ReadLines(file).FirstOrDefault() ?? "" : Environment.GetEnvironmentVariable(EnvironmentVariable);
        if (string.IsNullOrEmpty(text))
        {
            return parsed.GetValue(File) is null ? null : throw Wrong();
        }

        return Passphrase.TryCreate(text, out var passphrase) ? passphrase : throw Wrong();

        static CommandException Wrong() => new("passphrase", "The passphrase is empty or longer than 1024 octets; give another.", ExitCode.Usage);
    }
}
