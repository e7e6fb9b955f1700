using System.Buffers.Binary;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>Finds where the IP packet begins in a captured frame, so that it can be framed anew as Ethernet.</summary>
internal static class LinkFraming
{
    /// <summary>Octets before the IP header; false where the frame is not one that <see cref="FrameDecoder"/> reads as IP.</summary>
    public static bool TryFindIp(LinkType linkType, ReadOnlySpan<byte> frame, out int offset)
    {
        switch (linkType)
        {
            case LinkType.Ethernet:
                return SkipTags(frame, 12, out offset);
            case LinkType.LinuxCooked:
                return SkipTags(frame, 14, out offset);
            case LinkType.LinuxCooked2:
                offset = 20;
                var tagged = frame.Length >= 20 && IsTag(BinaryPrimitives.ReadUInt16BigEndian(frame));
                return tagged ? SkipTags(frame, 22, out offset) : frame.Length > 20;
            case LinkType.Null or LinkType.Loop:
                offset = 4;
                return frame.Length > 4;
            case LinkType.Raw or LinkType.RawOld or LinkType.RawOpenBsd or LinkType.IPv4 or LinkType.IPv6:
                offset = 0;
                return frame.Length > 0;
            default:
                offset = 0;
                return false;
        }
    }

    private static bool SkipTags(ReadOnlySpan<byte> frame, int typeAt, out int offset)
    {
        offset = typeAt + 2;
        for (var tags = 0; tags <= FrameDecoder.MaxVlanTags; tags++, offset += 4)
        {
            if (frame.Length < offset)
            {
                return false;
            }

            var etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset - 2)..]);
            if (!IsTag(etherType))
            {
                // IEEE 802.3 with LLC/SNAP (RFC 1042) has its EtherType eight octets later.
                offset += etherType <= 1500 ? 8 : 0;
                return frame.Length > offset;
            }
        }

        return false;
    }

    private static bool IsTag(int etherType) => etherType is 0x8100 or 0x88A8 or 0x9100 or 0x9200 or 0x9300;
}
