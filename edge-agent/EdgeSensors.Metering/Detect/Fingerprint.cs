using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Detect;

/// <summary>Keyed 64-bit names of what detectors count; by folded products, as the flow table's hash.</summary>
internal static class Fingerprint
{
    public static ulong Of(ulong seed, HostAddress address, ulong extra = 0) =>
        Fold(Fold(address.High ^ seed, address.Low ^ 0xA0761D6478BD642F) ^ extra, seed ^ 0xE7037ED1A0B428DB);

    public static ulong Of(ulong seed, ulong a, ulong b) => Fold(a ^ seed ^ 0x8EBC6AF09C88C6E3, b ^ 0x589965CC75374CC3);

    private static ulong Fold(ulong x, ulong y)
    {
        var high = Math.BigMul(x, y, out var low);
        return high ^ low;
    }
}
