namespace EdgeSensors.Firmware.Trust;

/// <summary>Lower-case hex, the only spelling that signed files have.</summary>
internal static class Hex
{
    /// <summary>Reads octets. False if a digit is none, or upper-case.</summary>
    public static bool TryRead(byte[] text, int at, int octets, byte[] to, int offset)
    {
        for (int i = 0; i < octets; i++)
        {
            int high = Digit(text[at + 2 * i]);
            int low = Digit(text[at + 2 * i + 1]);
            if (high < 0 || low < 0)
            {
                return false;
            }

            to[offset + i] = (byte)((high << 4) | low);
        }

        return true;
    }

    /// <summary>Whether two runs of octets are the same.</summary>
    public static bool Same(byte[] a, int at, byte[] b, int offset, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (a[at + i] != b[offset + i])
            {
                return false;
            }
        }

        return true;
    }

    private static int Digit(byte c)
    {
        if (c >= (byte)'0' && c <= (byte)'9')
        {
            return c - (byte)'0';
        }

        return c >= (byte)'a' && c <= (byte)'f' ? c - (byte)'a' + 10 : -1;
    }
}
