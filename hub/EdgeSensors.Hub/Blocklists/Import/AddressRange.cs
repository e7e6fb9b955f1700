using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>The fewest prefixes that make up a range of addresses.</summary>
internal static class AddressRange
{
    /// <summary>Divides a range; false when it is backwards, of two families, or takes more prefixes than are allowed.</summary>
    public static bool TryDivide(Prefix first, Prefix last, int most, [NotNullWhen(true)] out List<Prefix>? prefixes)
    {
        prefixes = null;
        if (first.IsIPv4 != last.IsIPv4 || first > last)
        {
            return false;
        }

        var bits = 8 * first.AddressLength;
        var (at, end) = (Number(first), Number(last));
        var divided = new List<Prefix>();
        while (true)
        {
            // As wide as the place is aligned, and no wider than what is left.
            var free = at == 0 ? bits : Math.Min(bits, (int)UInt128.TrailingZeroCount(at));
            while (free > 0 && (free == 128 ? UInt128.MaxValue : (UInt128.One << free) - 1) > end - at)
            {
                free--;
            }

            if (divided.Count == most)
            {
                return false;
            }

            divided.Add(Of(at, bits - free, first.AddressLength));
            var covered = free == 128 ? UInt128.MaxValue : (UInt128.One << free) - 1;
            if (end - at == covered)
            {
                prefixes = divided;
                return true;
            }

            at += covered + 1;
        }
    }

    private static UInt128 Number(Prefix prefix)
    {
        Span<byte> octets = stackalloc byte[16];
        octets.Clear();
        var length = prefix.CopyAddress(octets[(16 - prefix.AddressLength)..]);
        return length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(octets[12..]) : BinaryPrimitives.ReadUInt128BigEndian(octets);
    }

    private static Prefix Of(UInt128 number, int length, int addressLength)
    {
        Span<byte> octets = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(octets, number);
        return Prefix.Of(octets[(16 - addressLength)..], length);
    }
}
