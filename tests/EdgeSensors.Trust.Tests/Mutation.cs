using CsCheck;

namespace EdgeSensors.Trust.Tests;

/// <summary>Bytes for parsers: valid ones with a few changes, cut and glued, and pure noise now and then.</summary>
internal static class Mutation
{
    // What hurts JSON readers most often.
    private static readonly byte[][] Spice =
    [
        "null"u8.ToArray(), "-0"u8.ToArray(), "1e400"u8.ToArray(), "9223372036854775808"u8.ToArray(), "\"\\ud800\""u8.ToArray(), "{}"u8.ToArray(), "[]"u8.ToArray(),
        "\\u0000"u8.ToArray(), "\"\""u8.ToArray(), [0xC0, 0x80], [0xFF], "[[[[[[[[[[[[[[[[[[[[[[[[[[[["u8.ToArray(), ","u8.ToArray(), ":"u8.ToArray(), "\""u8.ToArray(),
    ];

    public static Gen<byte[]> Of(params byte[][] seeds) => Gen.Frequency(
        (9, Gen.Select(Gen.Int[0, seeds.Length - 1].Select(i => seeds[i]), Gen.Select(Gen.Int[0, 4], Gen.Int[0, int.MaxValue], Gen.Int[0, 40], Gen.Byte, Gen.Int[0, Spice.Length - 1]).Array[1, 4])
            .Select((seed, edits) => edits.Aggregate(seed, Edit))),
        (1, Gen.Byte.Array[0, 300]));

    private static byte[] Edit(byte[] bytes, (int Kind, int At, int Length, byte Value, int Spice) edit)
    {
        var at = bytes.Length == 0 ? 0 : edit.At % bytes.Length;
        var end = Math.Min(bytes.Length, at + edit.Length);
        return edit.Kind switch
        {
            0 when bytes.Length > 0 => [.. bytes[..at], edit.Value, .. bytes[(at + 1)..]],
            1 => [.. bytes[..at], .. bytes[end..]],
            2 => [.. bytes[..end], .. bytes[at..]],
            3 => [.. bytes[..at], .. Spice[edit.Spice], .. bytes[end..]],
            _ => bytes[..at],
        };
    }
}
