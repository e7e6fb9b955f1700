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
        quoted.QuotedOffset = 0;
        return quoted.IpVersion != 0;
    }

    private static int QuotedEnd(ReadOnlySpan<byte> packet, int offset, int ipVersion)
    {
        var transport = offset;
        if (ipVersion == 4)
        {
            transport += packet.Length > offset ? Math.Max(20, (packet[offset] & 0x0F) * 4) : 0;
            return Math.Min(packet.Length, transport + QuotedTransportLength);
        }

        transport += 40;
        if (packet.Length < transport)
            return packet.Length;
        var next = (IpProtocol)packet[offset + 6];
        for (var depth = 0; depth < MaxExtensionHeaders && IsExtensionHeader(next) && packet.Length >= transport + 8; depth++)
        {
            var length = next switch
            {
                IpProtocol.Fragment => 8,
                IpProtocol.AuthenticationHeader => (packet[transport + 1] + 2) * 4,
                _ => (packet[transport + 1] + 1) * 8,
            };
            next = (IpProtocol)packet[transport];
            transport += length;
        }

        return Math.Min(packet.Length, transport + QuotedTransportLength);
    }
}
