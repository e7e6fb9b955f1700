namespace EdgeSensors.Firmware.Trust;

/// <summary>SHA-256 (FIPS 180-4), because nanoFramework has none. One block's work at a time; nothing is allocated after construction.</summary>
internal sealed class Sha256
{
    /// <summary>Octets that one round of work takes.</summary>
    public const int BlockSize = 64;

    /// <summary>Octets of a digest.</summary>
    public const int DigestSize = 32;

    // FIPS 180-4 section 4.2.2: fractions of the cube roots of the first 64 primes.
    private static readonly uint[] RoundConstants =
    {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };

    private readonly uint[] _state = new uint[8];
    private readonly uint[] _schedule = new uint[64];
    private readonly byte[] _block = new byte[BlockSize];
    private int _filled;
    private uint _length;

    /// <summary>A hash of nothing yet.</summary>
    public Sha256()
    {
        Reset();
    }

    /// <summary>Forgets what was hashed. The initial value is section 5.3.3: fractions of the square roots of the first eight primes.</summary>
    public void Reset()
    {
        _state[0] = 0x6a09e667;
        _state[1] = 0xbb67ae85;
        _state[2] = 0x3c6ef372;
        _state[3] = 0xa54ff53a;
        _state[4] = 0x510e527f;
        _state[5] = 0x9b05688c;
        _state[6] = 0x1f83d9ab;
        _state[7] = 0x5be0cd19;
        _filled = 0;
        _length = 0;
    }

    /// <summary>Goes on from where another hash stands.</summary>
    public void CopyFrom(Sha256 other)
    {
        System.Array.Copy(other._state, 0, _state, 0, _state.Length);
        System.Array.Copy(other._block, 0, _block, 0, BlockSize);
        _filled = other._filled;
        _length = other._length;
    }

    /// <summary>Takes octets in; at most <paramref name="count"/> / 64 + 1 blocks of work. All in all under 512 MiB.</summary>
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
        if (_filled > BlockSize - 8)
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
            digest[offset + i] = (byte)(_state[i / 4] >> (24 - 8 * (i % 4)));
        }
    }

    /// <summary>Section 6.2.2, with the eight working variables turned in place of being moved: half the interpreter's work.</summary>
    private void Compress()
    {
        uint[] w = _schedule;
        uint[] k = RoundConstants;
        byte[] b = _block;
        for (int t = 0, i = 0; t < 16; t++, i += 4)
        {
            w[t] = ((uint)b[i] << 24) | ((uint)b[i + 1] << 16) | ((uint)b[i + 2] << 8) | b[i + 3];
        }

        for (int t = 16; t < 64; t++)
        {
            uint x = w[t - 15];
            uint y = w[t - 2];
            w[t] = w[t - 16] + (((x >> 7) | (x << 25)) ^ ((x >> 18) | (x << 14)) ^ (x >> 3))
                + w[t - 7] + (((y >> 17) | (y << 15)) ^ ((y >> 19) | (y << 13)) ^ (y >> 10));
        }

        uint a0 = _state[0], a1 = _state[1], a2 = _state[2], a3 = _state[3];
        uint a4 = _state[4], a5 = _state[5], a6 = _state[6], a7 = _state[7];
        for (int t = 0; t < 64; t += 4)
        {
            a7 += (((a4 >> 6) | (a4 << 26)) ^ ((a4 >> 11) | (a4 << 21)) ^ ((a4 >> 25) | (a4 << 7))) + ((a4 & a5) ^ (~a4 & a6)) + k[t] + w[t];
            a3 += a7;
            a7 += (((a0 >> 2) | (a0 << 30)) ^ ((a0 >> 13) | (a0 << 19)) ^ ((a0 >> 22) | (a0 << 10))) + ((a0 & a1) ^ (a0 & a2) ^ (a1 & a2));
            a6 += (((a3 >> 6) | (a3 << 26)) ^ ((a3 >> 11) | (a3 << 21)) ^ ((a3 >> 25) | (a3 << 7))) + ((a3 & a4) ^ (~a3 & a5)) + k[t + 1] + w[t + 1];
            a2 += a6;
            a6 += (((a7 >> 2) | (a7 << 30)) ^ ((a7 >> 13) | (a7 << 19)) ^ ((a7 >> 22) | (a7 << 10))) + ((a7 & a0) ^ (a7 & a1) ^ (a0 & a1));
            a5 += (((a2 >> 6) | (a2 << 26)) ^ ((a2 >> 11) | (a2 << 21)) ^ ((a2 >> 25) | (a2 << 7))) + ((a2 & a3) ^ (~a2 & a4)) + k[t + 2] + w[t + 2];
            a1 += a5;
            a5 += (((a6 >> 2) | (a6 << 30)) ^ ((a6 >> 13) | (a6 << 19)) ^ ((a6 >> 22) | (a6 << 10))) + ((a6 & a7) ^ (a6 & a0) ^ (a7 & a0));
            a4 += (((a1 >> 6) | (a1 << 26)) ^ ((a1 >> 11) | (a1 << 21)) ^ ((a1 >> 25) | (a1 << 7))) + ((a1 & a2) ^ (~a1 & a3)) + k[t + 3] + w[t + 3];
            a0 += a4;
            a4 += (((a5 >> 2) | (a5 << 30)) ^ ((a5 >> 13) | (a5 << 19)) ^ ((a5 >> 22) | (a5 << 10))) + ((a5 & a6) ^ (a5 & a7) ^ (a6 & a7));

            // Four rounds have turned the names by half a circle.
            uint turned = a0;
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
