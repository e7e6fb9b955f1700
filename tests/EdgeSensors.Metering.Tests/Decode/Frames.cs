using System.Buffers.Binary;
using System.Net;

namespace EdgeSensors.Metering.Tests.Decode;

/// <summary>Builds frames layer by layer, innermost first, with a marker as payload that no header may contain.</summary>
internal static class Frames
{
    public const byte Marker = 0xA5;

    public static byte[] Payload(int length) => [.. Enumerable.Repeat(Marker, length)];

    public static byte[] Tcp(int source, int destination, int flags, byte[] payload, uint sequence = 0, uint acknowledgement = 0, int optionLength = 0)
    {
        var header = new byte[20 + optionLength];
        Half(header, 0, source);
        Half(header, 2, destination);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), acknowledgement);
        header[12] = (byte)((20 + optionLength) / 4 << 4);
        header[13] = (byte)flags;
        return [.. header, .. payload];
    }

    public static byte[] Udp(int source, int destination, byte[] payload)
    {
        var header = new byte[8];
        Half(header, 0, source);
        Half(header, 2, destination);
        Half(header, 4, 8 + payload.Length);
        return [.. header, .. payload];
    }

    public static byte[] Sctp(int source, int destination, byte[] payload)
    {
        var header = new byte[12];
        Half(header, 0, source);
        Half(header, 2, destination);
        return [.. header, .. payload];
    }

    public static byte[] Icmp(int type, int code, int identifier, byte[] payload)
    {
        byte[] header = [(byte)type, (byte)code, 0, 0, 0, 0, 0, 1];
        Half(header, 4, identifier);
        return [.. header, .. payload];
    }

    public static byte[] IPv4(string source, string destination, int protocol, byte[] payload, int fragmentField = 0, int identification = 0, int optionLength = 0)
    {
        var header = new byte[20 + optionLength];
        header[0] = (byte)(0x40 | (header.Length / 4));
        Half(header, 2, header.Length + payload.Length);
        Half(header, 4, identification);
        Half(header, 6, fragmentField);
        header[8] = 64;
        header[9] = (byte)protocol;
        IPAddress.Parse(source).GetAddressBytes().CopyTo(header, 12);
        IPAddress.Parse(destination).GetAddressBytes().CopyTo(header, 16);
        return [.. header, .. payload];
    }

    public static byte[] IPv6(string source, string destination, int nextHeader, byte[] payload)
    {
        var header = new byte[40];
        header[0] = 0x60;
        Half(header, 4, payload.Length);
        header[6] = (byte)nextHeader;
        header[7] = 64;
        IPAddress.Parse(source).GetAddressBytes().CopyTo(header, 8);
        IPAddress.Parse(destination).GetAddressBytes().CopyTo(header, 24);
        return [.. header, .. payload];
    }

    /// <summary>An extension header of the common form (RFC 8200 §4.2).</summary>
    public static byte[] Extension(int nextHeader, int length, byte[] payload)
    {
        var header = new byte[length];
        header[0] = (byte)nextHeader;
        header[1] = (byte)((length / 8) - 1);
        return [.. header, .. payload];
    }

    public static byte[] FragmentHeader(int nextHeader, int offset, bool more, uint identification, byte[] payload)
    {
        var header = new byte[8];
        header[0] = (byte)nextHeader;
        Half(header, 2, (offset << 3) | (more ? 1 : 0));
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), identification);
        return [.. header, .. payload];
    }

    public static byte[] Ethernet(int etherType, byte[] payload, params (int TagType, int Vlan)[] tags)
    {
        var frame = new List<byte>(new byte[12]);
        foreach (var (tagType, vlan) in tags)
            frame.AddRange([(byte)(tagType >> 8), (byte)tagType, (byte)(0x60 | (vlan >> 8)), (byte)vlan]);
        frame.AddRange([(byte)(etherType >> 8), (byte)etherType, .. payload]);
        return [.. frame];
    }

    private static void Half(byte[] header, int offset, int value) => BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(offset), (ushort)value);
}
