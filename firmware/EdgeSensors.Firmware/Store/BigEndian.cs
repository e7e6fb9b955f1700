namespace EdgeSensors.Firmware.Store;

/// <summary>Integers in network byte order.</summary>
internal static class BigEndian
{
    /// <summary>Writes 4 octets.</summary>
    public static void Put32(byte[] b, int at, uint value)
    {
        b[at] = (byte)(value >> 24);
        b[at + 1] = (byte)(value >> 16);
        b[at + 2] = (byte)(value >> 8);
        b[at + 3] = (byte)value;
    }

    /// <summary>Writes 8 octets.</summary>
    public static void Put64(byte[] b, int at, ulong value)
    {
        Put32(b, at, (uint)(value >> 32));
        Put32(b, at + 4, (uint)value);
    }

    /// <summary>Reads 4 octets.</summary>
    public static uint Get32(byte[] b, int at)
    {
        return ((uint)b[at] << 24) | ((uint)b[at + 1] << 16) | ((uint)b[at + 2] << 8) | b[at + 3];
    }

    /// <summary>Reads 8 octets.</summary>
    public static ulong Get64(byte[] b, int at)
    {
        return ((ulong)Get32(b, at) << 32) | Get32(b, at + 4);
    }
}
