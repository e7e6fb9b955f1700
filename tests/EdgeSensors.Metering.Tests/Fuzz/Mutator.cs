using System.Buffers.Binary;

namespace EdgeSensors.Metering.Tests.Fuzz;

/// <summary>Changes inputs in place: single octets, values that formats treat apart, runs that are copied, cut or put in.</summary>
internal static class Mutator
{
    /// <summary>EtherTypes, ports of tunnels, lengths at their bounds: what a parser branches on.</summary>
    private static readonly ushort[] Halves =
    [
        0x0800, 0x86DD, 0x8100, 0x88A8, 0x8847, 0x8864, 0x6558, 0x880B, 0x88BE, 0x22EB, 0x894F, 0x88E7, 0x8903, 0x8926, 0x893F, 0x8909, 0x883E,
        1701, 2152, 3544, 4754, 4789, 4790, 5072, 5247, 6081, 6635, 8472, 0, 1, 7, 8, 20, 40, 0x0021, 0x0057, 0xFF03, 0x3FFF, 0x2000, 0x7FFF, 0xFFFF,
    ];

    private static readonly byte[] Octets = [0, 1, 4, 6, 8, 0x0F, 17, 41, 43, 44, 47, 0x45, 0x46, 0x4F, 51, 58, 0x60, 97, 137, 0x7F, 0x80, 0xAA, 0xFF];

    /// <param name="random">Decides.</param>
    /// <param name="buffer">Holds the input, and room behind it.</param>
    /// <param name="length">Octets of the input.</param>
    /// <param name="other">An input to take pieces from.</param>
    /// <returns>The new length.</returns>
    public static int Mutate(ref FuzzRandom random, Span<byte> buffer, int length, ReadOnlySpan<byte> other)
    {
        for (var count = 1 + random.Below(4); count > 0; count--)
        {
            if (length < 4)
                return length;
            var at = random.Below(random.Below(3) == 0 ? length : Math.Min(length, 96)); // mostly where headers are
            switch (random.Below(9))
            {
                case 0:
                    buffer[at] ^= (byte)(1 << random.Below(8));
                    break;
                case 1:
                    buffer[at] = (byte)random.Next();
                    break;
                case 2:
                    buffer[at] = Octets[random.Below(Octets.Length)];
                    break;
                case 3 or 4:
                    BinaryPrimitives.WriteUInt16BigEndian(buffer[Math.Min(at, length - 2)..], Halves[random.Below(Halves.Length)]);
                    break;
                case 5:
                    BinaryPrimitives.WriteUInt32LittleEndian(buffer[Math.Min(at & ~3, length - 4)..], (uint)random.Next() >> random.Below(32));
                    break;
                case 6:
                    length = at;
                    break;
                case 7: // a header again, a little further on
                    var run = Math.Min(1 + random.Below(64), length - at);
                    if (length + run <= buffer.Length)
                    {
                        buffer[at..length].CopyTo(buffer[(at + run)..]);
                        length += run;
                    }

                    break;
                default: // a piece of another input
                    var from = random.Below(other.Length + 1);
                    var piece = other.Slice(from, Math.Min(other.Length - from, buffer.Length - at));
                    piece.CopyTo(buffer[at..]);
                    length = Math.Max(length, at + piece.Length);
                    break;
            }
        }

        return length;
    }
}
