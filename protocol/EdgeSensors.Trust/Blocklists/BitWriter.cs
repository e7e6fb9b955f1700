namespace EdgeSensors.Trust.Blocklists;

/// <summary>Appends bits, the first to the top of an octet.</summary>
internal sealed class BitWriter
{
    private byte[] _octets = new byte[1024];
    private int _length;
    private ulong _pending;
    private int _pendingBits;

    /// <summary>Appends the low bits of a value: 0 to 32 of them.</summary>
    public void Write(uint value, int bits)
    {
        _pending = (_pending << bits) | (bits == 32 ? value : value & ((1u << bits) - 1));
        _pendingBits += bits;
        while (_pendingBits >= 8)
        {
            if (_length == _octets.Length)
            {
                Array.Resize(ref _octets, 2 * _octets.Length);
            }

            _pendingBits -= 8;
            _octets[_length++] = (byte)(_pending >> _pendingBits);
        }
    }

    /// <summary>All that was written, the last octet filled up with zeros.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        Write(0, (8 - _pendingBits) & 7);
        return _octets.AsSpan(0, _length);
    }
}
