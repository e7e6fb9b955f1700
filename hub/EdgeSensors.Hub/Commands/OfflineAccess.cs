using System.CommandLine;
using System.Security.Cryptography;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Hub.Commands;

/// <summary>
/// How a command comes by the passphrase of the offline keys: a file, the environment, or a prompt. Never the command line, where every user
/// of the machine could read it.
/// </summary>
internal sealed class OfflineAccess
{
    public const string EnvironmentVariable = "EDGESENSORS_PASSPHRASE";

    public Option<string?> Folder { get; } = new("--offline") { Description = "The folder of the offline keys (default: DIR-offline, beside DIR).", HelpName = "FOLDER" };

    public Option<string?> PassphraseFile { get; } = new("--passphrase-file")
    {
        Description = $"A file whose first line is the passphrase of the offline keys (otherwise {EnvironmentVariable}, otherwise a prompt).",
        HelpName = "FILE",
    };

    public string FolderOf(ParseResult parsed, string hub) =>
        Path.GetFullPath(parsed.GetValue(Folder) ?? Path.TrimEndingDirectorySeparator(Path.GetFullPath(hub)) + "-offline");

    /// <summary>The passphrase as text; the caller keeps it no longer than it needs.</summary>
    public string Read(ParseResult parsed, bool isNew)
    {
        var text = parsed.GetValue(PassphraseFile) is { } file ? SecretInput.ReadFile(file)
            : Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } variable ? variable
            : Prompt(isNew);
        if (!Passphrase.TryCreate(text, out var passphrase))
        {
            throw new CommandException("passphrase", "The passphrase is empty or longer than 1024 octets; give another.", ExitCode.Usage);
        }

        using (passphrase)
        {
            return !isNew || passphrase.IsStrongEnough
                ? text
                : throw new CommandException("passphrase", $"The passphrase has fewer than {Passphrase.MinLength} characters; choose a longer one.", ExitCode.Usage);
        }
    }

    /// <summary>Writes a random passphrase of 160 bits that only the owner may read.</summary>
    public static string Generate(string file)
    {
        var text = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));
        PrivateFile.Write(file, text + "\n");
        return text;
    }

    private static string Prompt(bool isNew) => SecretInput.Ask(
        isNew ? $"Passphrase for the offline keys (at least {Passphrase.MinLength} characters)" : "Passphrase of the offline keys",
        $"The offline keys need a passphrase; give --passphrase-file FILE or set {EnvironmentVariable}.");
}
