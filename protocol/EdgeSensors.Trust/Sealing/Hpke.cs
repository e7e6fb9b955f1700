using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using NSec.Cryptography;

namespace EdgeSensors.Trust.Sealing;

/// <summary>
/// HPKE base mode, single shot (RFC 9180 §6.1): DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, ChaCha20Poly1305 0x0003.
/// The key agreement is the system's X25519, the rest NSec's primitives; only their arrangement is ours.
/// </summary>
internal static class Hpke
{
    public const int KeyLength = 32;
    public const int TagLength = 16;

    private static readonly byte[] KemSuite = [.. "KEM"u8, 0x00, 0x20];
    private static readonly byte[] HpkeSuite = [.. "HPKE"u8, 0x00, 0x20, 0x00, 0x01, 0x00, 0x03];
    private static readonly HkdfSha256 Kdf = KeyDerivationAlgorithm.HkdfSha256;
    private static readonly ChaCha20Poly1305 Aead = AeadAlgorithm.ChaCha20Poly1305;

    /// <summary>Seals to a public key; false when that key is of low order and agrees on nothing (RFC 9180 §7.1.4).</summary>
    public static bool TrySeal(
        ReadOnlySpan<byte> recipientPublicKey,
        ReadOnlySpan<byte> info,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        [NotNullWhen(true)] out byte[]? encapsulated,
        [NotNullWhen(true)] out byte[]? ciphertext)
    {
        using var ephemeral = Key.Create(KeyAgreementAlgorithm.X25519, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.None });
        return TrySeal(ephemeral, recipientPublicKey, info, associatedData, plaintext, out encapsulated, out ciphertext);
    }

    /// <summary>The same with the ephemeral key given: for the test vectors.</summary>
    public static bool TrySeal(
        Key ephemeral,
        ReadOnlySpan<byte> recipientPublicKey,
        ReadOnlySpan<byte> info,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        [NotNullWhen(true)] out byte[]? encapsulated,
        [NotNullWhen(true)] out byte[]? ciphertext)
    {
        encapsulated = null;
        ciphertext = null;
        var publicKey = ephemeral.PublicKey.Export(KeyBlobFormat.RawPublicKey);
        if (!TryAgree(ephemeral, recipientPublicKey, publicKey, recipientPublicKey, out var shared))
        {
            return false;
        }

        using var key = Schedule(shared, info, out var nonce);
        ciphertext = Aead.Encrypt(key, nonce, associatedData, plaintext);
        encapsulated = publicKey;
        return true;
    }

    /// <summary>Opens; null when anything differs from what was sealed.</summary>
    public static byte[]? TryOpen(
        Key recipient,
        ReadOnlySpan<byte> encapsulated,
        ReadOnlySpan<byte> info,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> ciphertext)
    {
        var publicKey = recipient.PublicKey.Export(KeyBlobFormat.RawPublicKey);
        if (ciphertext.Length < TagLength || !TryAgree(recipient, encapsulated, encapsulated, publicKey, out var shared))
        {
            return null;
        }

        using var key = Schedule(shared, info, out var nonce);
        return Aead.Decrypt(key, nonce, associatedData, ciphertext);
    }

    // RFC 9180 §4.1, Encap and Decap: the Diffie-Hellman result, bound to both public keys.
    private static bool TryAgree(
        Key own,
        ReadOnlySpan<byte> otherPublicKey,
        ReadOnlySpan<byte> encapsulated,
        ReadOnlySpan<byte> recipientPublicKey,
        [NotNullWhen(true)] out byte[]? sharedSecret)
    {
        sharedSecret = null;
        if (otherPublicKey.Length != KeyLength
            || !PublicKey.TryImport(KeyAgreementAlgorithm.X25519, otherPublicKey, KeyBlobFormat.RawPublicKey, out var other))
        {
            return false;
        }

        using var agreed = KeyAgreementAlgorithm.X25519.Agree(
            own, other!, new SharedSecretCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport });
        if (agreed is null)
        {
            return false;
        }

        var secret = agreed.Export(SharedSecretBlobFormat.RawSharedSecret);
        var prk = LabeledExtract(KemSuite, [], "eae_prk"u8, secret);
        sharedSecret = LabeledExpand(KemSuite, prk, "shared_secret"u8, [.. encapsulated, .. recipientPublicKey], KeyLength);
        return true;
    }

    // RFC 9180 §5.1, KeySchedule with mode_base: no pre-shared key.
    private static Key Schedule(byte[] sharedSecret, ReadOnlySpan<byte> info, out byte[] nonce)
    {
        var pskIdHash = LabeledExtract(HpkeSuite, [], "psk_id_hash"u8, []);
        var infoHash = LabeledExtract(HpkeSuite, [], "info_hash"u8, info);
        byte[] context = [0x00, .. pskIdHash, .. infoHash];
        var secret = LabeledExtract(HpkeSuite, sharedSecret, "secret"u8, []);
        nonce = LabeledExpand(HpkeSuite, secret, "base_nonce"u8, context, Aead.NonceSize);
        return Key.Import(Aead, LabeledExpand(HpkeSuite, secret, "key"u8, context, Aead.KeySize), KeyBlobFormat.RawSymmetricKey);
    }

    // RFC 9180 §4.
    private static byte[] LabeledExtract(byte[] suite, byte[] salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> inputKeyMaterial)
    {
        byte[] labeled = [.. "HPKE-v1"u8, .. suite, .. label, .. inputKeyMaterial];
        return Kdf.Extract(labeled, salt);
    }

    private static byte[] LabeledExpand(byte[] suite, byte[] pseudorandomKey, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, int length)
    {
        Span<byte> prefix = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(prefix, (ushort)length);
        byte[] labeled = [.. prefix, .. "HPKE-v1"u8, .. suite, .. label, .. info];
        return Kdf.Expand(pseudorandomKey, labeled, length);
    }
}
