using System.Buffers.Binary;

namespace EdgeSensors.Metering.Decode;

/// <summary>
/// Reads a captured frame's headers into a <see cref="PacketHeader"/>. Total: any bytes give a <see cref="DecodeStatus"/>, nothing is thrown, nothing is allocated,
/// and work is bounded by <see cref="MaxVlanTags"/>, <see cref="MaxExtensionHeaders"/>, <see cref="MaxLabels"/> and <see cref="MaxTunnelDepth"/>. This file reads Ethernet; every
/// framing and every tunnel ends in <see cref="DecodeNetwork"/>, entered again at each inner header.
/// </summary>
/// <remarks>
/// The innermost IP packet is metered, once. A tunnel whose inside cannot be read leaves its own packet to be metered. A frame that is cut at
/// <see cref="PacketHeader.HeaderLength"/> decodes the same.
/// </remarks>
public static partial class FrameDecoder
{
    /// <summary>VLAN tags followed before a frame is given up.</summary>
    public const int MaxVlanTags = 4;

    /// <summary>IPv6 extension headers followed before a packet is metered without ports.</summary>
    public const int MaxExtensionHeaders = 8;

    /// <summary>MPLS labels followed in one stack.</summary>
    public const int MaxLabels = 16;

    /// <summary>Tunnels followed, one in another; the packet at that depth is metered.</summary>
    public const int MaxTunnelDepth = 8;

    private const int EtherTypeIPv4 = 0x0800;
    private const int EtherTypeIPv6 = 0x86DD;

    /// <summary>PPP (RFC 2637 and the IANA registry).</summary>
    private const int EtherTypePpp = 0x880B;

    /// <summary>IPv4 or IPv6 by the first four bits.</summary>
    private const int EtherTypeUnknown = -1;

    private const int VlanTagLength = 4;

    /// <summary>An IEEE 802.11 frame.</summary>
    private const int EtherTypeWireless = -2;

    /// <summary>An IEEE 802.11 frame whose frame and sequence control have their octets the other way round, as some of Cisco's access points send it.</summary>
    private const int EtherTypeWirelessSwapped = -4;

    /// <summary>An Ethernet frame. Not the number that tunnels have for it (<see cref="FromTunnel"/>), lest frames lie in frames without a tunnel and so without end.</summary>
    private const int EtherTypeEthernet = -3;

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
            if (etherType == EtherTypeIPv4)
                return DecodeIPv4(frame, originalLength, 14, ref header);
            return etherType == EtherTypeIPv6
                ? DecodeIPv6(frame, originalLength, 14, ref header)
                : DecodeTagged(frame, originalLength, etherType, 14, ref header);
        }

        return DecodeOtherLink(linkType, frame, originalLength, 0, ref header);
    }

    /// <summary>
    /// Decodes with fewer tunnels entered, to learn what lies around a packet: at 0 the outermost IP packet is metered, at <see cref="MaxTunnelDepth"/> the innermost.
    /// </summary>
    internal static DecodeStatus DecodeLayer(LinkType linkType, ReadOnlySpan<byte> frame, int originalLength, int tunnels, out PacketHeader header)
    {
        header = default;
        var used = (byte)(MaxTunnelDepth - tunnels);
        header.TunnelDepth = used;
        originalLength = Math.Max(originalLength, frame.Length);
        var status = linkType == LinkType.Ethernet
            ? DecodeEthernet(frame, originalLength, 0, ref header)
            : DecodeOtherLink(linkType, frame, originalLength, 0, ref header);
        header.TunnelDepth -= used;
        return status;
    }

    private static DecodeStatus DecodeEthernet(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length < offset + 14)
            return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
        return DecodeTagged(frame, originalLength, BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 12)..]), offset + 14, ref header);
    }

    private static DecodeStatus DecodeTagged(ReadOnlySpan<byte> frame, int originalLength, int etherType, int offset, ref PacketHeader header)
    {
        for (int tags = 0, vlans = 0; TagLength(etherType) is var length && length != 0; tags++)
        {
            if (tags == MaxVlanTags)
                return Fail(ref header, DecodeStatus.TooManyVlanTags);
            if (frame.Length < offset + length)
                return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
            if (length == VlanTagLength)
            {
                var id = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]) & 0x0FFF);
                if (vlans == 0)
                    header.VlanId = id;
                else if (vlans == 1)
                    header.CustomerVlanId = id;
                vlans++;
            }

            offset += length;
            etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset - 2)..]);
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

    /// <summary>Octets from behind a tag's EtherType to behind the next EtherType; 0 of what is no tag.</summary>
    private static int TagLength(int etherType) => etherType switch
    {
        0x8100 or 0x88A8 or 0x9100 or 0x9200 or 0x9300 => VlanTagLength,
        0x8926 => 6, // VN-Tag (before IEEE 802.1BR)
        0x893F => 8, // E-tag (IEEE 802.1BR)
        0x8909 => 8, // Cisco metadata (the security group)
        _ => 0,
    };

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
        return DecodeBetween(frame, originalLength, etherType, offset, ref header);
    }

    /// <summary>A frame that cannot be read to an IP header has no known payload start: nothing of it is kept.</summary>
    private static DecodeStatus Fail(ref PacketHeader header, DecodeStatus status)
    {
        header.HeaderLength = 0;
        header.IpVersion = 0;
        return status;
    }
}
