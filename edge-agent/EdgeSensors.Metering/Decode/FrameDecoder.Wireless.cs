using System.Buffers.Binary;

namespace EdgeSensors.Metering.Decode;

/// <content>IEEE 802.11 frames, and the radio headers that captures put before them.</content>
public static partial class FrameDecoder
{
    /// <summary>A data frame's header, then LLC/SNAP (IEEE 802.11-2020 §9.3.2.1). Encrypted, aggregated and later fragments are not looked into.</summary>
    private static DecodeStatus DecodeWireless(ReadOnlySpan<byte> frame, int originalLength, int offset, bool swapped, bool padded, ref PacketHeader header)
    {
        if (frame.Length < offset + 24)
            return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
        int control = frame[swapped ? offset + 1 : offset];
        int flags = frame[swapped ? offset : offset + 1];
        const int Data = 0x08, NullData = 0x40, QualityOfService = 0x80;
        const int BothDistributionSystems = 0x03, Protected = 0x40, HighThroughputControl = 0x80;
        if ((control & (0x0F | NullData)) != Data || (flags & Protected) != 0 || (frame[swapped ? offset + 23 : offset + 22] & 0x0F) != 0)
            return NotIp(frame, offset, ref header);
        var length = 24 + ((flags & BothDistributionSystems) == BothDistributionSystems ? 6 : 0);
        if ((control & QualityOfService) != 0)
        {
            if (frame.Length < offset + length + 2)
                return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
            const int Aggregated = 0x80;
            if ((frame[offset + length] & Aggregated) != 0)
                return NotIp(frame, offset, ref header);
            length += (flags & HighThroughputControl) != 0 ? 6 : 2;
        }

        if (padded)
            length = (length + 3) & ~3;
        return DecodeTagged(frame, originalLength, etherType: 0, offset + length, ref header);
    }

    /// <summary>Radiotap: version 0, its own length in little-endian order, and a flag for two octets of padding behind the 802.11 header.</summary>
    private static DecodeStatus DecodeRadiotap(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length < offset + 8)
            return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(frame[(offset + 2)..]);
        if (length < 8)
            return NotIp(frame, offset, ref header);
        const uint Timestamp = 1, Flags = 2, More = 0x8000_0000;
        var present = BinaryPrimitives.ReadUInt32LittleEndian(frame[(offset + 4)..]);
        var padded = false;
        if ((present & Flags) != 0)
        {
            var fields = 8; // behind the words that say which fields are present
            for (var word = present; (word & More) != 0 && fields + 4 <= length && frame.Length >= offset + fields + 4; fields += 4)
                word = BinaryPrimitives.ReadUInt32LittleEndian(frame[(offset + fields)..]);
            if ((present & Timestamp) != 0)
                fields = ((fields + 7) & ~7) + 8;
            padded = fields < length && frame.Length > offset + fields && (frame[offset + fields] & 0x20) != 0;
        }

        return DecodeWireless(frame, originalLength, offset + length, swapped: false, padded, ref header);
    }

    /// <summary>PPI: its own length and the link type of what follows, both in little-endian order.</summary>
    private static DecodeStatus DecodePerPacketInformation(ReadOnlySpan<byte> frame, int originalLength, int offset, ref PacketHeader header)
    {
        if (frame.Length < offset + 8)
            return Fail(ref header, DecodeStatus.LinkHeaderTruncated);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(frame[(offset + 2)..]);
        var linkType = (LinkType)BinaryPrimitives.ReadInt32LittleEndian(frame[(offset + 4)..]);
        return length < 8 || linkType == LinkType.PerPacketInformation
            ? NotIp(frame, offset, ref header)
            : DecodeOtherLink(linkType, frame, originalLength, offset + length, ref header);
    }
}
