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

    /// <summary>Signs a payload and makes its file, canonical as a whole.</summary>
    public static SignedMetadata<T> Sign(T payload, IEnumerable<SigningKey> signers)
    {
        var signedWriter = new CanonicalJsonWriter();
        payload.Write(signedWriter);
        var signed = signedWriter.ToArray();
        var signatures = signers.Select(key => new MetadataSignature(key.Id, key.SignHex(signed))).OrderBy(s => s.KeyId, StringComparer.Ordinal).ToList();

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
