using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Sketches;

/// <summary>
/// The hash of sketches, <c>edge-mix-1</c>: sketches of one seed can be merged. Two rounds of the 64-bit finaliser of MurmurHash3 (Stafford's Mix13 constants),
/// each over one word; the seed must be secret where a sketch may be joined with guesses of what went into it.
/// </summary>
public static class SketchHash
{
    /// <summary>The name that reports carry.</summary>
    public const string Name = "edge-mix-1";

    /// <summary>Hashes an address.</summary>
    public static ulong Of(ulong seed, HostAddress address) => Mix(Mix(seed ^ address.High) ^ address.Low);

    /// <summary>Hashes a number.</summary>
    public static ulong Of(ulong seed, ulong value) => Mix(Mix(seed) ^ value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
