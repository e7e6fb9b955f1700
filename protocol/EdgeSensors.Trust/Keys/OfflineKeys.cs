using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Trust.Keys;

/// <summary>
/// The folder of keys that people use and the serving hub must not: root, top-level targets, issuers, operators and blocklists. Its files
/// are encrypted, and meant to be kept on a medium apart.
/// </summary>
public static class OfflineKeys
{
    /// <summary>Opens the keys of some roles, or of all where none is named. Each file costs one Argon2id derivation.</summary>
    public static bool TryOpen(
        string folder,
        Passphrase passphrase,
        IReadOnlyCollection<string> roles,
        [NotNullWhen(true)] out KeyRing? keys,
        [NotNullWhen(false)] out KeyFileError? error) => KeyFolder.TryReadAll(folder, roles, passphrase, out keys, out error);

    /// <summary>Opens one key: <paramref name="file"/> is its path. This is where a reference to a key in a device would be told from a path.</summary>
    public static bool TryOpenOne(string file, Passphrase? passphrase, [NotNullWhen(true)] out IMetadataSigner? key, [NotNullWhen(false)] out KeyFileError? error)
    {
        var opened = KeyFolder.TryRead(file, passphrase, out var signer, out error);
        key = signer;
        return opened;
    }

    /// <summary>Adds a key and names its file; throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the disk refuses.</summary>
    public static string Save(string folder, string role, SigningKey key, Passphrase passphrase, KeyProtection protection) =>
        KeyFolder.Write(folder, role, name => KeyFile.WriteEncrypted(key, name, passphrase, protection));

    /// <summary>
    /// The first key file of the folder that opens with nothing, or with one of the passphrases at hand; null when none does. A serving hub
    /// asks this of itself at its start, and refuses to start when there is one.
    /// </summary>
    public static string? FindOpenable(string folder, IReadOnlyCollection<Passphrase> passphrases)
    {
        ArgumentNullException.ThrowIfNull(passphrases);
        List<Passphrase?> attempts = [null, .. passphrases]; // without one, only a plain file opens
        try
        {
            foreach (var path in KeyFolder.Files(folder))
            {
                foreach (var passphrase in attempts)
                {
                    if (KeyFolder.TryRead(path, passphrase, out var key, out _))
                    {
                        key.Dispose();
                        return path;
                    }
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // a folder that cannot be listed cannot be opened either
        }

        return null;
    }

    /// <summary>Whether <see cref="FindOpenable"/> finds a key.</summary>
    public static bool CanOpen(string folder, IReadOnlyCollection<Passphrase> passphrases) => FindOpenable(folder, passphrases) is not null;
}
