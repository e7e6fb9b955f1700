using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using EdgeSensors.Trust.Json;
using NSec.Cryptography;

namespace EdgeSensors.Trust.Keys;

/// <summary>
/// The bytes of a key file. A plain one holds the Ed25519 seed in base64 and is for keys that a server uses unattended. An encrypted one
/// holds it sealed by XChaCha20-Poly1305 under a key that Argon2id derives from a passphrase; role, key id and the cost
/// parameters are authenticated with it.
/// </summary>
internal static class KeyFile
{
    private const int MaxBytes = 4096;
    private const int SaltLength = 16;
    private const string PlainType = "signing-key";
    private const string EncryptedType = "encrypted-signing-key";

    private static readonly XChaCha20Poly1305 Aead = AeadAlgorithm.XChaCha20Poly1305;

    public static byte[] WritePlain(SigningKey key, string role)
    {
        var secret = key.ExportSecret();
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.String("keyid", key.Id);
        writer.String("role", role);
        writer.String("secret", Convert.ToBase64String(secret));
        writer.Integer("spec", 1);
        writer.String("type", PlainType);
        writer.EndObject();
        CryptographicOperations.ZeroMemory(secret);
        return writer.ToArray();
    }

    public static byte[] WriteEncrypted(SigningKey key, string role, Passphrase passphrase, KeyProtection protection)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        var nonce = RandomNumberGenerator.GetBytes(Aead.NonceSize);
        using var wrapping = protection.Algorithm().DeriveKey(passphrase.Utf8, salt, Aead);
        var secret = key.ExportSecret();
        var ciphertext = Aead.Encrypt(wrapping, nonce, Header(key.Id, role, protection, salt), secret);
        CryptographicOperations.ZeroMemory(secret);

        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.String("aead", "xchacha20-poly1305");
        writer.String("ciphertext", Convert.ToBase64String(ciphertext));
        writer.Member("kdf");
        writer.BeginObject();
        writer.Integer("memory_kib", protection.MemoryKiB);
        writer.String("name", "argon2id");
        writer.Integer("passes", protection.Passes);
        writer.String("salt", Convert.ToBase64String(salt));
        writer.EndObject();
        writer.String("keyid", key.Id);
        writer.String("nonce", Convert.ToBase64String(nonce));
        writer.String("role", role);
        writer.Integer("spec", 1);
        writer.String("type", EncryptedType);
        writer.EndObject();
        return writer.ToArray();
    }

    /// <summary>What a file says of itself without being opened; null when it is no key file.</summary>
    public static KeyPlace? TryReadHeader(ReadOnlyMemory<byte> utf8, string path)
    {
        if (!StrictJson.TryParse(utf8, MaxBytes, 4, out var json, out _))
        {
            return null;
        }

        using (json)
        {
            var reader = new ObjectReader(json.RootElement, "", new FaultLog());
            var (type, place) = (reader.String("type"), new KeyPlace(path, reader.String("role"), reader.String("keyid"), reader.String("type") == EncryptedType));
            return reader.Faults.First is null && type is PlainType or EncryptedType ? place : null;
        }
    }

    /// <summary>Reads either kind. The cost that an encrypted file may ask for is bounded, so that a file cannot eat the memory.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> utf8,
        string path,
        Passphrase? passphrase,
        [NotNullWhen(true)] out SigningKey? key,
        [NotNullWhen(false)] out KeyFileError? error)
    {
        key = null;
        if (!StrictJson.TryParse(utf8, MaxBytes, 4, out var json, out var fault))
        {
            error = new KeyFileError(KeyFileFault.Malformed, path, $"is not a key file: {fault.Reason}");
            return false;
        }

        using (json)
        {
            var faults = new FaultLog();
            var reader = new ObjectReader(json.RootElement, "", faults);
            reader.Integer("spec", 1, 1);
            var type = reader.String("type");
            var keyId = reader.String("keyid");
            var role = reader.String("role");
            error = type switch
            {
                PlainType => ReadPlain(reader, path, out key),
                EncryptedType => ReadEncrypted(reader, path, keyId, role, passphrase, out key),
                _ => Malformed(path, "is of no known type"),
            };
            if (error is null && key!.Id != keyId)
            {
                key.Dispose();
                key = null;
                error = Malformed(path, "holds another key than it names");
            }

            return error is null;
        }
    }

    private static KeyFileError? ReadPlain(ObjectReader reader, string path, out SigningKey? key)
    {
        key = null;
        var secret = Octets(reader, "secret", SigningKey.SecretLength, SigningKey.SecretLength);
        reader.RefuseUnknown();
        return reader.Faults.First is { } fault ? Malformed(path, $"{fault.Path} {fault.Reason}")
            : SigningKey.TryImport(secret, out key) ? null
            : Malformed(path, "holds no Ed25519 key");
    }

    private static KeyFileError? ReadEncrypted(
        ObjectReader reader, string path, string keyId, string role, Passphrase? passphrase, out SigningKey? key)
    {
        key = null;
        var kdf = reader.Object("kdf");
        var protection = new KeyProtection(
            (int)kdf.Integer("memory_kib", 8, KeyProtection.MaxMemoryKiB), (int)kdf.Integer("passes", 1, KeyProtection.MaxPasses));
        var salt = Octets(kdf, "salt", SaltLength, SaltLength);
        var nonce = Octets(reader, "nonce", Aead.NonceSize, Aead.NonceSize);
        var ciphertext = Octets(reader, "ciphertext", SigningKey.SecretLength + Aead.TagSize, SigningKey.SecretLength + Aead.TagSize);
        if (kdf.String("name") != "argon2id" || reader.String("aead") != "xchacha20-poly1305")
        {
            reader.Faults.Add("kdf", "or aead is of another kind than argon2id with xchacha20-poly1305");
        }

        kdf.RefuseUnknown();
        reader.RefuseUnknown();
        if (reader.Faults.First is { } fault)
        {
            return Malformed(path, $"{fault.Path} {fault.Reason}");
        }

        if (passphrase is null)
        {
            return new KeyFileError(KeyFileFault.PassphraseNeeded, path, "is encrypted; give its passphrase with --passphrase-file or in EDGESENSORS_PASSPHRASE");
        }

        using var wrapping = protection.Algorithm().DeriveKey(passphrase.Utf8, salt, Aead);
        var secret = Aead.Decrypt(wrapping, nonce, Header(keyId, role, protection, salt), ciphertext);
        if (secret is null)
        {
            return new KeyFileError(KeyFileFault.WrongPassphrase, path, "does not open with this passphrase, or was changed");
        }

        var imported = SigningKey.TryImport(secret, out key);
        CryptographicOperations.ZeroMemory(secret);
        return imported ? null : Malformed(path, "holds no Ed25519 key");
    }

    private static byte[] Header(string keyId, string role, KeyProtection protection, byte[] salt)
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginArray();
        writer.String(EncryptedType);
        writer.String(keyId);
        writer.String(role);
        writer.Integer(protection.MemoryKiB);
        writer.Integer(protection.Passes);
        writer.String(Convert.ToHexStringLower(salt));
        writer.EndArray();
        return writer.ToArray();
    }

    private static KeyFileError Malformed(string path, string reason) => new(KeyFileFault.Malformed, path, $"is not a key file that can be used: {reason}");

    private static byte[] Octets(ObjectReader reader, string name, int min, int max)
    {
        var buffer = new byte[256];
        var valid = Convert.TryFromBase64String(reader.String(name), buffer, out var written) && written >= min && written <= max;
        if (!valid)
        {
            reader.Faults.Add(reader.PathOf(name), $"is not base64 of {min} octets");
        }

        return valid ? buffer[..written] : new byte[max];
    }
}
