using System.Security.Cryptography;
using EdgeSensors.Trust.Json;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Trust.Metadata;

/// <summary>One entry of <c>signatures</c>. The signature stays text: one that is no hex simply does not verify.</summary>
internal sealed record MetadataSignature(string KeyId, string SignatureHex);

/// <summary>A role's metadata with its signatures (specification §4.2), parsed and not yet verified.</summary>
internal sealed class SignedMetadata<T>
    where T : SignedPayload
{
    private readonly byte[] _canonicalSigned;

    public SignedMetadata(T signed, byte[] canonicalSigned, IReadOnlyList<MetadataSignature> signatures, ReadOnlyMemory<byte> file)
    {
        Signed = signed;
        _canonicalSigned = canonicalSigned;
        Signatures = signatures;
        File = file;
    }

    public T Signed { get; }

    public IReadOnlyList<MetadataSignature> Signatures { get; }

    /// <summary>The bytes as they came: what is stored and hashed.</summary>
    public ReadOnlyMemory<byte> File { get; }

    /// <summary>SHA-256 of the octets that are signed, in hex: the same whoever has signed.</summary>
    public string PayloadSha256 => Convert.ToHexStringLower(SHA256.HashData(_canonicalSigned));

    /// <summary>How many different keys of a role signed. A key counts once, under however many ids it is listed.</summary>
    public int CountSigners(RoleKeys role, IReadOnlyDictionary<string, TufKey> keys)
    {
        var signers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var signature in Signatures)
        {
            if (role.KeyIds.Contains(signature.KeyId, StringComparer.Ordinal)
                && keys.TryGetValue(signature.KeyId, out var key)
                && !signers.Contains(key.Material)
                && key.Verify(_canonicalSigned, signature.SignatureHex))
            {
                signers.Add(key.Material);
            }
        }

        return signers.Count;
    }

    public bool IsVerifiedBy(RoleKeys role, IReadOnlyDictionary<string, TufKey> keys) => CountSigners(role, keys) >= role.Threshold;

    /// <summary>Whether a key's signature is there and verifies.</summary>
    public bool IsSignedBy(TufKey key) =>
        Signatures.Any(signature => signature.KeyId == key.Id && key.Verify(_canonicalSigned, signature.SignatureHex));

    /// <summary>Whether another file signs the same octets.</summary>
    public bool HasSamePayload(SignedMetadata<T> other) => _canonicalSigned.AsSpan().SequenceEqual(other._canonicalSigned);

    /// <summary>Whether writing the payload gives the octets that are signed: nothing is in them that this version would not show.</summary>
    public bool SaysNothingElse() => Draft(Signed)._canonicalSigned.AsSpan().SequenceEqual(_canonicalSigned);

    /// <summary>A payload that nobody has signed yet.</summary>
    public static SignedMetadata<T> Draft(T payload)
    {
        var writer = new CanonicalJsonWriter();
        payload.Write(writer);
        return Make(payload, writer.ToArray(), []);
    }

    /// <summary>Signs a payload and makes its file, canonical as a whole.</summary>
    public static SignedMetadata<T> Sign(T payload, IEnumerable<IMetadataSigner> signers) => Draft(payload).With(signers);

    /// <summary>The same with the signatures of some keys in addition.</summary>
    public SignedMetadata<T> With(IEnumerable<IMetadataSigner> signers)
    {
        var signatures = Signatures.ToDictionary(signature => signature.KeyId, StringComparer.Ordinal);
        foreach (var key in signers)
        {
            signatures[key.PublicKey.Id] = new MetadataSignature(key.PublicKey.Id, Convert.ToHexStringLower(key.Sign(_canonicalSigned)));
        }

        return Make(Signed, _canonicalSigned, [.. signatures.Values.OrderBy(signature => signature.KeyId, StringComparer.Ordinal)]);
    }

    /// <summary>The same with good signatures of some keys and no others.</summary>
    public SignedMetadata<T> Only(IReadOnlyCollection<TufKey> keys) =>
        Make(Signed, _canonicalSigned, [.. Signatures.Where(signature => keys.Any(key => key.Id == signature.KeyId && key.Verify(_canonicalSigned, signature.SignatureHex)))]);

    private static SignedMetadata<T> Make(T payload, byte[] signed, IReadOnlyList<MetadataSignature> signatures)
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.Member("signatures");
        writer.BeginArray();
        foreach (var (keyId, hex) in signatures)
        {
            writer.BeginObject();
            writer.String("keyid", keyId);
            writer.String("sig", hex);
            writer.EndObject();
        }

        writer.EndArray();
        writer.Member("signed");
        writer.Raw(signed);
        writer.EndObject();
        return new SignedMetadata<T>(payload, signed, signatures, writer.ToArray());
    }
}
