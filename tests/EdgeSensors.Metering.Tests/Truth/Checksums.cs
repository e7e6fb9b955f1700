using System.Buffers.Binary;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>Verifies checksums as Zeek does before it counts a packet (RFC 1071); the meter does not.</summary>
internal static class Checksums
{
    public static bool AreBad(ref readonly CapturedPacket packet, in PacketHeader header)
    {
        var ip = packet.Data[header.IpOffset..];
        if (header.Fragment != FragmentKind.Whole || header.IpLength > ip.Length)
            return false;
        var headerLength = header.IpVersion == 4 ? (ip[0] & 0x0F) * 4 : 40;
        if (header.IpVersion == 4 && Fold(Sum(ip[..headerLength])) != 0xFFFF)
            return true;
        if (header.IpVersion == 6 && (IpProtocol)ip[6] != header.Protocol)
            return false;
        var transport = ip[headerLength..header.IpLength];
        if (header.Protocol == IpProtocol.Udp && BinaryPrimitives.ReadUInt16BigEndian(transport[6..]) == 0)
            return false;
        if (header.Protocol is not (IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Icmp or IpProtocol.IcmpV6))
            return false;
        var sum = Sum(transport);
        if (header.Protocol != IpProtocol.Icmp)
            sum += Sum(header.IpVersion == 4 ? ip[12..20] : ip[8..40]) + (uint)header.Protocol + (uint)transport.Length;
        return Fold(sum) != 0xFFFF;
    }

    private static ulong Sum(ReadOnlySpan<byte> octets)
    {
        ulong sum = 0;
        for (; octets.Length >= 2; octets = octets[2..])
            sum += BinaryPrimitives.ReadUInt16BigEndian(octets);
        return octets.Length == 1 ? sum + ((ulong)octets[0] << 8) : sum;
    }

    private static uint Fold(ulong sum)
    {
        while (sum >> 16 != 0)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (uint)sum;
    }
}
