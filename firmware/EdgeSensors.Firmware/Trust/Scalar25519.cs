namespace EdgeSensors.Firmware.Trust;

/// <summary>Integers modulo L, the order of edwards25519's base point (RFC 8032, section 5.1), as octets, little-endian.</summary>
internal sealed class Scalar25519
{
    /// <summary>Octets of a scalar.</summary>
    public const int Size = 32;

    // L = 2^252 + 27742317777372353535851937790883648493.
    private static readonly byte[] Order =
    {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    };

    private readonly int[] _digits = new int[2 * Size];

    /// <summary>Whether the 32 octets are below L. One that is not would let a signature be written in two ways (section 5.1.7).</summary>
    public static bool IsReduced(byte[] scalar, int offset)
    {
        for (int i = Size - 1; i >= 0; i--)
        {
            if (scalar[offset + i] != Order[i])
            {
                return scalar[offset + i] < Order[i];
            }
        }

        return false;
    }

    /// <summary>Reduces 64 octets modulo L into the first 32 of them: schoolbook in base 256, from the top digit down.</summary>
    public void Reduce(byte[] wide)
    {
        int[] x = _digits;
        for (int i = 0; i < 2 * Size; i++)
        {
            x[i] = wide[i];
        }

        // 2^252 is less L's low half modulo L: each digit from 2^256 up, times 16, goes down by that low half (16 octets of Order).
        for (int i = 2 * Size - 1; i >= Size; i--)
        {
            int digit = x[i] << 4;
            int carry = 0;
            int end = i - 12;
            for (int j = i - Size; j < end; j++)
            {
                int order = j - i + Size < 16 ? Order[j - i + Size] : 0;
                x[j] += carry - digit * order;
                carry = (x[j] + 128) >> 8;
                x[j] -= carry << 8;
            }

            x[end] += carry;
            x[i] = 0;
        }

        Subtract(x[Size - 1] >> 4);
        int borrow = 0;
        for (int i = 0; i < Size; i++)
        {
            x[i] += borrow;
            borrow = x[i] >> 8;
            x[i] &= 255;
        }

        if (borrow != 0)
        {
            Subtract(borrow);
        }

        int rest = 0;
        for (int i = 0; i < Size; i++)
        {
            x[i] += rest;
            rest = x[i] >> 8;
            wide[i] = (byte)x[i];
        }
    }

    /// <summary>
    /// Writes a scalar below 2^253 as 256 signed digits, of which all but about one in six are zero and the rest odd from -15 to 15:
    /// so few additions does a product need.
    /// </summary>
    public static void ToSlidingWindows(sbyte[] digits, byte[] scalar, int offset)
    {
        for (int i = 0; i < 256; i++)
        {
            digits[i] = (sbyte)((scalar[offset + (i >> 3)] >> (i & 7)) & 1);
        }

        for (int i = 0; i < 256; i++)
        {
            if (digits[i] == 0)
            {
                continue;
            }

            for (int b = 1; b <= 6 && i + b < 256; b++)
            {
                if (digits[i + b] == 0)
                {
                    continue;
                }

                int moved = digits[i + b] << b;
                if (digits[i] + moved <= 15)
                {
                    digits[i] = (sbyte)(digits[i] + moved);
                    digits[i + b] = 0;
                }
                else if (digits[i] - moved >= -15)
                {
                    digits[i] = (sbyte)(digits[i] - moved);
                    int k = i + b;
                    while (k < 256 && digits[k] != 0)
                    {
                        digits[k] = 0;
                        k++;
                    }

                    if (k < 256)
                    {
                        digits[k] = 1;
                    }
                }
                else
                {
                    break;
                }
            }
        }
    }

    private void Subtract(int times)
    {
        int[] x = _digits;
        int carry = 0;
        for (int i = 0; i < Size; i++)
        {
            x[i] += carry - times * Order[i];
            carry = x[i] >> 8;
            x[i] &= 255;
        }

        // What is borrowed beyond the top digit is left there, for the caller to see it negative.
        x[Size - 1] += carry << 8;
    }
}
