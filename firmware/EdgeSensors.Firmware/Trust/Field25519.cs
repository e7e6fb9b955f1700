namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// Integers modulo 2^255 - 19 as ten signed limbs of alternately 26 and 25 bits, so that every product and every sum of products
/// fits in 64 bits. All elements lie in one array and are named by where they begin: no element is ever allocated.
/// Sums and differences are not carried; a product takes sums of up to three carried elements.
/// </summary>
internal sealed class Field25519
{
    /// <summary>Limbs of an element.</summary>
    public const int Limbs = 10;

    /// <summary>Octets of an element's encoding.</summary>
    public const int EncodedSize = 32;

    private readonly int[] _limbs;
    private int _reserved;

    /// <summary>Memory for a number of elements.</summary>
    public Field25519(int elements)
    {
        _limbs = new int[elements * Limbs];
    }

    /// <summary>Gives out room for <paramref name="elements"/> elements, zero at first. Called in constructors only.</summary>
    public int Reserve(int elements)
    {
        int at = _reserved;
        _reserved += elements * Limbs;
        return at;
    }

    /// <summary>h = f.</summary>
    public void Copy(int h, int f)
    {
        System.Array.Copy(_limbs, f, _limbs, h, Limbs);
    }

    /// <summary>h = a small number.</summary>
    public void Set(int h, int value)
    {
        System.Array.Clear(_limbs, h, Limbs);
        _limbs[h] = value;
    }

    /// <summary>h = f + g.</summary>
    public void Add(int h, int f, int g)
    {
        int[] limbs = _limbs;
        limbs[h] = limbs[f] + limbs[g];
        limbs[h + 1] = limbs[f + 1] + limbs[g + 1];
        limbs[h + 2] = limbs[f + 2] + limbs[g + 2];
        limbs[h + 3] = limbs[f + 3] + limbs[g + 3];
        limbs[h + 4] = limbs[f + 4] + limbs[g + 4];
        limbs[h + 5] = limbs[f + 5] + limbs[g + 5];
        limbs[h + 6] = limbs[f + 6] + limbs[g + 6];
        limbs[h + 7] = limbs[f + 7] + limbs[g + 7];
        limbs[h + 8] = limbs[f + 8] + limbs[g + 8];
        limbs[h + 9] = limbs[f + 9] + limbs[g + 9];
    }

    /// <summary>h = f - g.</summary>
    public void Subtract(int h, int f, int g)
    {
        int[] limbs = _limbs;
        limbs[h] = limbs[f] - limbs[g];
        limbs[h + 1] = limbs[f + 1] - limbs[g + 1];
        limbs[h + 2] = limbs[f + 2] - limbs[g + 2];
        limbs[h + 3] = limbs[f + 3] - limbs[g + 3];
        limbs[h + 4] = limbs[f + 4] - limbs[g + 4];
        limbs[h + 5] = limbs[f + 5] - limbs[g + 5];
        limbs[h + 6] = limbs[f + 6] - limbs[g + 6];
        limbs[h + 7] = limbs[f + 7] - limbs[g + 7];
        limbs[h + 8] = limbs[f + 8] - limbs[g + 8];
        limbs[h + 9] = limbs[f + 9] - limbs[g + 9];
    }

    /// <summary>h = f g.</summary>
    public void Multiply(int h, int f, int g)
    {
        int[] limbs = _limbs;
        long f0 = limbs[f], g0 = limbs[g];
        long f1 = limbs[f + 1], g1 = limbs[g + 1];
        long f2 = limbs[f + 2], g2 = limbs[g + 2];
        long f3 = limbs[f + 3], g3 = limbs[g + 3];
        long f4 = limbs[f + 4], g4 = limbs[g + 4];
        long f5 = limbs[f + 5], g5 = limbs[g + 5];
        long f6 = limbs[f + 6], g6 = limbs[g + 6];
        long f7 = limbs[f + 7], g7 = limbs[g + 7];
        long f8 = limbs[f + 8], g8 = limbs[g + 8];
        long f9 = limbs[f + 9], g9 = limbs[g + 9];
        // d: doubled, for two limbs of 25 bits; n: times 19, for what reaches past 2^255.
        long d1 = f1 << 1, d3 = f3 << 1, d5 = f5 << 1, d7 = f7 << 1, d9 = f9 << 1;
        long n1 = 19 * g1, n2 = 19 * g2, n3 = 19 * g3, n4 = 19 * g4;
        long n5 = 19 * g5, n6 = 19 * g6, n7 = 19 * g7, n8 = 19 * g8, n9 = 19 * g9;
        long h0 = f0 * g0 + d1 * n9 + f2 * n8 + d3 * n7 + f4 * n6
            + d5 * n5 + f6 * n4 + d7 * n3 + f8 * n2 + d9 * n1;
        long h1 = f0 * g1 + f1 * g0 + f2 * n9 + f3 * n8 + f4 * n7
            + f5 * n6 + f6 * n5 + f7 * n4 + f8 * n3 + f9 * n2;
        long h2 = f0 * g2 + d1 * g1 + f2 * g0 + d3 * n9 + f4 * n8
            + d5 * n7 + f6 * n6 + d7 * n5 + f8 * n4 + d9 * n3;
        long h3 = f0 * g3 + f1 * g2 + f2 * g1 + f3 * g0 + f4 * n9
            + f5 * n8 + f6 * n7 + f7 * n6 + f8 * n5 + f9 * n4;
        long h4 = f0 * g4 + d1 * g3 + f2 * g2 + d3 * g1 + f4 * g0
            + d5 * n9 + f6 * n8 + d7 * n7 + f8 * n6 + d9 * n5;
        long h5 = f0 * g5 + f1 * g4 + f2 * g3 + f3 * g2 + f4 * g1
            + f5 * g0 + f6 * n9 + f7 * n8 + f8 * n7 + f9 * n6;
        long h6 = f0 * g6 + d1 * g5 + f2 * g4 + d3 * g3 + f4 * g2
            + d5 * g1 + f6 * g0 + d7 * n9 + f8 * n8 + d9 * n7;
        long h7 = f0 * g7 + f1 * g6 + f2 * g5 + f3 * g4 + f4 * g3
            + f5 * g2 + f6 * g1 + f7 * g0 + f8 * n9 + f9 * n8;
        long h8 = f0 * g8 + d1 * g7 + f2 * g6 + d3 * g5 + f4 * g4
            + d5 * g3 + f6 * g2 + d7 * g1 + f8 * g0 + d9 * n9;
        long h9 = f0 * g9 + f1 * g8 + f2 * g7 + f3 * g6 + f4 * g5
            + f5 * g4 + f6 * g3 + f7 * g2 + f8 * g1 + f9 * g0;
        long c;
        c = (h0 + (1L << 25)) >> 26;
        h1 += c;
        h0 -= c << 26;
        c = (h4 + (1L << 25)) >> 26;
        h5 += c;
        h4 -= c << 26;
        c = (h1 + (1L << 24)) >> 25;
        h2 += c;
        h1 -= c << 25;
        c = (h5 + (1L << 24)) >> 25;
        h6 += c;
        h5 -= c << 25;
        c = (h2 + (1L << 25)) >> 26;
        h3 += c;
        h2 -= c << 26;
        c = (h6 + (1L << 25)) >> 26;
        h7 += c;
        h6 -= c << 26;
        c = (h3 + (1L << 24)) >> 25;
        h4 += c;
        h3 -= c << 25;
        c = (h7 + (1L << 24)) >> 25;
        h8 += c;
        h7 -= c << 25;
        c = (h4 + (1L << 25)) >> 26;
        h5 += c;
        h4 -= c << 26;
        c = (h8 + (1L << 25)) >> 26;
        h9 += c;
        h8 -= c << 26;
        c = (h9 + (1L << 24)) >> 25;
        h0 += 19 * c;
        h9 -= c << 25;
        c = (h0 + (1L << 25)) >> 26;
        h1 += c;
        h0 -= c << 26;
        limbs[h] = (int)h0;
        limbs[h + 1] = (int)h1;
        limbs[h + 2] = (int)h2;
        limbs[h + 3] = (int)h3;
        limbs[h + 4] = (int)h4;
        limbs[h + 5] = (int)h5;
        limbs[h + 6] = (int)h6;
        limbs[h + 7] = (int)h7;
        limbs[h + 8] = (int)h8;
        limbs[h + 9] = (int)h9;
    }

    /// <summary>h = f f 2^doublings, with doublings 0 or 1. Three fifths of a product's work.</summary>
    public void Square(int h, int f, int doublings)
    {
        int[] limbs = _limbs;
        long f0 = limbs[f];
        long f1 = limbs[f + 1];
        long f2 = limbs[f + 2];
        long f3 = limbs[f + 3];
        long f4 = limbs[f + 4];
        long f5 = limbs[f + 5];
        long f6 = limbs[f + 6];
        long f7 = limbs[f + 7];
        long f8 = limbs[f + 8];
        long f9 = limbs[f + 9];
        long d0 = f0 << 1, d1 = f1 << 1, d2 = f2 << 1, d3 = f3 << 1, d4 = f4 << 1, d5 = f5 << 1, d6 = f6 << 1, d7 = f7 << 1, d8 = f8 << 1, d9 = f9 << 1;
        long n5 = 19 * f5, n6 = 19 * f6, n7 = 19 * f7, n8 = 19 * f8, n9 = 19 * f9;
        long e7 = 38 * f7, e9 = 38 * f9;
        long h0 = (f0 * f0 + d1 * e9 + d2 * n8 + d3 * e7 + d4 * n6 + d5 * n5) << doublings;
        long h1 = (d0 * f1 + d2 * n9 + d3 * n8 + d4 * n7 + d5 * n6) << doublings;
        long h2 = (d0 * f2 + d1 * f1 + d3 * e9 + d4 * n8 + d5 * e7 + f6 * n6) << doublings;
        long h3 = (d0 * f3 + d1 * f2 + d4 * n9 + d5 * n8 + d6 * n7) << doublings;
        long h4 = (d0 * f4 + d1 * d3 + f2 * f2 + d5 * e9 + d6 * n8 + d7 * n7) << doublings;
        long h5 = (d0 * f5 + d1 * f4 + d2 * f3 + d6 * n9 + d7 * n8) << doublings;
        long h6 = (d0 * f6 + d1 * d5 + d2 * f4 + d3 * f3 + d7 * e9 + f8 * n8) << doublings;
        long h7 = (d0 * f7 + d1 * f6 + d2 * f5 + d3 * f4 + d8 * n9) << doublings;
        long h8 = (d0 * f8 + d1 * d7 + d2 * f6 + d3 * d5 + f4 * f4 + d9 * n9) << doublings;
        long h9 = (d0 * f9 + d1 * f8 + d2 * f7 + d3 * f6 + d4 * f5) << doublings;
        long c;
        c = (h0 + (1L << 25)) >> 26;
        h1 += c;
        h0 -= c << 26;
        c = (h4 + (1L << 25)) >> 26;
        h5 += c;
        h4 -= c << 26;
        c = (h1 + (1L << 24)) >> 25;
        h2 += c;
        h1 -= c << 25;
        c = (h5 + (1L << 24)) >> 25;
        h6 += c;
        h5 -= c << 25;
        c = (h2 + (1L << 25)) >> 26;
        h3 += c;
        h2 -= c << 26;
        c = (h6 + (1L << 25)) >> 26;
        h7 += c;
        h6 -= c << 26;
        c = (h3 + (1L << 24)) >> 25;
        h4 += c;
        h3 -= c << 25;
        c = (h7 + (1L << 24)) >> 25;
        h8 += c;
        h7 -= c << 25;
        c = (h4 + (1L << 25)) >> 26;
        h5 += c;
        h4 -= c << 26;
        c = (h8 + (1L << 25)) >> 26;
        h9 += c;
        h8 -= c << 26;
        c = (h9 + (1L << 24)) >> 25;
        h0 += 19 * c;
        h9 -= c << 25;
        c = (h0 + (1L << 25)) >> 26;
        h1 += c;
        h0 -= c << 26;
        limbs[h] = (int)h0;
        limbs[h + 1] = (int)h1;
        limbs[h + 2] = (int)h2;
        limbs[h + 3] = (int)h3;
        limbs[h + 4] = (int)h4;
        limbs[h + 5] = (int)h5;
        limbs[h + 6] = (int)h6;
        limbs[h + 7] = (int)h7;
        limbs[h + 8] = (int)h8;
        limbs[h + 9] = (int)h9;
    }

    /// <summary>f is zero modulo p; <paramref name="encoding"/> is 32 octets of room for work.</summary>
    public bool IsZero(int f, byte[] encoding)
    {
        Encode(encoding, f);
        int all = 0;
        for (int i = 0; i < EncodedSize; i++)
        {
            all |= encoding[i];
        }

        return all == 0;
    }

    /// <summary>h = the 255 bits at <paramref name="offset"/>, little-endian. False if they are p or more (RFC 8032, section 5.1.3).</summary>
    public bool Decode(int h, byte[] encoding, int offset)
    {
        int bit = 0;
        for (int i = 0; i < Limbs; i++)
        {
            int width = 26 - (i & 1);
            int at = offset + (bit >> 3);
            long word = 0;
            for (int j = 4; j >= 0; j--)
            {
                word = (word << 8) | (at + j < offset + EncodedSize ? encoding[at + j] : (byte)0);
            }

            _limbs[h + i] = (int)((word >> (bit & 7)) & ((1L << width) - 1));
            bit += width;
        }

        // p is all ones but for its lowest octet, 0xed.
        if (encoding[offset] < 0xed || (encoding[offset + 31] & 0x7f) != 0x7f)
        {
            return true;
        }

        for (int i = 1; i < 31; i++)
        {
            if (encoding[offset + i] != 0xff)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes f, fully reduced, as 32 octets, little-endian.</summary>
    public void Encode(byte[] encoding, int f)
    {
        int[] limbs = _limbs;

        // q = floor(f / p), found by letting 19 / 2^255 run through the carries.
        long q = (19L * limbs[f + 9] + (1L << 24)) >> 25;
        for (int i = 0; i < Limbs; i++)
        {
            q = (limbs[f + i] + q) >> (26 - (i & 1));
        }

        long carry = 19 * q;
        System.Array.Clear(encoding, 0, EncodedSize);
        long pending = 0;
        int pendingBits = 0;
        int at = 0;
        for (int i = 0; i < Limbs; i++)
        {
            int width = 26 - (i & 1);
            long limb = limbs[f + i] + carry;
            carry = limb >> width;
            pending |= (limb & ((1L << width) - 1)) << pendingBits;
            pendingBits += width;
            while (pendingBits >= 8)
            {
                encoding[at++] = (byte)pending;
                pending >>= 8;
                pendingBits -= 8;
            }
        }

        encoding[at] = (byte)pending;
    }
}
