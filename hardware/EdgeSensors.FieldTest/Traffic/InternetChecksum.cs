using System.Buffers.Binary;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>The Internet checksum (RFC 1071).</summary>
internal static class InternetChecksum
{
    /// <summary>The checksum of some octets, begun with a partial sum such as a pseudo-header's.</summary>
    public static ushort Of(ReadOnlySpan<byte> octets, uint sum = 0)
    {
        sum = Add(octets, sum);
        return (ushort)~sum;
    }

    /// <summary>Adds octets to a partial sum.</summary>
    public static uint Add(ReadOnlySpan<byte> octets, uint sum)
    {
        for (; octets.Length > 1; octets = octets[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(octets);
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        if (octets.Length == 1)
        {
            sum += (uint)octets[0] << 8;
        }

        return (sum & 0xFFFF) + (sum >> 16);
    }
}
