using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Trust.Keys;

/// <summary>The folder of keys that the serving hub uses unattended: snapshot, timestamp and control. Its files are plain, readable by their owner only.</summary>
public static class OnlineKeys
{
    /// <summary>Reads every key of the folder; one that cannot be used is an error, so that a hub does not start half able.</summary>
    public static bool TryLoad(string folder, [NotNullWhen(true)] out KeyRing? keys, [NotNullWhen(false)] out KeyFileError? error)
    {
        if (KeyFolder.TryReadAll(folder, [], null, out keys, out error))
        {
            return true;
        }

        // The answer to an offline key that strayed here is not its passphrase.
        error = error.Fault == KeyFileFault.PassphraseNeeded
            ? error with { Message = "is encrypted, as offline keys are, and the serving hub must not be able to open one; take it out of this folder" }
            : error;
        return false;
    }

    /// <summary>Adds a key and names its file; throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the disk refuses.</summary>
    public static string Save(string folder, string role, SigningKey key) => KeyFolder.Write(folder, role, name => KeyFile.WritePlain(key, name));
}
