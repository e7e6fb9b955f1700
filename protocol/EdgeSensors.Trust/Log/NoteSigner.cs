using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Trust.Log;

/// <summary>A private key that signs notes: a log's, or a witness's.</summary>
public sealed class NoteSigner : IDisposable
{
    private readonly SigningKey _key;

    private NoteSigner(SigningKey key, NoteKey name)
    {
        _key = key;
        Key = name;
    }

    /// <summary>The public half, with its name.</summary>
    public NoteKey Key { get; }

    /// <summary>Makes a new key; throws <see cref="ArgumentException"/> when the name cannot stand in a note.</summary>
    public static NoteSigner Create(string name, NoteKeyKind kind) => Of(SigningKey.Create(), name, kind);

    /// <summary>
    /// Reads the key that <see cref="SaveTo"/> wrote. A folder without one, with several, or one that does not open, is an error.
    /// </summary>
    /// <param name="folder">The key's folder.</param>
    /// <param name="passphrase">Opens an encrypted key; null when it is plain.</param>
    /// <param name="name">The name that it signs under.</param>
    /// <param name="kind">What it signs.</param>
    /// <param name="signer">The key.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryLoad(
        string folder, Passphrase? passphrase, string name, NoteKeyKind kind, [NotNullWhen(true)] out NoteSigner? signer, [NotNullWhen(false)] out KeyFileError? error)
    {
        signer = null;
        if (KeyFolder.Files(folder).ToList() is not [var path])
        {
            error = new KeyFileError(KeyFileFault.Unreadable, folder, "does not hold one key file");
            return false;
        }

        if (!KeyFolder.TryRead(path, passphrase, out var key, out error))
        {
            return false;
        }

        signer = Of(key, name, kind);
        return true;
    }

    /// <summary>Reads the private half of a key from a folder that may hold others.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="passphrase">Opens an encrypted key; null when it is plain.</param>
    /// <param name="key">The public half.</param>
    /// <param name="signer">The key.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryOpen(
        string folder, Passphrase? passphrase, NoteKey key, [NotNullWhen(true)] out NoteSigner? signer, [NotNullWhen(false)] out KeyFileError? error)
    {
        ArgumentNullException.ThrowIfNull(key);
        signer = null;
        if (KeyPlace.In(folder).FirstOrDefault(place => place.KeyId == key.KeyId) is not { } found)
        {
            error = new KeyFileError(KeyFileFault.Unreadable, folder, $"does not hold the key of {key.Name}");
            return false;
        }

        if (!KeyFolder.TryRead(found.Path, passphrase, out var opened, out error))
        {
            return false;
        }

        signer = Of(opened, key.Name, key.Kind);
        return true;
    }

    /// <summary>Writes the key into a folder of its own, encrypted where there is a passphrase, and readable by the owner only.</summary>
    public void SaveTo(string folder, string role, Passphrase? passphrase, KeyProtection protection) =>
        KeyFolder.Write(folder, role, name => passphrase is null ? KeyFile.WritePlain(_key, name) : KeyFile.WriteEncrypted(_key, name, passphrase, protection));

    /// <summary>Cosigns a checkpoint, which the caller has found consistent with all that it cosigned before. Returns the signature line.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="time">Now.</param>
    public string Cosign(Checkpoint checkpoint, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var seconds = time.ToUnixTimeSeconds();
        var signature = new byte[8 + 64];
        BinaryPrimitives.WriteInt64BigEndian(signature, seconds);
        _key.Sign(Checkpoint.CosignedMessage(checkpoint.Text, seconds)).CopyTo(signature, 8);
        return new NoteSignature(Key.Name, Key.Id, signature).ToString();
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose() => _key.Dispose();

    internal NoteSignature Sign(string text) => new(Key.Name, Key.Id, _key.Sign(Encoding.UTF8.GetBytes(text)));

    internal static NoteSigner Of(SigningKey key, string name, NoteKeyKind kind)
    {
        if (!NoteKey.TryCreate(name, kind, key.ExportPublic(), out var named))
        {
            key.Dispose();
            throw new ArgumentException($"'{name}' cannot name a key in a note.", nameof(name));
        }

        return new NoteSigner(key, named);
    }
}
