using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Trust.Disk;

namespace EdgeSensors.Trust.Requests;

/// <summary>What was signed at one place, as a file that its owner only can read. Several processes may sign there: each holds the file alone while it looks and remembers.</summary>
public static class SignedVersionsFile
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Reads it; nothing where it is not there. Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the disk refuses.</summary>
    public static bool TryRead(string file, [NotNullWhen(true)] out SignedVersions? memory, [NotNullWhen(false)] out RequestError? error)
    {
        error = null;
        if (!File.Exists(file))
        {
            memory = SignedVersions.None;
            return true;
        }

        if (new FileInfo(file).Length > SignedVersions.MaxBytes)
        {
            memory = null;
            error = new RequestError(RequestFault.MemoryDamaged, "", "it is too long");
            return false;
        }

        if (!SignedVersions.TryParse(File.ReadAllBytes(file), out memory, out var fault))
        {
            error = new RequestError(RequestFault.MemoryDamaged, "", fault.ToString());
            return false;
        }

        return true;
    }

    /// <summary>
    /// Remembers what is being signed, so that it is on the disk when this returns: no signature may leave before. It checks once more, as another process may have signed since the signer looked.
    /// Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the disk refuses.
    /// </summary>
    /// <param name="file">The file; made where it is not there.</param>
    /// <param name="step">What is to be signed.</param>
    /// <param name="roles">The roles of it that are signed.</param>
    /// <param name="givenUp">SHA-256 of versions that were signed and will not be published.</param>
    /// <param name="time">The clock, for the patience with other processes.</param>
    /// <returns>Why it is not to be signed, and was not remembered; null when it was.</returns>
    public static RequestError? Keep(string file, VersionStep step, IReadOnlyCollection<string> roles, IReadOnlyCollection<string> givenUp, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        using var taken = FileLock.Take(file + ".lock", Patience, time);
        if (taken is null)
        {
            return new RequestError(RequestFault.Busy, "", "another process is signing here; try again when it is done");
        }

        if (!TryRead(file, out var memory, out var error) || (error = memory.Check(step, givenUp)) is not null)
        {
            return error;
        }

        AtomicFile.Write(file, memory.With(step, roles).ToCanonicalJson(), AtomicFile.OwnerOnly);
        AtomicFile.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        return null;
    }
}
