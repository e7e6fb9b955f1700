using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>
/// A 32-octet pseudonym key sealed to one sensor's X25519 key by HPKE base mode (RFC 9180; DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
/// ChaCha20Poly1305). It is made and opened by <see cref="Sealing.PseudonymKeyWrap"/>.
/// </summary>
/// <param name="Encapsulated">HPKE's <c>enc</c>, 32 octets.</param>
/// <param name="Ciphertext">The sealed key, 48 octets: 32 of key, 16 of tag.</param>
public sealed record SealedPseudonymKey(ReadOnlyMemory<byte> Encapsulated, ReadOnlyMemory<byte> Ciphertext)
{
    /// <summary>Octets of <see cref="Encapsulated"/>.</summary>
    public const int EncapsulatedLength = 32;

    /// <summary>Octets of <see cref="Ciphertext"/>.</summary>
    public const int CiphertextLength = 48;

    /// <summary>Equal when both octet strings are.</summary>
    public bool Equals(SealedPseudonymKey? other) =>
        other is not null && Encapsulated.Span.SequenceEqual(other.Encapsulated.Span) && Ciphertext.Span.SequenceEqual(other.Ciphertext.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Encapsulated.Span);
        hash.AddBytes(Ciphertext.Span);
        return hash.ToHashCode();
    }

    internal void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.String("ciphertext", Convert.ToBase64String(Ciphertext.Span));
        writer.String("enc", Convert.ToBase64String(Encapsulated.Span));
        writer.EndObject();
    }

    internal static SealedPseudonymKey Read(ObjectReader reader)
    {
        var key = new SealedPseudonymKey(Octets(reader, "enc", EncapsulatedLength), Octets(reader, "ciphertext", CiphertextLength));
        reader.RefuseUnknown();
        return key;
    }

    private static byte[] Octets(ObjectReader reader, string name, int length)
    {
        var octets = new byte[length];
        var text = reader.String(name, 128);
        // Only the one spelling that is written is read: base64 decoders forgive white space and stray final bits.
        if (!Convert.TryFromBase64String(text, octets, out var written) || written != length || Convert.ToBase64String(octets) != text)
        {
            reader.Faults.Add(reader.PathOf(name), $"is not base64 of {length} octets");
        }

        return octets;
    }
}
