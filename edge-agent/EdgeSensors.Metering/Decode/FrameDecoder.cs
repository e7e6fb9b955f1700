using System.Buffers.Binary;

namespace EdgeSensors.Metering.Decode;

/// <summary>
/// Reads a captured frame's headers into a <see cref="PacketHeader"/>. Total: any bytes give a <see cref="DecodeStatus"/>, nothing is thrown, nothing is allocated,
/// and work is bounded by <see cref="MaxVlanTags"/> and <see cref="MaxExtensionHeaders"/>. This file reads the link layer; each payload type ends in
/// <see cref="DecodeNetwork"/>, which a tunnel decoder can enter again at an inner header.
/// </summary>
public static partial class FrameDecoder
{
    /// <summary>VLAN tags followed before a frame is given up.</summary>
    public const int MaxVlanTags = 4;

    /// <summary>IPv6 extension headers followed before a packet is metered without ports.</summary>
    public const int MaxExtensionHeaders = 8;

    private const int EtherTypeIPv4 = 0x0800;
    private const int EtherTypeIPv6 = 0x86DD;
    private const int EtherTypeUnknown = -1;

    /// <summary>Whether frames of this link type can be decoded.</summary>
    public static bool Supports(LinkType linkType) => linkType is LinkType.Ethernet or LinkType.Null or LinkType.Loop or LinkType.Raw or LinkType.RawOld
        or LinkType.RawOpenBsd or LinkType.IPv4 or LinkType.IPv6 or LinkType.LinuxCooked or LinkType.LinuxCooked2;

    /// <summary>Decodes one frame.</summary>
    /// <param name="linkType">How the frame is framed.</param>
    /// <param name="frame">The captured bytes, possibly fewer than were on the wire.</param>
    /// <param name="originalLength">The frame's length on the wire, in octets.</param>
    /// <param name="timestampNs">Nanoseconds since the Unix epoch.</param>
    /// <param name="header">Overwritten. <see cref="PacketHeader.IpVersion"/> is not 0 exactly if there is a packet to meter.</param>
    public static DecodeStatus Decode(LinkType linkType, ReadOnlySpan<byte> frame, int originalLength, long timestampNs, out PacketHeader header)
    {
        header = default;
        header.TimestampNs = timestampNs;
        if (originalLength < frame.Length)
            originalLength = frame.Length;
        if (linkType == LinkType.Ethernet)
        {
            if (frame.Length < 14)
                return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
            int etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
            return etherType == EtherTypeIPv4
                ? DecodeIPv4(frame, originalLength, 14, ref header)
                : DecodeTagged(frame, originalLength, etherType, 14, ref header);
        }

        return DecodeOtherLink(linkType, frame, originalLength, ref header);
    }

    /// <summary>The same for a frame whose VLAN tag the network card took off (TPACKET's tp_vlan_tci).</summary>
    /// <param name="linkType">How the frame is framed.</param>
    /// <param name="frame">The captured bytes without the tag.</param>
    /// <param name="originalLength">The frame's length on the wire, in octets.</param>
    /// <param name="timestampNs">Nanoseconds since the Unix epoch.</param>
    /// <param name="strippedVlanId">The id in the tag that was taken off (0 to 4095).</param>
    /// <param name="header">Overwritten, as in the other overload.</param>
    public static DecodeStatus Decode(
        LinkType linkType, ReadOnlySpan<byte> frame, int originalLength, long timestampNs, ushort strippedVlanId, out PacketHeader header)
    {
        var status = Decode(linkType, frame, originalLength, timestampNs, out header);
        header.CustomerVlanId = header.VlanId;
        header.VlanId = (ushort)(strippedVlanId & 0x0FFF);
        return status;
    }

    private static DecodeStatus DecodeOtherLink(LinkType linkType, ReadOnlySpan<byte> frame, int originalLength, ref PacketHeader header)
    {
        switch (linkType)
        {
            case LinkType.Raw or LinkType.RawOld or LinkType.RawOpenBsd:
                return DecodeNetwork(frame, originalLength, EtherTypeUnknown, 0, ref header);
            case LinkType.IPv4:
                return DecodeNetwork(frame, originalLength, EtherTypeIPv4, 0, ref header);
            case LinkType.IPv6:
                return DecodeNetwork(frame, originalLength, EtherTypeIPv6, 0, ref header);
            case LinkType.Null or LinkType.Loop:
                if (frame.Length < 4)
                    return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
                return DecodeNetwork(frame, originalLength, FamilyToEtherType(BinaryPrimitives.ReadUInt32LittleEndian(frame)), 4, ref header);
            case LinkType.LinuxCooked:
                if (frame.Length < 16)
                    return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
                return DecodeTagged(frame, originalLength, BinaryPrimitives.ReadUInt16BigEndian(frame[14..]), 16, ref header);
            case LinkType.LinuxCooked2:
                if (frame.Length < 20)
                    return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
                return DecodeTagged(frame, originalLength, BinaryPrimitives.ReadUInt16BigEndian(frame), 20, ref header);
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

    private static DecodeStatus DecodeTagged(ReadOnlySpan<byte> frame, int originalLength, int etherType, int offset, ref PacketHeader header)
    {
        for (var tags = 0; etherType is 0x8100 or 0x88A8 or 0x9100 or 0x9200 or 0x9300; tags++)
        {
            if (tags == MaxVlanTags)
                return Fail(ref header, DecodeStatus.TooManyVlanTags);
            if (frame.Length < offset + 4)
                return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
            var id = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]) & 0x0FFF);
            if (tags == 0)
                header.VlanId = id;
            else if (tags == 1)
                header.CustomerVlanId = id;
            etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]);
            offset += 4;
        }

        // IEEE 802.3 length with LLC/SNAP (RFC 1042): AA AA 03, organisation 0, then an EtherType.
        if (etherType <= 1500 && frame.Length >= offset + 8
            && BinaryPrimitives.ReadUInt64BigEndian(frame[offset..]) is var snap && snap >> 16 == 0xAAAA_0300_0000)
        {
            etherType = (int)(snap & 0xFFFF);
            offset += 8;
        }

        return DecodeNetwork(frame, originalLength, etherType, offset, ref header);
    }

    private static DecodeStatus DecodeNetwork(ReadOnlySpan<byte> frame, int originalLength, int etherType, int offset, ref PacketHeader header)
    {
        if (etherType == EtherTypeUnknown)
        {
            if (frame.Length <= offset)
                return Fail(ref header, DecodeStatus.IpHeaderTruncated);
            etherType = (frame[offset] >> 4) switch { 4 => EtherTypeIPv4, 6 => EtherTypeIPv6, _ => EtherTypeUnknown };
            if (etherType == EtherTypeUnknown)
                return Fail(ref header, DecodeStatus.IpVersionInvalid);
        }

        if (etherType == EtherTypeIPv4)
            return DecodeIPv4(frame, originalLength, offset, ref header);
        if (etherType == EtherTypeIPv6)
            return DecodeIPv6(frame, originalLength, offset, ref header);
        header.HeaderLength = Math.Min(offset, frame.Length);
        return DecodeStatus.NotIp;
    }

    /// <summary>A frame that cannot be read to an IP header has no known payload start: nothing of it is kept.</summary>
    private static DecodeStatus Fail(ref PacketHeader header, DecodeStatus status)
    {
        header.HeaderLength = 0;
        header.IpVersion = 0;
        return status;
    }
}
