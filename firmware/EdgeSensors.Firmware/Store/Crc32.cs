namespace EdgeSensors.Firmware.Store;

/// <summary>CRC-32 (ISO 3309, the one of Ethernet and zip): tells a record that was cut off from a whole one. It guards against nobody.</summary>
internal static class Crc32
{
    private static readonly uint[] Table = MakeTable();

    /// <summary>Begins.</summary>
    public const uint Seed = 0xffffffff;

    /// <summary>Goes on over octets; the checksum is the complement of the last.</summary>
    public static uint Update(uint crc, byte[] data, int offset, int count)
    {
        uint[] table = Table;
        int end = offset + count;
        for (int i = offset; i < end; i++)
        {
            crc = table[(crc ^ data[i]) & 0xff] ^ (crc >> 8);
        }

        return crc;
    }

    /// <summary>The checksum of octets.</summary>
    public static uint Of(byte[] data, int offset, int count)
    {
        return ~Update(Seed, data, offset, count);
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint c = i;
            for (int bit = 0; bit < 8; bit++)
            {
                c = (c & 1) != 0 ? (c >> 1) ^ 0xedb88320 : c >> 1;
            }

            table[i] = c;
        }

        return table;
    }
}
