using System.CommandLine;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>What was signed with the keys of a folder: <c>signed.json</c> beside them. One folder serves one repository, as the root beside the keys does.</summary>
internal static class SignedFile
{
    public const string FileName = "signed.json";

    public static Option<string[]> GivenUpOption() => new("--given-up")
    {
        Description = "SHA-256 of a version that was signed here and will never be published, so that another may take its number.",
        HelpName = "SHA256",
    };

    /// <summary>The file in a folder of keys.</summary>
    public static string In(string folder) => Path.Combine(folder, FileName);

    /// <summary>The file beside a key.</summary>
    public static string Beside(string key) => In(Path.GetDirectoryName(Path.GetFullPath(key))!);

    /// <summary>Checks what is to be signed against what was signed before, and says what that does not tell of: roles that are new here, and where something else came out.</summary>
    public static void Check(string file, VersionStep step, IReadOnlyCollection<string> givenUp)
    {
        var signed = SignedVersionsFile.TryRead(file, out var read, out var error) ? read : throw Refused(file, error);
        if (signed.Check(step, givenUp) is { } reason)
        {
            throw Refused(file, reason);
        }

        if (signed.Unknown(step) is { Count: > 0 } unknown)
        {
            Console.Out.WriteLine($"nothing was signed here before of {string.Join(", ", unknown)} ({file}): nothing but the root tells whether this is made from the newest state");
        }

        foreach (var (role, version, sha256) in signed.PublishedOtherwise(step))
        {
            Console.Out.WriteLine($"{role}: the published version {version} (sha256 {sha256}) is not the one that was signed here: others signed it");
        }
    }

    /// <summary>Remembers what is signed. Comes before the signature leaves: a cut between the two asks for the same signature again, and no more.</summary>
    public static void Keep(string file, VersionStep step, IReadOnlyCollection<string> roles, IReadOnlyCollection<string> givenUp)
    {
        if (SignedVersionsFile.Keep(file, step, roles, givenUp, TimeProvider.System) is { } error)
        {
            throw Refused(file, error);
        }
    }

    private static CommandException Refused(string file, RequestError error) => error.Fault == RequestFault.MemoryDamaged
        ? new("signed", $"{file}: {error}; it tells what was signed here: bring a copy of it back, or remove it if you know that the request is made from the newest state.")
        : new("request", $"{error} ({file}).");
}
