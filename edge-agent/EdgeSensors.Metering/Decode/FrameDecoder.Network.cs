using System.Buffers.Binary;

namespace EdgeSensors.Metering.Decode;

/// <content>IPv4 (RFC 791) and IPv6 (RFC 8200) headers.</content>
public static partial class FrameDecoder
{
    private static DecodeStatus DecodeIPv4(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length < offset + 20)
            return Fail(ref header, DecodeStatus.IpHeaderTruncated);
        var ip = frame.Slice(offset, 20); // of a length that the compiler knows: one check for all fields
        int first = ip[0];
        if (first >> 4 != 4)
            return Fail(ref header, DecodeStatus.IpVersionInvalid);
        var headerLength = (first & 0x0F) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
        if (totalLength == 0)
            totalLength = originalLength - offset; // a capture below segmentation offload: the kernel had not filled it in
        if (headerLength < 20 || totalLength < headerLength)
            return Fail(ref header, DecodeStatus.IpLengthInvalid);

        header.IpVersion = 4;
        header.Source = HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(ip[12..]));
        header.Destination = HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(ip[16..]));
        header.IpOffset = offset;
        header.IpLength = totalLength;
        header.TrafficClass = ip[1];
        header.HopLimit = ip[8];
        header.Protocol = (IpProtocol)ip[9];
        int fragment = BinaryPrimitives.ReadUInt16BigEndian(ip[6..]);
        if ((fragment & 0x3FFF) != 0)
        {
            header.Fragment = (fragment & 0x1FFF) == 0 ? FragmentKind.First : FragmentKind.Later;
            header.FragmentKey = FragmentKeyOf(in header, BinaryPrimitives.ReadUInt16BigEndian(ip[4..]), ip[9]);
        }

        var end = offset + totalLength;
        if (frame.Length < offset + headerLength)
        {
            // The options are cut, so there is nothing behind them to read.
            header.HeaderLength = frame.Length;
            header.PayloadLength = totalLength - headerLength;
            return DecodeStatus.TransportHeaderTruncated;
        }

        return DecodeTransport(frame[..Math.Min(frame.Length, end)], offset + headerLength, end, ref header);
    }

    private static DecodeStatus DecodeIPv6(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length < offset + 40)
            return Fail(ref header, DecodeStatus.IpHeaderTruncated);
        var ip = frame.Slice(offset, 40);
        var word = BinaryPrimitives.ReadUInt32BigEndian(ip);
        if (word >> 28 != 6)
            return Fail(ref header, DecodeStatus.IpVersionInvalid);
        int payloadLength = BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        var protocol = (IpProtocol)ip[6];
        if (payloadLength == 0 && protocol == IpProtocol.HopByHop)
            payloadLength = Math.Max(0, originalLength - offset - 40); // a jumbogram (RFC 2675)

        header.IpVersion = 6;
        header.Source = HostAddress.FromIPv6(ip[8..]);
        header.Destination = HostAddress.FromIPv6(ip[24..]);
        header.IpOffset = offset;
        header.IpLength = payloadLength + 40;
        header.TrafficClass = (byte)(word >> 20);
        header.HopLimit = ip[7];
        header.Protocol = protocol;
        var end = offset + 40 + payloadLength;
        var packet = frame[..Math.Min(frame.Length, end)];
        return protocol is not (IpProtocol.Tcp or IpProtocol.Udp) && IsExtensionHeader(protocol)
            ? DecodeExtensionHeaders(packet, offset + 40, end, ref header)
            : DecodeTransport(packet, offset + 40, end, ref header);
    }

    private static bool IsExtensionHeader(IpProtocol protocol) => protocol is IpProtocol.HopByHop or IpProtocol.Routing or IpProtocol.Fragment
        or IpProtocol.AuthenticationHeader or IpProtocol.DestinationOptions or IpProtocol.Mobility or IpProtocol.Hip or IpProtocol.Shim6;

    private static DecodeStatus DecodeExtensionHeaders(ReadOnlySpan<byte> packet, int offset, int end, ref PacketHeader header)
    {
        for (var depth = 0; IsExtensionHeader(header.Protocol); depth++)
        {
            if (depth == MaxExtensionHeaders)
                return Stop(packet, offset, end, DecodeStatus.ExtensionHeadersTooMany, ref header);
            if (packet.Length < offset + 8)
                return Stop(packet, offset, end, DecodeStatus.ExtensionHeaderTruncated, ref header);
            var extension = packet[offset..];
            int length;
            switch (header.Protocol)
            {
                case IpProtocol.Fragment:
                    length = 8;
                    int field = BinaryPrimitives.ReadUInt16BigEndian(extension[2..]);
                    if ((field & 0xFFF9) != 0) // an atomic fragment (RFC 6946) is a whole packet
                    {
                        header.Fragment = field >> 3 == 0 ? FragmentKind.First : FragmentKind.Later;
                        header.FragmentKey = FragmentKeyOf(in header, BinaryPrimitives.ReadUInt32BigEndian(extension[4..]), (byte)IpProtocol.Fragment);
                    }

                    break;
                case IpProtocol.AuthenticationHeader:
                    length = (extension[1] + 2) * 4;
                    break;
                default:
                    length = (extension[1] + 1) * 8;
                    break;
            }

            if (packet.Length < offset + length)
                return Stop(packet, offset, end, DecodeStatus.ExtensionHeaderTruncated, ref header);
            header.Protocol = (IpProtocol)extension[0];
            offset += length;
            if (header.Fragment == FragmentKind.Later)
                break; // what follows belongs to the first fragment's chain (RFC 8200 §4.5)
        }

        return DecodeTransport(packet, offset, end, ref header);
    }

    private static DecodeStatus Stop(ReadOnlySpan<byte> packet, int offset, int end, DecodeStatus status, ref PacketHeader header)
    {
        header.HeaderLength = Math.Min(offset, packet.Length);
        header.PayloadLength = Math.Max(0, end - offset);
        return status;
    }

    /// <summary>
    /// A datagram's fragments are told by addresses, identification and, of IPv4, protocol (RFC 791 §3.2, RFC 8200 §4.5). Who makes two datagrams collide has their later
    /// fragments metered with the wrong ports, which by sending them so he could have anyway.
    /// </summary>
    private static ulong FragmentKeyOf(in PacketHeader header, uint identification, byte protocol)
    {
        var mix = (header.Source.High ^ ((ulong)header.SegmentId << 40) ^ protocol) * 0x9E3779B97F4A7C15;
        mix = (mix ^ header.Source.Low ^ (mix >> 29)) * 0xBF58476D1CE4E5B9;
        mix = (mix ^ header.Destination.High ^ (mix >> 32)) * 0x94D049BB133111EB;
        mix = (mix ^ header.Destination.Low ^ (mix >> 29)) * 0xBF58476D1CE4E5B9;
        mix = (mix ^ identification ^ (mix >> 32)) * 0x94D049BB133111EB;
        return mix ^ (mix >> 31);
    }
}
