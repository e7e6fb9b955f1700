namespace EdgeSensors.Firmware.Sketches;

/// <summary>The hash of sketches, <c>edge-mix-1</c>, the same as every sensor's: two rounds of a 64-bit finaliser (Stafford's Mix13), a word each.</summary>
internal static class SketchHash
{
    /// <summary>The name that reports carry.</summary>
    public const string Name = "edge-mix-1";

    /// <summary>Hashes an address.</summary>
    public static ulong Of(ulong seed, ulong high, ulong low)
    {
        return Mix(Mix(seed ^ high) ^ low);
    }

    /// <summary>Hashes a number.</summary>
    public static ulong Of(ulong seed, ulong value)
    {
        return Mix(Mix(seed) ^ value);
    }

    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15UL;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}
