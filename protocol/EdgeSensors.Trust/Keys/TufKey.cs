using System.Security.Cryptography;
using EdgeSensors.Trust.Json;
using NSec.Cryptography;

namespace EdgeSensors.Trust.Keys;

/// <summary>A public key as TUF metadata lists it (specification §4.2). Its id is the SHA-256 of its canonical JSON, unknown members included.</summary>
public sealed class TufKey
{
    private const int MaxPublicLength = 8192;

    private readonly byte[] _canonical;
    private readonly SignatureScheme _scheme;
    private readonly string _public;
    private readonly Lazy<Func<byte[], byte[], bool>?> _verifier;

    private TufKey(string keyType, string scheme, string publicText, byte[] canonical)
    {
        _canonical = canonical;
        Scheme = scheme;
        _public = publicText;
        _scheme = (keyType, scheme) switch
        {
            ("ed25519", "ed25519") => SignatureScheme.Ed25519,
            ("ecdsa" or "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256") => SignatureScheme.EcdsaSha2NistP256,
            ("rsa", "rsassa-pss-sha256") => SignatureScheme.RsaSsaPssSha256,
            _ => SignatureScheme.Unknown,
        };
        _verifier = new Lazy<Func<byte[], byte[], bool>?>(MakeVerifier);
        Id = Convert.ToHexStringLower(SHA256.HashData(canonical));
    }

    /// <summary>SHA-256 of the canonical key, lower-case hex.</summary>
    public string Id { get; }

    /// <summary>Its signature scheme, as metadata names it.</summary>
    public string Scheme { get; }

    /// <summary>Whether it is a key whose signatures can be verified here at all.</summary>
    internal bool IsVerifiable => _verifier.Value is not null;

    /// <summary>What makes two keys the same key however they are spelt: a threshold counts it once.</summary>
    internal string Material => $"{_scheme}:{_public.Trim()}";

    internal static TufKey Ed25519(ReadOnlySpan<byte> publicKey)
    {
        var publicText = Convert.ToHexStringLower(publicKey);
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.String("keytype", "ed25519");
        writer.Member("keyval");
        writer.BeginObject();
        writer.String("public", publicText);
        writer.EndObject();
        writer.String("scheme", "ed25519");
        writer.EndObject();
        return new TufKey("ed25519", "ed25519", publicText, writer.ToArray());
    }

    /// <summary>Reads a key object. A type or scheme that is unknown makes a key that verifies nothing, as the specification has it.</summary>
    internal static TufKey? Read(ObjectReader reader, System.Text.Json.JsonElement value)
    {
        var keyType = reader.String("keytype", 64);
        var scheme = reader.String("scheme", 64);
        var publicText = reader.Object("keyval").Lines("public", MaxPublicLength);
        if (!CanonicalJson.TryEncode(value, out var canonical))
        {
            reader.Faults.Add(reader.PathOf("keyval"), "holds a number that is not an integer");
            return null;
        }

        return new TufKey(keyType, scheme, publicText, canonical);
    }

    internal void Write(CanonicalJsonWriter writer) => writer.Raw(_canonical);

    /// <summary>Whether a signature in hex is this key's over the data; anything that is no such signature is simply not.</summary>
    internal bool Verify(byte[] data, string signatureHex)
    {
        if (signatureHex.Length is 0 or > MaxPublicLength || signatureHex.Length % 2 != 0 || _verifier.Value is not { } verify)
        {
            return false;
        }

        var signature = new byte[signatureHex.Length / 2];
        if (Convert.FromHexString(signatureHex, signature, out _, out var written) != System.Buffers.OperationStatus.Done || written != signature.Length)
        {
            return false;
        }

        try
        {
            return verify(data, signature);
        }
        catch (CryptographicException)
        {
            return false; // malformed DER and the like
        }
    }

    private Func<byte[], byte[], bool>? MakeVerifier()
    {
        try
        {
            return _scheme switch
            {
                SignatureScheme.Ed25519 => Ed25519Verifier(),
                SignatureScheme.EcdsaSha2NistP256 => EcdsaP256.Verifier(_public),
                SignatureScheme.RsaSsaPssSha256 => RsaVerifier(),
                _ => null,
            };
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or FormatException)
        {
            return null; // not a key after all
        }
    }

    private Func<byte[], byte[], bool>? Ed25519Verifier()
    {
        var octets = Convert.FromHexString(_public);
        return octets.Length == 32 && PublicKey.TryImport(SignatureAlgorithm.Ed25519, octets, KeyBlobFormat.RawPublicKey, out var key)
            ? (data, signature) => signature.Length == 64 && SignatureAlgorithm.Ed25519.Verify(key!, data, signature)
            : null;
    }

    private Func<byte[], byte[], bool>? RsaVerifier()
    {
        var key = RSA.Create();
        key.ImportFromPem(_public);
        if (key.KeySize is < 2048 or > 8192)
        {
            return null;
        }

        return (data, signature) =>
        {
            lock (key)
            {
                return key.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
            }
        };
    }
}
