using EdgeSensors.Hub.Commands.Keys;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Hub.Commands;

/// <summary>
/// Publication with the offline keys by a command that nobody watches. What it is about to sign lies beside the keys as a request, from before it is remembered until it is published. So what was
/// cut off in between is what the next run publishes, octet for octet, and no second content of that version is ever signed.
/// </summary>
internal static class UnattendedPublication
{
    public const string FileName = "unfinished.request";

    /// <summary>Signs a change and publishes it.</summary>
    /// <param name="folder">The hub, and its offline keys.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="change">The change.</param>
    /// <param name="keys">All keys that it needs.</param>
    /// <param name="givenUp">SHA-256 of versions that were signed and will not be published.</param>
    public static void Publish(HubFolder folder, TufRepository repository, RepositoryChange change, KeyRing keys, IReadOnlyCollection<string> givenUp)
    {
        var request = repository.Prepare(change, "").TryGet(out var made, out var error) ? made : throw RequestOutput.Failure(error);
        var bytes = request.ToBytes();
        if (bytes.Length <= SigningRequest.MaxBytes) // one that could not be read again is for a person to take up
        {
            WholeFile.Write(FileIn(folder), bytes);
        }

        if (Bring(folder, repository, request, keys, givenUp) is { } reason)
        {
            throw RequestOutput.Failure(reason);
        }
    }

    /// <summary>Publishes what a run before this one signed and did not bring out. What it did not come to sign, what came out, and what was given up, is removed.</summary>
    /// <param name="folder">The hub, and its offline keys.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="open">Opens the keys, where there is something to sign.</param>
    /// <param name="givenUp">SHA-256 of versions that were signed and will not be published.</param>
    /// <returns>Whether something was published.</returns>
    public static bool Resume(HubFolder folder, TufRepository repository, Func<KeyRing> open, IReadOnlyCollection<string> givenUp)
    {
        var file = FileIn(folder);
        if (!File.Exists(file))
        {
            return false;
        }

        // The memory says what may be signed, not the file: of what it does not hold, nothing was signed, or another content.
        if (new FileInfo(file).Length > SigningRequest.MaxBytes || !SigningRequest.TryParse(File.ReadAllBytes(file), out var request, out _)
            || !SignedVersionsFile.TryRead(SignedFile.In(folder.Offline), out var memory, out _) || !request.Versions.All(memory.Roles.Contains)
            || request.Versions.Any(version => givenUp.Contains(version.Sha256, StringComparer.OrdinalIgnoreCase)))
        {
            File.Delete(file);
            return false;
        }

        using var keys = open();
        switch (Bring(folder, repository, request, keys, givenUp))
        {
            case null:
                return true;
            case { Kind: RepositoryErrorKind.Outdated }:
                File.Delete(file);
                return false;
            case { } reason:
                throw RequestOutput.Failure(reason);
        }
    }

    private static RepositoryError? Bring(HubFolder folder, TufRepository repository, SigningRequest request, KeyRing keys, IReadOnlyCollection<string> givenUp)
    {
        var signed = SignedFile.In(folder.Offline);
        var published = repository.Apply(request, keys, () =>
        {
            SignedFile.Check(signed, request.Step, givenUp);
            SignedFile.Keep(signed, request.Step, request.Roles, givenUp);
        });
        if (!published.TryGet(out _, out var error))
        {
            return error;
        }

        File.Delete(FileIn(folder));
        return null;
    }

    private static string FileIn(HubFolder folder) => Path.Combine(folder.Offline, FileName);
}
