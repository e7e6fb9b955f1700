namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// The envelope of a metadata file (TUF 1.0.34, section 4.2) in its one canonical spelling, so that no octet of it can be altered unseen: key ids
/// and signatures in lower-case hex, then what is signed, whose octets are hashed as they lie.
/// </summary>
internal sealed class SignedFile
{
    /// <summary>The most signatures.</summary>
    public const int MaxSignatures = 16;

    private const string Head = "{\"signatures\":[";
    private const string KeyId = "{\"keyid\":\"";
    private const string Signature = "\",\"sig\":\"";
    private const string Tail = "\"}";
    private const string Signed = "],\"signed\":";

    /// <summary>Key ids, one behind the other.</summary>
    public readonly byte[] KeyIds = new byte[MaxSignatures * Sha256.DigestSize];

    /// <summary>Signatures, likewise.</summary>
    public readonly byte[] Values = new byte[MaxSignatures * Ed25519Verifier.SignatureSize];

    /// <summary>Signatures.</summary>
    public int Count;

    /// <summary>Where what is signed begins.</summary>
    public int SignedStart;

    /// <summary>Its octets.</summary>
    public int SignedLength;

    private byte[] _b = { };
    private int _at;
    private int _length;

    /// <summary>Takes a file apart.</summary>
    public TufFault Read(byte[] buffer, int length)
    {
        _b = buffer;
        _at = 0;
        _length = length;
        Count = 0;
        if (!Take(Head))
        {
            return TufFault.Malformed;
        }

        while (_at < length && buffer[_at] != (byte)']')
        {
            if (Count == MaxSignatures || (Count > 0 && !Take(",")) || !TakeSignature())
            {
                return TufFault.Malformed;
            }

            for (int i = 0; i < Count; i++)
            {
                if (Hex.Same(KeyIds, i * Sha256.DigestSize, KeyIds, Count * Sha256.DigestSize, Sha256.DigestSize))
                {
                    return TufFault.DuplicateSignature;
                }
            }

            Count++;
        }

        if (!Take(Signed) || _at >= length - 1 || buffer[_at] != (byte)'{' || buffer[length - 1] != (byte)'}')
        {
            return TufFault.Malformed;
        }

        SignedStart = _at;
        SignedLength = length - 1 - _at;
        return TufFault.None;
    }

    private bool TakeSignature()
    {
        return Take(KeyId) && TakeHex(KeyIds, Count, Sha256.DigestSize) && Take(Signature) && TakeHex(Values, Count, Ed25519Verifier.SignatureSize) && Take(Tail);
    }

    private bool TakeHex(byte[] to, int number, int octets)
    {
        if (_length - _at < 2 * octets || !Hex.TryRead(_b, _at, octets, to, number * octets))
        {
            return false;
        }

        _at += 2 * octets;
        return true;
    }

    private bool Take(string text)
    {
        if (_length - _at < text.Length)
        {
            return false;
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (_b[_at + i] != text[i])
            {
                return false;
            }
        }

        _at += text.Length;
        return true;
    }
}
