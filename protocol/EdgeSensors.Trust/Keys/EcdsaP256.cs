using System.Formats.Asn1;
using System.Security.Cryptography;

namespace EdgeSensors.Trust.Keys;

/// <summary>ECDSA on P-256 with SHA-256 (FIPS 186-5 §6), signatures in DER (RFC 3279 §2.2.3) and in nothing that only resembles it.</summary>
internal static class EcdsaP256
{
    private const int FieldLength = 32;

    /// <summary>Makes a verifier of a public key: PEM as the specification says, or the bare uncompressed point in hex that older go-tuf wrote. Null when it is on another curve.</summary>
    public static Func<byte[], byte[], bool>? Verifier(string publicKey)
    {
        ECDsa key;
        if (publicKey.StartsWith("-----", StringComparison.Ordinal))
        {
            key = ECDsa.Create();
            key.ImportFromPem(publicKey);
        }
        else
        {
            var point = Convert.FromHexString(publicKey);
            if (point.Length != 1 + (2 * FieldLength) || point[0] != 4)
            {
                return null;
            }

            key = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = point[1..(1 + FieldLength)], Y = point[(1 + FieldLength)..] },
            });
        }

        if (key.ExportParameters(false).Curve.Oid?.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
        {
            return null;
        }

        return (data, signature) =>
        {
            Span<byte> fields = stackalloc byte[2 * FieldLength];
            if (!TryReadDer(signature, fields))
            {
                return false;
            }

            lock (key)
            {
                return key.VerifyData(data, fields, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            }
        };
    }

    // The platform's own reader takes BER and negative numbers, and so several spellings of one signature.
    private static bool TryReadDer(byte[] signature, Span<byte> fields)
    {
        try
        {
            var reader = new AsnReader(signature, AsnEncodingRules.DER);
            var sequence = reader.ReadSequence();
            var valid = TryRead(sequence, fields[..FieldLength]) && TryRead(sequence, fields[FieldLength..]);
            sequence.ThrowIfNotEmpty();
            reader.ThrowIfNotEmpty();
            return valid;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool TryRead(AsnReader reader, Span<byte> field)
    {
        var octets = reader.ReadIntegerBytes().Span;
        if (octets[0] >= 0x80)
        {
            return false; // negative
        }

        octets = octets.TrimStart((byte)0);
        if (octets.Length > field.Length)
        {
            return false;
        }

        field.Clear();
        octets.CopyTo(field[(field.Length - octets.Length)..]);
        return true;
    }
}
