namespace EdgeSensors.Firmware.Select;

/// <summary>Addresses between their mapped numbers and network byte order.</summary>
internal static class AddressOctets
{
    /// <summary>Whether the number is an IPv4 address in its mapped form.</summary>
    public static bool IsIPv4(ulong high, ulong low)
    {
        return high == 0 && (low >> 32) == 0xffff;
    }

    /// <summary>Writes 4 octets for IPv4 and 16 for IPv6, and returns how many.</summary>
    public static int Write(ulong high, ulong low, byte[] octets)
    {
        if (IsIPv4(high, low))
        {
            for (int i = 0; i < 4; i++)
            {
                octets[i] = (byte)(low >> (24 - 8 * i));
            }

            return 4;
        }

        for (int i = 0; i < 8; i++)
        {
            octets[i] = (byte)(high >> (56 - 8 * i));
            octets[8 + i] = (byte)(low >> (56 - 8 * i));
        }

        return 16;
    }
}
