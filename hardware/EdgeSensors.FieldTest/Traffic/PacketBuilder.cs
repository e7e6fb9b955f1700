using System.Buffers.Binary;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>Makes whole, correct packets (RFC 791, RFC 8200, RFC 9293, RFC 768), framed and ready for injection.</summary>
internal static class PacketBuilder
{
    private const byte HopLimit = 60;

    /// <summary>A TCP segment; its sequence numbers are the caller's.</summary>
    public static TracePacket Tcp(long offsetNs, Endpoint from, Endpoint to, TcpControlBits flags, uint sequence = 1, uint acknowledgement = 0, int payload = 0)
    {
        var segment = new byte[20 + payload];
        BinaryPrimitives.WriteUInt16BigEndian(segment, from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), to.Port);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(8), acknowledgement);
        segment[12] = 5 << 4;
        segment[13] = (byte)flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(14), 64_240);
        return Packet(offsetNs, from, to, IpProtocol.Tcp, segment, checksumAt: 16);
    }

    /// <summary>A UDP datagram.</summary>
    public static TracePacket Udp(long offsetNs, Endpoint from, Endpoint to, int payload)
    {
        var datagram = new byte[8 + payload];
        BinaryPrimitives.WriteUInt16BigEndian(datagram, from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);
        return Packet(offsetNs, from, to, IpProtocol.Udp, datagram, checksumAt: 6);
    }

    private static TracePacket Packet(long offsetNs, Endpoint from, Endpoint to, IpProtocol protocol, byte[] transport, int checksumAt)
    {
        var isV4 = from.Address.IsIPv4;
        var headerLength = isV4 ? 20 : 40;
        var frame = new byte[FrameInjector.HeaderLength + headerLength + transport.Length];
        var ip = frame.AsSpan(FrameInjector.HeaderLength);
        Span<byte> addresses = stackalloc byte[32];
        var length = from.Address.WriteOctets(addresses);
        length += to.Address.WriteOctets(addresses[length..]);
        addresses = addresses[..length];
        if (isV4)
        {
            ip[0] = 0x45;
            ip[6] = 0x40; // don't fragment
            ip[8] = HopLimit;
            ip[9] = (byte)protocol;
            addresses.CopyTo(ip[12..]);
        }
        else
        {
            ip[0] = 0x60;
            ip[6] = (byte)protocol;
            ip[7] = HopLimit;
            addresses.CopyTo(ip[8..]);
        }

        var pseudoHeader = InternetChecksum.Add(addresses, (uint)protocol + (uint)transport.Length);
        BinaryPrimitives.WriteUInt16BigEndian(transport.AsSpan(checksumAt), InternetChecksum.Of(transport, pseudoHeader));
        transport.CopyTo(ip[headerLength..]);
        EthernetFrame.Finish(frame);
        var header = new PacketHeader
        {
            Source = from.Address, SourcePort = from.Port, Destination = to.Address, DestinationPort = to.Port, Protocol = protocol, HasPorts = true,
        };
        return new TracePacket(offsetNs, from.Address, to.Address, ConversationKey.Of(header), frame);
    }
}

/// <summary>An address and a port.</summary>
internal readonly record struct Endpoint(HostAddress Address, ushort Port)
{
    /// <summary>From the address's text.</summary>
    public static Endpoint Of(string address, int port) => new(HostAddress.From(System.Net.IPAddress.Parse(address)), (ushort)port);
}
