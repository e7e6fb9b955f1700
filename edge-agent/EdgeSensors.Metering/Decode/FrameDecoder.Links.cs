using System.Buffers.Binary;

namespace EdgeSensors.Metering.Decode;

/// <content>Framings other than Ethernet.</content>
public static partial class FrameDecoder
{
    /// <summary>Attributes of a netlink log message that are looked at before its packet.</summary>
    private const int MaxLogAttributes = 32;

    /// <summary>Whether frames of this link type can be decoded.</summary>
    public static bool Supports(LinkType linkType) => Enum.IsDefined(linkType);

    private static DecodeStatus DecodeOtherLink(LinkType linkType, ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        switch (linkType)
        {
            case LinkType.Ethernet:
                return DecodeEthernet(frame, originalLength, offset, ref header);
            case LinkType.Raw or LinkType.RawOld or LinkType.RawOpenBsd:
                return DecodeNetwork(frame, originalLength, EtherTypeUnknown, offset, ref header);
            case LinkType.IPv4:
                return DecodeNetwork(frame, originalLength, EtherTypeIPv4, offset, ref header);
            case LinkType.IPv6:
                return DecodeNetwork(frame, originalLength, EtherTypeIPv6, offset, ref header);
            case LinkType.Null or LinkType.Loop:
                if (frame.Length < offset + 4)
                    return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
                return DecodeNetwork(frame, originalLength, FamilyToEtherType(BinaryPrimitives.ReadUInt32LittleEndian(frame[offset..])), offset + 4, ref header);
            case LinkType.LinuxCooked:
                if (frame.Length < offset + 16)
                    return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
                return DecodeTagged(frame, originalLength, BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 14)..]), offset + 16, ref header);
            case LinkType.LinuxCooked2:
                if (frame.Length < offset + 20)
                    return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
                return DecodeTagged(frame, originalLength, BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]), offset + 20, ref header);
            case LinkType.Mpls:
                return DecodeNetwork(frame, originalLength, EtherTypeMpls, offset, ref header);
            case LinkType.Ppp or LinkType.PppSerial or LinkType.CiscoHdlc:
                return DecodeSerial(frame, originalLength, offset, ref header);
            case LinkType.PppEther:
                return DecodeNetwork(frame, originalLength, EtherTypePppoe, offset, ref header);
            case LinkType.FrameRelay:
                return DecodeFrameRelay(frame, originalLength, offset, ref header);
            case LinkType.NetlinkLog:
                return DecodeNetlinkLog(frame, originalLength, offset, ref header);
            case LinkType.Wireless:
                return DecodeNetwork(frame, originalLength, EtherTypeWireless, offset, ref header);
            case LinkType.WirelessRadiotap:
                return DecodeRadiotap(frame, originalLength, offset, ref header);
            case LinkType.PerPacketInformation:
                return DecodePerPacketInformation(frame, originalLength, offset, ref header);
            default:
                return DecodeStatus.UnsupportedLinkType;
        }
    }

    /// <summary>
    /// The address family of a BSD loopback header; AF_INET6 differs by system, and the writing host's byte order is not recorded, so both are tried
    /// (families are small numbers). See the registry's LINKTYPE_NULL. Some writers put an EtherType into the last two octets.
    /// </summary>
    private static int FamilyToEtherType(uint family)
    {
        var swapped = BinaryPrimitives.ReverseEndianness(family);
        if ((swapped & 0xFFFF) is EtherTypeIPv4 or EtherTypeIPv6 && family > 0xFFFF)
            return (int)(swapped & 0xFFFF);
        return Math.Min(family, swapped) switch
        {
            2 => EtherTypeIPv4,
            10 or 23 or 24 or 26 or 28 or 30 => EtherTypeIPv6,
            _ => 0,
        };
    }

    /// <summary>PPP with or without its HDLC address (RFC 1662 §3.1), or Cisco HDLC: address 0F or 8F, control 0, an EtherType (RFC 1547 §4.3.1).</summary>
    private static DecodeStatus DecodeSerial(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length < offset + 4)
            return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
        return frame[offset] is 0x0F or 0x8F && frame[offset + 1] == 0
            ? DecodeTagged(frame, originalLength, BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]), offset + 4, ref header)
            : DecodeNetwork(frame, originalLength, EtherTypePpp, offset, ref header);
    }

    /// <summary>Two octets of address, then RFC 2427's protocol identifier behind control 03, or Cisco's EtherType.</summary>
    private static DecodeStatus DecodeFrameRelay(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        var start = offset;
        do
        {
            if (frame.Length < offset + 4)
                return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
        }
        while ((frame[offset++] & 1) == 0 && offset < start + 4); // the address ends with its first odd octet
        if (frame[offset] != 3)
            return DecodeTagged(frame, originalLength, BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]), offset + 2, ref header);
        offset += frame[offset + 1] == 0 ? 2 : 1;
        if (frame.Length < offset + 6)
            return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
        return frame[offset] switch
        {
            0xCC => DecodeNetwork(frame, originalLength, EtherTypeIPv4, offset + 1, ref header),
            0x8E => DecodeNetwork(frame, originalLength, EtherTypeIPv6, offset + 1, ref header),
            0x80 when (BinaryPrimitives.ReadUInt32BigEndian(frame[offset..]) & 0xFF_FFFF) == 0 =>
                DecodeTagged(frame, originalLength, BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 4)..]), offset + 6, ref header),
            _ => DecodeNetwork(frame, originalLength, 0, offset, ref header),
        };
    }

    /// <summary>Address family, version, resource, then attributes in the writing host's byte order (nearly always little-endian), of which the ninth kind is the packet.</summary>
    private static DecodeStatus DecodeNetlinkLog(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        const int PacketAttribute = 9;
        if (frame.Length < offset + 4)
            return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
        var etherType = FamilyToEtherType(frame[offset]);
        offset += 4;
        for (var count = 0; count < MaxLogAttributes && frame.Length >= offset + 4; count++)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(frame[offset..]);
            if ((BinaryPrimitives.ReadUInt16LittleEndian(frame[(offset + 2)..]) & 0x7FFF) == PacketAttribute)
                return DecodeNetwork(frame, Math.Min(originalLength, offset + Math.Max(4, length)), etherType, offset + 4, ref header);
            if (length < 4)
                break;
            offset += (length + 3) & ~3;
        }

        return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
    }
}
