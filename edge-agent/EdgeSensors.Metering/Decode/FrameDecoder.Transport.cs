using System.Buffers.Binary;

namespace EdgeSensors.Metering.Decode;

/// <content>TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), ICMP (RFC 792) and ICMPv6 (RFC 4443) headers.</content>
public static partial class FrameDecoder
{
    /// <param name="packet">The captured bytes, cut at the IP packet's end: padding behind it is not a header.</param>
    /// <param name="offset">Where the transport header begins.</param>
    /// <param name="end">Where the IP packet ends by its own length, which may lie beyond what was captured.</param>
    /// <param name="header">Completed.</param>
    private static DecodeStatus DecodeTransport(ReadOnlySpan<byte> packet, int offset, int end, ref PacketHeader header)
    {
        header.HeaderLength = Math.Min(offset, packet.Length);
        header.PayloadLength = Math.Max(0, end - offset);
        if (header.Fragment == FragmentKind.Later || offset > packet.Length)
            return DecodeStatus.Ok;
        var transport = packet[offset..];
        switch (header.Protocol)
        {
            case IpProtocol.Tcp:
                return DecodeTcp(packet, offset, end, ref header);
            case IpProtocol.Udp:
                if (transport.Length < 8)
                {
                    ReadPorts(transport, ref header);
                    return Cut(packet, end - offset - 8, ref header);
                }

                var udp = transport[..8]; // of a length that the compiler knows: one check for all fields
                header.HasPorts = true;
                header.SourcePort = BinaryPrimitives.ReadUInt16BigEndian(udp);
                header.DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(udp[2..]);
                header.HeaderLength = offset + 8;
                header.PayloadLength = end - offset - 8;
                int length = BinaryPrimitives.ReadUInt16BigEndian(udp[4..]);
                if (MayBeTunnel(header.DestinationPort) || MayBeTunnel(header.SourcePort))
                    return DecodeUdpTunnel(packet, offset, end, length, ref header);
                return length is > 0 and < 8 ? DecodeStatus.TransportHeaderInvalid : DecodeStatus.Ok; // 0: a jumbogram (RFC 2675 §4)
            case IpProtocol.Sctp:
                if (!ReadPorts(transport, ref header) || transport.Length < 12)
                    return Cut(packet, end - offset - 12, ref header);
                header.HeaderLength = offset + 12;
                header.PayloadLength = end - offset - 12;
                return DecodeStatus.Ok;
            case IpProtocol.Icmp when header.IpVersion == 4:
            case IpProtocol.IcmpV6 when header.IpVersion == 6:
                return DecodeIcmp(packet, offset, end, ref header);
            default:
                return DecodeCarrier(packet, offset, end, ref header);
        }
    }

    private static DecodeStatus DecodeTcp(ReadOnlySpan<byte> packet, int offset, int end, ref PacketHeader header)
    {
        var transport = packet[offset..];
        if (transport.Length < 20)
        {
            ReadPorts(transport, ref header);
            if (transport.Length >= 14)
                header.TcpFlags = (TcpControlBits)transport[13];
            return Cut(packet, end - offset - 20, ref header);
        }

        var tcp = transport[..20];
        header.HasPorts = true;
        header.SourcePort = BinaryPrimitives.ReadUInt16BigEndian(tcp);
        header.DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(tcp[2..]);
        header.TcpSequence = BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]);
        header.TcpAcknowledgement = BinaryPrimitives.ReadUInt32BigEndian(tcp[8..]);
        header.TcpFlags = (TcpControlBits)tcp[13];
        header.TcpWindow = BinaryPrimitives.ReadUInt16BigEndian(tcp[14..]);
        var length = (tcp[12] >> 4) * 4;
        if (length < 20 || offset + length > end)
        {
            header.HeaderLength = offset + 20;
            header.PayloadLength = Math.Max(0, end - offset - 20);
            return DecodeStatus.TransportHeaderInvalid;
        }

        header.PayloadLength = end - offset - length;
        header.HeaderLength = offset + Math.Min(length, transport.Length);
        return DecodeStatus.Ok; // options cut by the snapshot length lose nothing that is metered
    }

    private static bool ReadPorts(ReadOnlySpan<byte> transport, ref PacketHeader header)
    {
        if (transport.Length < 4)
            return false;
        header.HasPorts = true;
        header.SourcePort = BinaryPrimitives.ReadUInt16BigEndian(transport);
        header.DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(transport[2..]);
        return true;
    }

    /// <summary>The header is cut, so all that was captured of it is header; what the packet says it carries beyond is payload all the same.</summary>
    private static DecodeStatus Cut(ReadOnlySpan<byte> packet, int payloadLength, ref PacketHeader header)
    {
        header.HeaderLength = packet.Length;
        header.PayloadLength = Math.Max(0, payloadLength);
        return DecodeStatus.TransportHeaderTruncated;
    }
}
