namespace EdgeSensors.Firmware.Trust;

/// <summary>SHA-512 (FIPS 180-4), because nanoFramework has none. One block's work at a time; nothing is allocated after construction.</summary>
internal sealed class Sha512
{
    /// <summary>Octets that one round of work takes.</summary>
    public const int BlockSize = 128;

    /// <summary>Octets of a digest.</summary>
    public const int DigestSize = 64;

    // FIPS 180-4 section 4.2.3: fractions of the cube roots of the first 80 primes.
    private static readonly ulong[] RoundConstants =
    {
        0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
        0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
        0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
        0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
        0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
        0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
        0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
        0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
        0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
        0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
        0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
        0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
        0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
        0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
        0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
        0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
        0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
        0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
        0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
        0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
    };

    private readonly ulong[] _state = new ulong[8];
    private readonly ulong[] _schedule = new ulong[80];
    private readonly byte[] _block = new byte[BlockSize];
    private int _filled;
    private uint _length;

    /// <summary>A hash of nothing yet.</summary>
    public Sha512()
    {
        Reset();
    }

    /// <summary>Forgets what was hashed. The initial value is section 5.3.5: fractions of the square roots of the first eight primes.</summary>
    public void Reset()
    {
        _state[0] = 0x6a09e667f3bcc908;
        _state[1] = 0xbb67ae8584caa73b;
        _state[2] = 0x3c6ef372fe94f82b;
        _state[3] = 0xa54ff53a5f1d36f1;
        _state[4] = 0x510e527fade682d1;
        _state[5] = 0x9b05688c2b3e6c1f;
        _state[6] = 0x1f83d9abfb41bd6b;
        _state[7] = 0x5be0cd19137e2179;
        _filled = 0;
        _length = 0;
    }

    /// <summary>Takes octets in; at most <paramref name="count"/> / 128 + 1 blocks of work. All in all under 512 MiB.</summary>
    public void Update(byte[] data, int offset, int count)
    {
        _length += (uint)count;
        while (count > 0)
        {
            int taken = BlockSize - _filled;
            if (taken > count)
            {
                taken = count;
            }

            System.Array.Copy(data, offset, _block, _filled, taken);
            _filled += taken;
            offset += taken;
            count -= taken;
            if (_filled == BlockSize)
            {
                Compress();
                _filled = 0;
            }
        }
    }

    /// <summary>Writes the digest. The hash must be reset before its next use.</summary>
    public void Finish(byte[] digest, int offset)
    {
        _block[_filled++] = 0x80;
        if (_filled > BlockSize - 16)
        {
            System.Array.Clear(_block, _filled, BlockSize - _filled);
            Compress();
            _filled = 0;
        }

        System.Array.Clear(_block, _filled, BlockSize - _filled);
        _block[BlockSize - 5] = (byte)(_length >> 29);
        _block[BlockSize - 4] = (byte)(_length >> 21);
        _block[BlockSize - 3] = (byte)(_length >> 13);
        _block[BlockSize - 2] = (byte)(_length >> 5);
        _block[BlockSize - 1] = (byte)(_length << 3);
        Compress();
        for (int i = 0; i < DigestSize; i++)
        {
            digest[offset + i] = (byte)(_state[i / 8] >> (56 - 8 * (i % 8)));
        }
    }

    /// <summary>Section 6.4.2, with the eight working variables turned in place of being moved: half the interpreter's work.</summary>
    private void Compress()
    {
        ulong[] w = _schedule;
        ulong[] k = RoundConstants;
        byte[] b = _block;
        for (int t = 0, i = 0; t < 16; t++, i += 8)
        {
            uint high = ((uint)b[i] << 24) | ((uint)b[i + 1] << 16) | ((uint)b[i + 2] << 8) | b[i + 3];
            uint low = ((uint)b[i + 4] << 24) | ((uint)b[i + 5] << 16) | ((uint)b[i + 6] << 8) | b[i + 7];
            w[t] = ((ulong)high << 32) | low;
        }

        for (int t = 16; t < 80; t++)
        {
            ulong x = w[t - 15];
            ulong y = w[t - 2];
            w[t] = w[t - 16] + (((x >> 1) | (x << 63)) ^ ((x >> 8) | (x << 56)) ^ (x >> 7))
                + w[t - 7] + (((y >> 19) | (y << 45)) ^ ((y >> 61) | (y << 3)) ^ (y >> 6));
        }

        ulong a0 = _state[0], a1 = _state[1], a2 = _state[2], a3 = _state[3];
        ulong a4 = _state[4], a5 = _state[5], a6 = _state[6], a7 = _state[7];
        for (int t = 0; t < 80; t += 4)
        {
            a7 += (((a4 >> 14) | (a4 << 50)) ^ ((a4 >> 18) | (a4 << 46)) ^ ((a4 >> 41) | (a4 << 23))) + ((a4 & a5) ^ (~a4 & a6)) + k[t] + w[t];
            a3 += a7;
            a7 += (((a0 >> 28) | (a0 << 36)) ^ ((a0 >> 34) | (a0 << 30)) ^ ((a0 >> 39) | (a0 << 25))) + ((a0 & a1) ^ (a0 & a2) ^ (a1 & a2));
            a6 += (((a3 >> 14) | (a3 << 50)) ^ ((a3 >> 18) | (a3 << 46)) ^ ((a3 >> 41) | (a3 << 23))) + ((a3 & a4) ^ (~a3 & a5)) + k[t + 1] + w[t + 1];
            a2 += a6;
            a6 += (((a7 >> 28) | (a7 << 36)) ^ ((a7 >> 34) | (a7 << 30)) ^ ((a7 >> 39) | (a7 << 25))) + ((a7 & a0) ^ (a7 & a1) ^ (a0 & a1));
            a5 += (((a2 >> 14) | (a2 << 50)) ^ ((a2 >> 18) | (a2 << 46)) ^ ((a2 >> 41) | (a2 << 23))) + ((a2 & a3) ^ (~a2 & a4)) + k[t + 2] + w[t + 2];
            a1 += a5;
            a5 += (((a6 >> 28) | (a6 << 36)) ^ ((a6 >> 34) | (a6 << 30)) ^ ((a6 >> 39) | (a6 << 25))) + ((a6 & a7) ^ (a6 & a0) ^ (a7 & a0));
            a4 += (((a1 >> 14) | (a1 << 50)) ^ ((a1 >> 18) | (a1 << 46)) ^ ((a1 >> 41) | (a1 << 23))) + ((a1 & a2) ^ (~a1 & a3)) + k[t + 3] + w[t + 3];
            a0 += a4;
            a4 += (((a5 >> 28) | (a5 << 36)) ^ ((a5 >> 34) | (a5 << 30)) ^ ((a5 >> 39) | (a5 << 25))) + ((a5 & a6) ^ (a5 & a7) ^ (a6 & a7));

            // Four rounds have turned the names by half a circle.
            ulong turned = a0;
            a0 = a4;
            a4 = turned;
            turned = a1;
            a1 = a5;
            a5 = turned;
            turned = a2;
            a2 = a6;
            a6 = turned;
            turned = a3;
            a3 = a7;
            a7 = turned;
        }

        _state[0] += a0;
        _state[1] += a1;
        _state[2] += a2;
        _state[3] += a3;
        _state[4] += a4;
        _state[5] += a5;
        _state[6] += a6;
        _state[7] += a7;
    }
}
