using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Sealing;

/// <summary>HMAC-SHA-256 (RFC 2104) in parts, without allocating; nanoFramework's own wants a new object for each key.</summary>
internal sealed class HmacSha256
{
    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _pad = new byte[Sha256.BlockSize];
    private readonly byte[] _inner = new byte[Sha256.DigestSize];

    /// <summary>Begins under a key of at most 64 octets.</summary>
    public void Begin(byte[] key, int offset, int length)
    {
        System.Array.Clear(_pad, 0, _pad.Length);
        System.Array.Copy(key, offset, _pad, 0, length);
        Mask(0x36);
        _hash.Reset();
        _hash.Update(_pad, 0, _pad.Length);
        Mask(0x36 ^ 0x5c);
    }

    /// <summary>Takes octets in.</summary>
    public void Update(byte[] data, int offset, int count)
    {
        _hash.Update(data, offset, count);
    }

    /// <summary>Takes ASCII text in.</summary>
    public void Update(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Update((byte)text[i]);
        }
    }

    /// <summary>Takes one octet in.</summary>
    public void Update(byte octet)
    {
        _inner[0] = octet;
        _hash.Update(_inner, 0, 1);
    }

    /// <summary>Writes the 32 octets.</summary>
    public void Finish(byte[] to, int offset)
    {
        _hash.Finish(_inner, 0);
        _hash.Reset();
        _hash.Update(_pad, 0, _pad.Length);
        _hash.Update(_inner, 0, _inner.Length);
        _hash.Finish(to, offset);
    }

    private void Mask(int value)
    {
        for (int i = 0; i < _pad.Length; i++)
        {
            _pad[i] ^= (byte)value;
        }
    }
}
