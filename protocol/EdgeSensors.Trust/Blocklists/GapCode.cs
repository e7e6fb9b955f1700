using System.Numerics;

namespace EdgeSensors.Trust.Blocklists;

/// <summary>
/// Codes an ascending series of numbers by their gaps, in groups of 128 with a Rice parameter each (R. F. Rice, JPL 79-22): near the entropy of a
/// random set, and close behind a clustered one. A quotient of 16 or more is escaped, so that no number takes more than 16 + 128 bits.
/// </summary>
internal static class GapCode
{
    /// <summary>Numbers that share a parameter.</summary>
    public const int GroupSize = 128;

    /// <summary>Quotients from here on are escaped.</summary>
    public const int Escape = 16;

    /// <summary>Bits of a parameter.</summary>
    public const int ParameterBits = 7;

    /// <summary>Appends numbers.</summary>
    /// <param name="writer">Takes the bits.</param>
    /// <param name="numbers">Ascending, each once; those bits that are not below <paramref name="width"/> above the lowest <paramref name="shift"/> are zero.</param>
    /// <param name="width">Bits of a number.</param>
    /// <param name="shift">Zero bits below it, which are not coded.</param>
    public static void Write<T>(BitWriter writer, ReadOnlySpan<T> numbers, int width, int shift)
        where T : unmanaged, IBinaryInteger<T>
    {
        Span<T> gaps = stackalloc T[GroupSize];
        var previous = T.Zero;
        for (var start = 0; start < numbers.Length; start += GroupSize)
        {
            var group = numbers.Slice(start, Math.Min(GroupSize, numbers.Length - start));
            for (var i = 0; i < group.Length; i++)
            {
                var number = group[i] >>> shift;
                gaps[i] = start + i == 0 ? number : number - previous - T.One;
                previous = number;
            }

            WriteGroup(writer, gaps[..group.Length], width);
        }
    }

    /// <summary>Reads numbers into <paramref name="numbers"/>; false, with a reason, when the bits are none.</summary>
    public static bool TryRead<T>(ref BitReader reader, Span<T> numbers, int width, int shift, out string reason)
        where T : unmanaged, IBinaryInteger<T>
    {
        var highest = T.AllBitsSet >>> (int.CreateTruncating(T.PopCount(T.AllBitsSet)) - width);
        var previous = T.Zero;
        var parameter = 0;
        reason = "";
        for (var i = 0; i < numbers.Length; i++)
        {
            if (i % GroupSize == 0)
            {
                parameter = (int)reader.Read(ParameterBits);
                if (parameter >= width)
                {
                    reason = $"a group's parameter is {parameter}, and its numbers have {width} bits";
                    return false;
                }
            }

            var quotient = reader.ReadOnes(Escape);
            var gap = quotient == Escape ? ReadBits<T>(ref reader, width) : (T.CreateTruncating(quotient) << parameter) | ReadBits<T>(ref reader, parameter);
            if (reader.IsPastEnd)
            {
                reason = "the coded numbers are cut short";
                return false;
            }

            // The quotient's bits can leave the number's, and so can the sum.
            if ((quotient != Escape && T.CreateTruncating(quotient) > highest >>> parameter) || gap > highest || (i > 0 && gap >= highest - previous))
            {
                reason = "a number is too large";
                return false;
            }

            previous = i == 0 ? gap : previous + gap + T.One;
            numbers[i] = previous << shift;
        }

        return true;
    }

    private static void WriteGroup<T>(BitWriter writer, ReadOnlySpan<T> gaps, int width)
        where T : unmanaged, IBinaryInteger<T>
    {
        var parameter = BestParameter(gaps, width);
        writer.Write((uint)parameter, ParameterBits);
        var escape = T.CreateTruncating(Escape);
        foreach (var gap in gaps)
        {
            var quotient = gap >>> parameter;
            if (quotient >= escape)
            {
                writer.Write((1 << Escape) - 1, Escape);
                WriteBits(writer, gap, width);
            }
            else
            {
                var ones = int.CreateTruncating(quotient);
                writer.Write((2u << ones) - 2, ones + 1);
                WriteBits(writer, gap, parameter);
            }
        }
    }

    // From the largest that could serve downward: the costs fall and then rise, and a sum that is beyond the best is not finished.
    private static int BestParameter<T>(ReadOnlySpan<T> gaps, int width)
        where T : unmanaged, IBinaryInteger<T>
    {
        var all = T.Zero;
        foreach (var gap in gaps)
        {
            all |= gap;
        }

        var escape = T.CreateTruncating(Escape);
        var (best, bestCost) = (0, int.MaxValue);
        for (var parameter = Math.Min(all.GetShortestBitLength(), width - 1); parameter >= 0; parameter--)
        {
            var cost = 0;
            foreach (var gap in gaps)
            {
                var quotient = gap >>> parameter;
                cost += quotient >= escape ? Escape + width : int.CreateTruncating(quotient) + 1 + parameter;
                if (cost >= bestCost)
                {
                    break;
                }
            }

            if (cost < bestCost)
            {
                (best, bestCost) = (parameter, cost);
            }
        }

        return best;
    }

    private static void WriteBits<T>(BitWriter writer, T value, int bits)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (; bits > 32; bits -= 32)
        {
            writer.Write(uint.CreateTruncating(value >>> (bits - 32)), 32);
        }

        writer.Write(uint.CreateTruncating(value), bits);
    }

    private static T ReadBits<T>(ref BitReader reader, int bits)
        where T : unmanaged, IBinaryInteger<T>
    {
        var value = T.Zero;
        for (; bits > 32; bits -= 32)
        {
            value = (value << 32) | T.CreateTruncating(reader.Read(32));
        }

        return (value << bits) | T.CreateTruncating(reader.Read(bits));
    }
}
