using System.Buffers.Binary;
using System.Numerics;

namespace EdgeSensors.Trust.Blocklists;

/// <summary>Reads bits, the first from the top of an octet. Beyond the end there are zeros: whoever reads asks for <see cref="IsPastEnd"/>.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> octets)
{
    private readonly ReadOnlySpan<byte> _octets = octets;
    private long _position;

    /// <summary>Whether more was read than there is.</summary>
    public readonly bool IsPastEnd => _position > 8L * _octets.Length;

    /// <summary>Octets read, a begun one too.</summary>
    public readonly int Octets => (int)Math.Min((_position + 7) >> 3, _octets.Length);

    /// <summary>Whether nothing is left but zeros that fill up the last octet.</summary>
    public readonly bool IsAtEnd => !IsPastEnd && 8L * _octets.Length - _position < 8 && Window() == 0;

    /// <summary>Reads 0 to 32 bits.</summary>
    public uint Read(int bits)
    {
        var value = bits == 0 ? 0 : (uint)(Window() >> (64 - bits));
        _position += bits;
        return value;
    }

    /// <summary>Reads ones up to the first zero, which it reads too, or up to <paramref name="limit"/> (at most 32) of them.</summary>
    public int ReadOnes(int limit)
    {
        var ones = BitOperations.LeadingZeroCount(~Window());
        if (ones >= limit)
        {
            _position += limit;
            return limit;
        }

        _position += ones + 1;
        return ones;
    }

    // The next 57 bits or more, at the top.
    private readonly ulong Window()
    {
        var at = (int)Math.Min(_position >> 3, _octets.Length);
        var shift = (int)(_position & 7);
        if (_octets.Length - at >= 8)
        {
            return BinaryPrimitives.ReadUInt64BigEndian(_octets[at..]) << shift;
        }

        ulong last = 0;
        for (var i = 0; i < 8; i++)
        {
            last = (last << 8) | (at + i < _octets.Length ? _octets[at + i] : 0u);
        }

        return last << shift;
    }
}
