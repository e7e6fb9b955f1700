using System.CommandLine;
using System.Security.Cryptography;
using EdgeSensors.Hub.Commands.Keys;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

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

    /// <summary>For commands that publish: have it signed elsewhere.</summary>
    public Option<string?> Request { get; } = new("--request")
    {
        Description = "Publish nothing: write what is to be signed to a file for keys sign and keys apply, and open no offline key.",
        HelpName = "FILE",
    };

    /// <summary>For commands that publish: a signed version that never came out.</summary>
    public Option<string[]> GivenUp { get; } = SignedFile.GivenUpOption();

    public string[] GivenUpOf(ParseResult parsed) => parsed.GetValue(GivenUp) ?? [];

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

    /// <summary>Publishes with the offline keys of some roles, or writes a request for their signatures where one is asked for.</summary>
    /// <returns>Whether it is published.</returns>
    public bool Publish(ParseResult parsed, HubFolder folder, TufRepository repository, RepositoryChange change, params string[] roles)
    {
        if (IsElsewhere(parsed))
        {
            WriteRequest(parsed, repository, change);
            return false;
        }

        using var keys = folder.OpenKeys(Read(parsed, isNew: false), roles);
        folder.Publish(repository, change, keys, GivenUpOf(parsed));
        return true;
    }

    /// <summary>Whether it is to be signed elsewhere.</summary>
    public bool IsElsewhere(ParseResult parsed) => parsed.GetValue(Request) is not null;

    /// <summary>Writes the request that was asked for; the command line up to its options is its reason, as far as a reason goes.</summary>
    public void WriteRequest(ParseResult parsed, TufRepository repository, RepositoryChange change)
    {
        var reason = $"edgesensors-hub {string.Join(' ', parsed.Tokens.TakeWhile(token => token.Value[0] != '-').Select(token => token.Value))}";
        RequestOutput.Write(repository, change, parsed.GetRequiredValue(Request)!, reason.Length > RequestOutput.MaxReason ? reason[..(RequestOutput.MaxReason - 3)] + "..." : reason);
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
