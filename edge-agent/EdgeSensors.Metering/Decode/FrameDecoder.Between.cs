using System.Buffers.Binary;

namespace EdgeSensors.Metering.Decode;

/// <content>What lies between a link header and an IP header: MPLS, PPPoE, PPP, NSH and Ethernet in Ethernet.</content>
public static partial class FrameDecoder
{
    private const int EtherTypeMpls = 0x8847;
    private const int EtherTypePppoe = 0x8864;
    private const int EtherTypeNsh = 0x894F;

    private static DecodeStatus DecodeBetween(ReadOnlySpan<byte> frame, int originalLength, int etherType, int offset, ref PacketHeader header)
    {
        var before = header;
        var status = etherType switch
        {
            EtherTypeEthernet => DecodeInnerEthernet(frame, originalLength, offset, ref header),
            EtherTypeMpls or 0x8848 => DecodeMpls(frame, originalLength, offset, ref header),
            EtherTypePppoe => DecodePppoe(frame, originalLength, offset, ref header),
            EtherTypePpp => DecodePpp(frame, originalLength, offset, ref header),
            EtherTypeNsh => DecodeNsh(frame, originalLength, offset, ref header),
            0x88E7 => DecodeBackboneBridge(frame, originalLength, offset, ref header),
            0x8903 => DecodeFabricPath(frame, originalLength, offset, ref header),
            EtherTypeWireless => DecodeWireless(frame, originalLength, offset, swapped: false, padded: false, ref header),
            EtherTypeWirelessSwapped => DecodeWireless(frame, originalLength, offset, swapped: true, padded: false, ref header),
            _ => DecodeStatus.NotIp,
        };
        if (header.IpVersion != 0)
            return status;

        // Of what is not IP, the outermost link header is kept.
        header = before;
        return status == DecodeStatus.NotIp ? NotIp(frame, offset, ref header) : Fail(ref header, status);
    }

    private static DecodeStatus NotIp(ReadOnlySpan<byte> frame, int offset, ref PacketHeader header)
    {
        header.HeaderLength = Math.Min(offset, frame.Length);
        return DecodeStatus.NotIp;
    }

    /// <summary>Notes that the header being read lies in one more tunnel; false where that is one too many.</summary>
    private static bool Descend(TunnelKind kind, uint id, ref PacketHeader header)
    {
        if (header.TunnelDepth >= MaxTunnelDepth)
            return false;
        header.TunnelDepth++;
        header.Tunnel = kind;
        header.TunnelId = id;
        if (kind is TunnelKind.Vxlan or TunnelKind.Geneve or TunnelKind.Nvgre or TunnelKind.Pbb)
            header.SegmentId = id;
        return true;
    }

    /// <summary>A frame in a tunnel is of a network of its own: the tags of the frame around it are not its.</summary>
    private static DecodeStatus DecodeInnerEthernet(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        header.VlanId = header.CustomerVlanId = 0;
        return DecodeEthernet(frame, originalLength, offset, ref header);
    }

    /// <summary>
    /// RFC 3032. Nothing says what lies behind the bottom label. IPv4 and IPv6 are told by their first four bits (RFC 4928) and by a length that fits; 0 is a pseudowire's
    /// control word (RFC 4385), 1 its control channel; and an Ethernet address may begin with any of them (RFC 4448 §4), so a frame is tried for.
    /// </summary>
    private static DecodeStatus DecodeMpls(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        const uint EntropyLabelIndicator = 7;
        uint entry, label, above = 0, id = 0;
        var count = 0;
        do
        {
            if (frame.Length < offset + 4)
                return DecodeStatus.LinkHeaderTruncated;
            if (count++ == MaxLabels)
                return DecodeStatus.NotIp;
            entry = BinaryPrimitives.ReadUInt32BigEndian(frame[offset..]);
            label = entry >> 12;
            if (label != EntropyLabelIndicator && (count == 1 || above != EntropyLabelIndicator))
                id = label;
            above = label;
            offset += 4;
        }
        while ((entry & 0x100) == 0);

        var inPseudowire = header.Tunnel == TunnelKind.Mpls;
        if (!Descend(TunnelKind.Mpls, id, ref header) || frame.Length <= offset)
            return DecodeStatus.NotIp;
        var nibble = frame[offset] >> 4;
        if (nibble is 4 or 6 && IpEnd(frame, offset) <= originalLength)
            return DecodeNetwork(frame, originalLength, EtherTypeUnknown, offset, ref header);
        if (nibble == 0 && TryPseudowire(frame, originalLength, offset + 4, ref header, out var status))
            return status;
        if ((nibble != 0 || !inPseudowire) && TryPseudowire(frame, originalLength, offset, ref header, out status)) // one try inside another, lest their number doubles
            return status;
        return DecodeStatus.NotIp;
    }

    private static bool TryPseudowire(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header, out DecodeStatus status)
    {
        var inner = header;
        status = DecodeInnerEthernet(frame, originalLength, offset, ref inner);
        if (inner.IpVersion == 0)
            return false;
        header = inner;
        return true;
    }

    /// <summary>RFC 2516 §4: version and type 1, code 0, session, length.</summary>
    private static DecodeStatus DecodePppoe(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length < offset + 6)
            return DecodeStatus.LinkHeaderTruncated;
        if (frame[offset] != 0x11 || frame[offset + 1] != 0
            || !Descend(TunnelKind.Pppoe, BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]), ref header))
        {
            return DecodeStatus.NotIp;
        }

        var end = Math.Min(originalLength, offset + 6 + BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 4)..]));
        return DecodePpp(frame[..Math.Min(frame.Length, end)], end, offset + 6, ref header);
    }

    /// <summary>PPP's protocol field of two octets, or one where it is compressed (RFC 1661 §6.5), behind an HDLC address or none (RFC 1662 §3.1).</summary>
    private static DecodeStatus DecodePpp(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length >= offset + 2 && frame[offset] == 0xFF && frame[offset + 1] == 0x03)
            offset += 2;
        if (frame.Length < offset + 2)
            return DecodeStatus.LinkHeaderTruncated;
        var compressed = (frame[offset] & 1) != 0;
        int protocol = compressed ? frame[offset] : BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]);
        offset += compressed ? 1 : 2;
        return protocol switch
        {
            0x0021 => DecodeNetwork(frame, originalLength, EtherTypeIPv4, offset, ref header),
            0x0057 => DecodeNetwork(frame, originalLength, EtherTypeIPv6, offset, ref header),
            0x0281 or 0x0283 => DecodeNetwork(frame, originalLength, EtherTypeMpls, offset, ref header),
            _ => DecodeStatus.NotIp,
        };
    }

    /// <summary>RFC 8300 §2: version 0, length in words, next protocol, path and index.</summary>
    private static DecodeStatus DecodeNsh(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length < offset + 8)
            return DecodeStatus.LinkHeaderTruncated;
        var length = (frame[offset + 1] & 0x3F) * 4;
        if (frame[offset] >> 6 != 0 || length < 8 || !Descend(TunnelKind.Nsh, BinaryPrimitives.ReadUInt32BigEndian(frame[(offset + 4)..]), ref header))
            return DecodeStatus.NotIp;
        return DecodeNetwork(frame, originalLength, NextProtocol(frame[offset + 3]), offset + length, ref header);
    }

    /// <summary>The "next protocol" numbers that NSH (RFC 8300 §2.2) and VXLAN-GPE share, as EtherTypes.</summary>
    private static int NextProtocol(byte number) => number switch
    {
        1 => EtherTypeIPv4,
        2 => EtherTypeIPv6,
        3 => EtherTypeEthernet,
        4 => EtherTypeNsh,
        5 => EtherTypeMpls,
        _ => 0,
    };

    /// <summary>IEEE 802.1Q §9.7: four octets whose lower 24 bits are the service instance, then the customer's frame.</summary>
    private static DecodeStatus DecodeBackboneBridge(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length < offset + 4)
            return DecodeStatus.LinkHeaderTruncated;
        return Descend(TunnelKind.Pbb, BinaryPrimitives.ReadUInt32BigEndian(frame[offset..]) & 0xFF_FFFF, ref header)
            ? DecodeInnerEthernet(frame, originalLength, offset + 4, ref header)
            : DecodeStatus.NotIp;
    }

    /// <summary>Ten bits of forwarding tag and six of hop limit, then the frame.</summary>
    private static DecodeStatus DecodeFabricPath(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length < offset + 2)
            return DecodeStatus.LinkHeaderTruncated;
        return Descend(TunnelKind.FabricPath, (uint)BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]) >> 6, ref header)
            ? DecodeInnerEthernet(frame, originalLength, offset + 2, ref header)
            : DecodeStatus.NotIp;
    }

    /// <summary>Where the IP packet at an offset ends by its own length; beyond all bounds where there is no such length.</summary>
    private static long IpEnd(ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length < offset + 6)
            return long.MaxValue;
        var length = (frame[offset] >> 4) switch
        {
            4 => BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]),
            6 => BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 4)..]) + 40,
            _ => 0,
        };
        return length == 0 ? long.MaxValue : offset + length;
    }
}
