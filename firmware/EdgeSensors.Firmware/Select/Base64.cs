namespace EdgeSensors.Firmware.Select;

/// <summary>Base64 (RFC 4648, section 4) of a number of octets that is known, in its one spelling.</summary>
internal static class Base64
{
    /// <summary>Fills an array. False if the text is not base64 of just as many octets.</summary>
    public static bool TryRead(byte[] text, int at, int length, byte[] to)
    {
        if (length != (to.Length + 2) / 3 * 4)
        {
            return false;
        }

        int filled = 0;
        for (int i = 0; i < length; i += 4)
        {
            int left = to.Length - filled;
            int octets = left < 3 ? left : 3;
            int word = 0;
            for (int j = 0; j < 4; j++)
            {
                byte c = text[at + i + j];
                int value = j <= octets ? Value(c) : c == (byte)'=' ? 0 : -1;
                if (value < 0)
                {
                    return false;
                }

                word = (word << 6) | value;
            }

            for (int j = 0; j < octets; j++)
            {
                to[filled++] = (byte)(word >> (16 - 8 * j));
            }

            if ((word & ((1 << (24 - 8 * octets)) - 1)) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private static int Value(byte c)
    {
        if (c >= (byte)'A' && c <= (byte)'Z')
        {
            return c - (byte)'A';
        }

        if (c >= (byte)'a' && c <= (byte)'z')
        {
            return c - (byte)'a' + 26;
        }

        if (c >= (byte)'0' && c <= (byte)'9')
        {
            return c - (byte)'0' + 52;
        }

        return c == (byte)'+' ? 62 : c == (byte)'/' ? 63 : -1;
    }
}
