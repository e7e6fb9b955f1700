namespace EdgeSensors.Firmware.Sealing;

/// <summary>AEAD_CHACHA20_POLY1305 (RFC 8439, section 2.8): opens what is short, such as a sealed key.</summary>
internal sealed class ChaCha20Poly1305
{
    /// <summary>Octets of a key.</summary>
    public const int KeySize = 32;

    /// <summary>Octets of a nonce.</summary>
    public const int NonceSize = 12;

    /// <summary>Octets of a tag.</summary>
    public const int TagSize = 16;

    private const int BlockSize = 64;

    private readonly uint[] _input = new uint[16];
    private readonly uint[] _x = new uint[16];
    private readonly byte[] _stream = new byte[BlockSize];
    private readonly byte[] _block = new byte[16];
    private readonly byte[] _tag = new byte[TagSize];
    private readonly ulong[] _r = new ulong[5];
    private readonly ulong[] _h = new ulong[5];
    private readonly byte[] _pad = new byte[16];

    /// <summary>Decrypts octets in place, the tag behind them. False, and nothing done, if anything of key, nonce, associated data or octets is not what was sealed.</summary>
    public bool TryOpen(byte[] key, byte[] nonce, byte[] associated, int associatedLength, byte[] data, int offset, int length)
    {
        Begin(key, nonce);
        Block(0);
        BeginTag();
        Authenticate(associated, 0, associatedLength);
        Authenticate(data, offset, length);
        for (int i = 0; i < 8; i++)
        {
            _block[i] = (byte)((ulong)associatedLength >> (8 * i));
            _block[8 + i] = (byte)((ulong)length >> (8 * i));
        }

        Absorb();
        FinishTag();
        int difference = 0;
        for (int i = 0; i < TagSize; i++)
        {
            difference |= _tag[i] ^ data[offset + length + i];
        }

        if (difference != 0)
        {
            return false;
        }

        for (int at = 0; at < length; at += BlockSize)
        {
            Block((uint)(1 + at / BlockSize));
            for (int i = 0; i < BlockSize && at + i < length; i++)
            {
                data[offset + at + i] ^= _stream[i];
            }
        }

        return true;
    }

    private static uint Little(byte[] b, int at)
    {
        return b[at] | ((uint)b[at + 1] << 8) | ((uint)b[at + 2] << 16) | ((uint)b[at + 3] << 24);
    }

    private void Begin(byte[] key, byte[] nonce)
    {
        _input[0] = 0x61707865;
        _input[1] = 0x3320646e;
        _input[2] = 0x79622d32;
        _input[3] = 0x6b206574;
        for (int i = 0; i < 8; i++)
        {
            _input[4 + i] = Little(key, 4 * i);
        }

        for (int i = 0; i < 3; i++)
        {
            _input[13 + i] = Little(nonce, 4 * i);
        }
    }

    /// <summary>Section 2.3: one block of the key stream.</summary>
    private void Block(uint counter)
    {
        _input[12] = counter;
        System.Array.Copy(_input, 0, _x, 0, 16);
        for (int i = 0; i < 10; i++)
        {
            Quarter(0, 4, 8, 12);
            Quarter(1, 5, 9, 13);
            Quarter(2, 6, 10, 14);
            Quarter(3, 7, 11, 15);
            Quarter(0, 5, 10, 15);
            Quarter(1, 6, 11, 12);
            Quarter(2, 7, 8, 13);
            Quarter(3, 4, 9, 14);
        }

        for (int i = 0; i < 16; i++)
        {
            uint word = _x[i] + _input[i];
            _stream[4 * i] = (byte)word;
            _stream[4 * i + 1] = (byte)(word >> 8);
            _stream[4 * i + 2] = (byte)(word >> 16);
            _stream[4 * i + 3] = (byte)(word >> 24);
        }
    }

    private void Quarter(int a, int b, int c, int d)
    {
        uint[] x = _x;
        x[a] += x[b];
        x[d] = Left(x[d] ^ x[a], 16);
        x[c] += x[d];
        x[b] = Left(x[b] ^ x[c], 12);
        x[a] += x[b];
        x[d] = Left(x[d] ^ x[a], 8);
        x[c] += x[d];
        x[b] = Left(x[b] ^ x[c], 7);
    }

    private static uint Left(uint x, int by)
    {
        return (x << by) | (x >> (32 - by));
    }

    /// <summary>Section 2.5: r is clamped; both in limbs of 26 bits.</summary>
    private void BeginTag()
    {
        _r[0] = Little(_stream, 0) & 0x3ffffff;
        _r[1] = (Little(_stream, 3) >> 2) & 0x3ffff03;
        _r[2] = (Little(_stream, 6) >> 4) & 0x3ffc0ff;
        _r[3] = (Little(_stream, 9) >> 6) & 0x3f03fff;
        _r[4] = (Little(_stream, 12) >> 8) & 0x00fffff;
        System.Array.Copy(_stream, 16, _pad, 0, 16);
        System.Array.Clear(_h, 0, 5);
    }

    private void Authenticate(byte[] data, int offset, int length)
    {
        for (int at = 0; at < length; at += 16)
        {
            int count = length - at < 16 ? length - at : 16;
            System.Array.Clear(_block, 0, 16);
            System.Array.Copy(data, offset + at, _block, 0, count);
            Absorb();
        }
    }

    /// <summary>h = (h + block + 2^128) r modulo 2^130 - 5. Every block is full, as the AEAD pads with zeros.</summary>
    private void Absorb()
    {
        ulong[] h = _h;
        ulong[] r = _r;
        h[0] += Little(_block, 0) & 0x3ffffff;
        h[1] += (Little(_block, 3) >> 2) & 0x3ffffff;
        h[2] += (Little(_block, 6) >> 4) & 0x3ffffff;
        h[3] += (Little(_block, 9) >> 6) & 0x3ffffff;
        h[4] += (Little(_block, 12) >> 8) | (1u << 24);
        ulong s1 = 5 * r[1], s2 = 5 * r[2], s3 = 5 * r[3], s4 = 5 * r[4];
        ulong d0 = h[0] * r[0] + h[1] * s4 + h[2] * s3 + h[3] * s2 + h[4] * s1;
        ulong d1 = h[0] * r[1] + h[1] * r[0] + h[2] * s4 + h[3] * s3 + h[4] * s2;
        ulong d2 = h[0] * r[2] + h[1] * r[1] + h[2] * r[0] + h[3] * s4 + h[4] * s3;
        ulong d3 = h[0] * r[3] + h[1] * r[2] + h[2] * r[1] + h[3] * r[0] + h[4] * s4;
        ulong d4 = h[0] * r[4] + h[1] * r[3] + h[2] * r[2] + h[3] * r[1] + h[4] * r[0];
        d1 += d0 >> 26;
        d2 += d1 >> 26;
        d3 += d2 >> 26;
        d4 += d3 >> 26;
        h[0] = (d0 & 0x3ffffff) + 5 * (d4 >> 26);
        h[1] = (d1 & 0x3ffffff) + (h[0] >> 26);
        h[0] &= 0x3ffffff;
        h[2] = d2 & 0x3ffffff;
        h[3] = d3 & 0x3ffffff;
        h[4] = d4 & 0x3ffffff;
    }

    private void FinishTag()
    {
        ulong[] h = _h;
        for (int round = 0; round < 2; round++)
        {
            for (int i = 1; i < 5; i++)
            {
                h[i] += h[i - 1] >> 26;
                h[i - 1] &= 0x3ffffff;
            }

            h[0] += 5 * (h[4] >> 26);
            h[4] &= 0x3ffffff;
        }

        h[1] += h[0] >> 26;
        h[0] &= 0x3ffffff;

        // h + 5 reaches 2^130 just when h is the modulus or more: then it is what is left.
        ulong g0 = h[0] + 5;
        ulong g1 = h[1] + (g0 >> 26);
        ulong g2 = h[2] + (g1 >> 26);
        ulong g3 = h[3] + (g2 >> 26);
        ulong g4 = h[4] + (g3 >> 26);
        if ((g4 >> 26) != 0)
        {
            h[0] = g0 & 0x3ffffff;
            h[1] = g1 & 0x3ffffff;
            h[2] = g2 & 0x3ffffff;
            h[3] = g3 & 0x3ffffff;
            h[4] = g4 & 0x3ffffff;
        }

        ulong low = h[0] | (h[1] << 26) | (h[2] << 52);
        ulong high = (h[2] >> 12) | (h[3] << 14) | (h[4] << 40);
        ulong padLow = Little(_pad, 0) | ((ulong)Little(_pad, 4) << 32);
        ulong padHigh = Little(_pad, 8) | ((ulong)Little(_pad, 12) << 32);
        ulong sum = low + padLow;
        high += padHigh + (sum < low ? 1UL : 0UL);
        for (int i = 0; i < 8; i++)
        {
            _tag[i] = (byte)(sum >> (8 * i));
            _tag[8 + i] = (byte)(high >> (8 * i));
        }
    }
}
