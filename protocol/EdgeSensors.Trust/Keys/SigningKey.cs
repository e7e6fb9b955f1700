using System.Diagnostics.CodeAnalysis;
using NSec.Cryptography;

namespace EdgeSensors.Trust.Keys;

/// <summary>An Ed25519 private key (RFC 8032) in this process's memory.</summary>
public sealed class SigningKey : IMetadataSigner
{
    internal const int SecretLength = 32;

    private readonly Key _key;

    private static KeyCreationParameters Exportable => new() { ExportPolicy = KeyExportPolicies.AllowPlaintextExport };

    private SigningKey(Key key)
    {
        _key = key;
        PublicKey = TufKey.Ed25519(key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>The TUF key id: SHA-256 of the public key's canonical JSON, lower-case hex.</summary>
    public string Id => PublicKey.Id;

    /// <inheritdoc/>
    public TufKey PublicKey { get; }

    /// <summary>Makes a new key.</summary>
    public static SigningKey Create() =>
        new(Key.Create(SignatureAlgorithm.Ed25519, Exportable));

    /// <inheritdoc/>
    public byte[] Sign(ReadOnlySpan<byte> data) => SignatureAlgorithm.Ed25519.Sign(_key, data);

    /// <summary>Forgets the key.</summary>
    public void Dispose() => _key.Dispose();

    /// <summary>The key of 32 octets, as fit to be saved as a new one: for a field test's run that can be played again.</summary>
    internal static SigningKey Of(ReadOnlySpan<byte> secret) => new(Key.Import(
        SignatureAlgorithm.Ed25519, secret, KeyBlobFormat.RawPrivateKey, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport }));

    internal static bool TryImport(ReadOnlySpan<byte> secret, [NotNullWhen(true)] out SigningKey? key)
    {
        // As a key that was made here: a spare is moved from one file to another.
        key = Key.TryImport(SignatureAlgorithm.Ed25519, secret, KeyBlobFormat.RawPrivateKey, out var imported, Exportable) ? new SigningKey(imported!) : null;
        return key is not null;
    }

    internal byte[] ExportSecret() => _key.Export(KeyBlobFormat.RawPrivateKey);

    internal byte[] ExportPublic() => _key.PublicKey.Export(KeyBlobFormat.RawPublicKey);
}
