using System.Buffers.Binary;

namespace EdgeSensors.Metering.Decode;

/// <content>ICMP and ICMPv6, and the packet that an error quotes.</content>
public static partial class FrameDecoder
{
    /// <summary>Octets of an ICMP header that are kept of every message.</summary>
    private const int IcmpHeaderLength = 8;

    /// <summary>Octets of a quoted packet's transport header that are kept: the ports and, of TCP, the sequence number (RFC 792's "64 bits of original data").</summary>
    private const int QuotedTransportLength = 8;

    private static DecodeStatus DecodeIcmp(ReadOnlySpan<byte> packet, int offset, int end, ref PacketHeader header)
    {
        var icmp = packet[offset..];
        if (icmp.Length < 4)
            return Cut(packet, end - offset - IcmpHeaderLength, ref header);
        header.HasIcmp = true;
        header.IcmpType = icmp[0];
        header.IcmpCode = icmp[1];
        if (icmp.Length < IcmpHeaderLength)
        {
            // Some kinds are only four octets long on the wire; nothing behind them is needed.
            header.HeaderLength = packet.Length;
            header.PayloadLength = Math.Max(0, end - offset - IcmpHeaderLength);
            return end - offset < IcmpHeaderLength ? DecodeStatus.Ok : DecodeStatus.TransportHeaderTruncated;
        }

        header.HeaderLength = offset + IcmpHeaderLength;
        header.PayloadLength = end - offset - IcmpHeaderLength;
        if (IcmpTypes.IsQuery(header.IpVersion, header.IcmpType))
        {
            header.IcmpIdentifier = BinaryPrimitives.ReadUInt16BigEndian(icmp[4..]);
        }
        else if (IcmpTypes.IsError(header.IpVersion, header.IcmpType))
        {
            header.QuotedOffset = offset + IcmpHeaderLength;
            header.HeaderLength = QuotedEnd(packet, header.QuotedOffset, header.IpVersion);
        }

        return DecodeStatus.Ok;
    }

    /// <summary>Reads the packet that an ICMP error quotes: the packet that could not be delivered, its addresses, protocol and ports.</summary>
    /// <param name="frame">The bytes that <paramref name="error"/> was decoded from.</param>
    /// <param name="error">A header whose <see cref="PacketHeader.QuotedOffset"/> is not 0.</param>
    /// <param name="quoted">The quoted packet's header. Its length is what its own header says; it was metered when it was sent, not now.</param>
    /// <returns>False where there is no quotation, or it is too short or not IP.</returns>
    public static bool TryDecodeQuoted(ReadOnlySpan<byte> frame, in PacketHeader error, out PacketHeader quoted)
    {
        quoted = default;
        quoted.TimestampNs = error.TimestampNs;
        if (error.QuotedOffset == 0 || error.QuotedOffset >= frame.Length || error.HeaderLength > frame.Length)
            return false;
        DecodeNetwork(frame[..error.HeaderLength], int.MaxValue / 2, error.IpVersion == 4 ? EtherTypeIPv4 : EtherTypeIPv6, error.QuotedOffset, ref quoted);
        quoted.VlanId = error.VlanId;
        quoted.CustomerVlanId = error.CustomerVlanId;
        quoted.SegmentId = error.SegmentId;
        quoted.QuotedOffset = 0;
        return quoted.IpVersion != 0;
    }

    /// <summary>
    /// Where the quotation's headers end. The eight octets behind its IP header are kept only where they are a transport header: of an unknown protocol
    /// or a later fragment they are content. What is too short or of another version is not known to be a header at all.
    /// </summary>
    private static int QuotedEnd(ReadOnlySpan<byte> packet, int offset, int ipVersion)
    {
        IpProtocol protocol;
        int transport;
        if (ipVersion == 4)
        {
            if (packet.Length < offset + 20 || packet[offset] is < 0x45 or > 0x4F)
                return offset;
            transport = offset + ((packet[offset] & 0x0F) * 4);
            protocol = (IpProtocol)packet[offset + 9];
            if ((BinaryPrimitives.ReadUInt16BigEndian(packet[(offset + 6)..]) & 0x1FFF) != 0)
                return Math.Min(packet.Length, transport);
        }
        else
        {
            if (packet.Length < offset + 40 || packet[offset] >> 4 != 6)
                return offset;
            transport = offset + 40;
            protocol = (IpProtocol)packet[offset + 6];
            for (var depth = 0; depth < MaxExtensionHeaders && IsExtensionHeader(protocol); depth++)
            {
                if (packet.Length < transport + 8)
                    return packet.Length;
                var laterFragment = protocol == IpProtocol.Fragment && (BinaryPrimitives.ReadUInt16BigEndian(packet[(transport + 2)..]) & 0xFFF8) != 0;
                var length = protocol switch
                {
                    IpProtocol.Fragment => 8,
                    IpProtocol.AuthenticationHeader => (packet[transport + 1] + 2) * 4,
                    _ => (packet[transport + 1] + 1) * 8,
                };
                protocol = (IpProtocol)packet[transport];
                transport += length;
                if (laterFragment)
                    return Math.Min(packet.Length, transport);
                if (transport > packet.Length)
                    return packet.Length;
            }
        }

        var icmp = ipVersion == 4 ? IpProtocol.Icmp : IpProtocol.IcmpV6;
        var kept = protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp || protocol == icmp ? QuotedTransportLength : 0;
        return Math.Min(packet.Length, transport + kept);
    }
}
