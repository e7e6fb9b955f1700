using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>What was signed with the keys of a folder: <c>signed.json</c> beside them. One folder serves one repository, as the root beside the keys does.</summary>
internal static class SignedFile
{
    public const string FileName = "signed.json";

    /// <summary>The file beside a key.</summary>
    public static string Beside(string key) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(key))!, FileName);

    /// <summary>Checks a request against what was signed beside each key, and says where something else than that came out.</summary>
    public static void Check(SigningRequest request, IEnumerable<string> keys, IReadOnlyCollection<string> givenUp)
    {
        foreach (var file in keys.Select(Beside).Distinct(StringComparer.Ordinal))
        {
            if (!File.Exists(file))
            {
                Console.Out.WriteLine($"nothing was signed here before ({file} is not there): nothing but the root tells whether the request is made from the newest state");
                continue;
            }

            var signed = Read(file);
            if (signed.Check(request, givenUp) is { } error)
            {
                throw new CommandException("request", $"{error} ({file}).");
            }

            foreach (var (role, version, sha256) in signed.PublishedOtherwise(request))
            {
                Console.Out.WriteLine($"{role}: the published version {version} (sha256 {sha256}) is not the one that was signed here: others signed it");
            }
        }
    }

    /// <summary>Remembers what a key signs. Comes before the signature leaves: a cut between the two asks for the same signature again, and no more.</summary>
    public static void Keep(SigningRequest request, string key, IReadOnlyCollection<string> roles)
    {
        var file = Beside(key);
        WholeFile.WritePrivate(file, (File.Exists(file) ? Read(file) : SignedVersions.None).With(request, roles).ToCanonicalJson());
    }

    private static SignedVersions Read(string file) =>
        new FileInfo(file).Length > SignedVersions.MaxBytes ? throw Damaged(file, "it is too long")
        : SignedVersions.TryParse(File.ReadAllBytes(file), out var signed, out var error) ? signed
        : throw Damaged(file, error.ToString());

    private static CommandException Damaged(string file, string why) =>
        new("signed", $"{file}: {why}; it tells what was signed here: bring a copy of it back, or remove it if you know that the request is made from the newest state.");
}
