namespace EdgeSensors.Firmware.Decode;

/// <summary>
/// Ethernet with VLAN tags, IPv4 (RFC 791), IPv6 (RFC 8200) and the ports and flags behind them, read in place. Total: any octets give a
/// status. Nothing is allocated. Beyond the headers nothing is asked for: see <see cref="HeaderEnd"/>.
/// </summary>
internal static class FrameParser
{
    /// <summary>The most octets of headers that are read of a frame; ports behind more are left unread.</summary>
    public const int MostHeader = 256;

    /// <summary>Octets of an Ethernet header without tags.</summary>
    public const int EthernetHeader = 14;

    private const int MaxVlanTags = 4;
    private const int MaxExtensionHeaders = 8;

    /// <summary>
    /// How many octets from the frame's begin are known to be header, when the first <paramref name="have"/> have been read. As long as it is
    /// more than that, so much may be fetched. Payload is never within it: this is the wall "metadata only" on the tap.
    /// </summary>
    public static int HeaderEnd(byte[] b, int have, int frameLength)
    {
        int end = Known(b, have, frameLength);
        int most = frameLength < MostHeader ? frameLength : MostHeader;
        return end < most ? end : most;
    }

    /// <summary>Parses the frame that begins at <paramref name="o"/>, of which <paramref name="have"/> octets are there.</summary>
    public static FrameStatus Parse(byte[] b, int o, int have, int frameLength, FrameHeader h)
    {
        h.IpVersion = 0;
        h.HasPorts = false;
        h.SourcePort = 0;
        h.DestinationPort = 0;
        h.TcpFlags = 0;
        if (have < EthernetHeader)
        {
            return FrameStatus.Malformed;
        }

        int limit = o + have;
        int at = o + EthernetHeader;
        int type = (b[at - 2] << 8) | b[at - 1];
        for (int tags = 0; IsTag(type); tags++)
        {
            if (tags == MaxVlanTags || limit < at + 4)
            {
                return FrameStatus.Malformed;
            }

            type = (b[at + 2] << 8) | b[at + 3];
            at += 4;
        }

        if (type == 0x0800)
        {
            return ParseIPv4(b, at, limit, o + frameLength, h);
        }

        return type == 0x86dd ? ParseIPv6(b, at, limit, o + frameLength, h) : FrameStatus.NotIp;
    }

    private static bool IsTag(int type)
    {
        return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200 || type == 0x9300;
    }

    private static FrameStatus ParseIPv4(byte[] b, int at, int limit, int frameEnd, FrameHeader h)
    {
        if (limit < at + 20 || b[at] >> 4 != 4)
        {
            return FrameStatus.Malformed;
        }

        int headerLength = (b[at] & 15) << 2;
        int length = (b[at + 2] << 8) | b[at + 3];
        if (length == 0)
        {
            length = frameEnd - at; // sent below segmentation offload
        }

        if (headerLength < 20 || length < headerLength)
        {
            return FrameStatus.Malformed;
        }

        h.IpVersion = 4;
        h.IpLength = length;
        h.Protocol = b[at + 9];
        h.SourceHigh = 0;
        h.SourceLow = 0xffff00000000UL | ((uint)b[at + 12] << 24) | ((uint)b[at + 13] << 16) | ((uint)b[at + 14] << 8) | b[at + 15];
        h.DestinationHigh = 0;
        h.DestinationLow = 0xffff00000000UL | ((uint)b[at + 16] << 24) | ((uint)b[at + 17] << 16) | ((uint)b[at + 18] << 8) | b[at + 19];
        if (limit < at + headerLength)
        {
            return FrameStatus.Malformed;
        }

        bool later = ((b[at + 6] & 0x1f) | b[at + 7]) != 0;
        int end = at + length < limit ? at + length : limit;
        return later ? FrameStatus.Ok : ParseTransport(b, at + headerLength, end, at + length, h);
    }

    private static FrameStatus ParseIPv6(byte[] b, int at, int limit, int frameEnd, FrameHeader h)
    {
        if (limit < at + 40 || b[at] >> 4 != 6)
        {
            return FrameStatus.Malformed;
        }

        int payload = (b[at + 4] << 8) | b[at + 5];
        h.Protocol = b[at + 6];
        if (payload == 0 && h.Protocol == 0)
        {
            payload = frameEnd - at - 40; // a jumbogram (RFC 2675)
            if (payload < 0)
            {
                payload = 0;
            }
        }

        h.IpVersion = 6;
        h.IpLength = payload + 40;
        h.SourceHigh = Read64(b, at + 8);
        h.SourceLow = Read64(b, at + 16);
        h.DestinationHigh = Read64(b, at + 24);
        h.DestinationLow = Read64(b, at + 32);
        int packetEnd = at + 40 + payload;
        int end = packetEnd < limit ? packetEnd : limit;
        at += 40;
        for (int depth = 0; IsExtension(h.Protocol); depth++)
        {
            if (depth == MaxExtensionHeaders || end < at + 8)
            {
                return FrameStatus.Malformed;
            }

            bool later = h.Protocol == 44 && (b[at + 2] | (b[at + 3] & 0xf8)) != 0;
            int length = ExtensionLength(h.Protocol, b[at + 1]);
            if (end < at + length)
            {
                return FrameStatus.Malformed;
            }

            h.Protocol = b[at];
            at += length;
            if (later)
            {
                return FrameStatus.Ok; // what follows belongs to the first fragment's chain (RFC 8200, section 4.5)
            }
        }

        return ParseTransport(b, at, end, packetEnd, h);
    }

    private static FrameStatus ParseTransport(byte[] b, int at, int end, int packetEnd, FrameHeader h)
    {
        int wanted = TransportHeader(h.Protocol);
        if (wanted == 0 || wanted == 4)
        {
            return end < at + wanted ? FrameStatus.Malformed : FrameStatus.Ok;
        }

        if (end >= at + 4)
        {
            h.HasPorts = true;
            h.SourcePort = (b[at] << 8) | b[at + 1];
            h.DestinationPort = (b[at + 2] << 8) | b[at + 3];
        }

        if (h.Protocol == 6 && end >= at + 14)
        {
            h.TcpFlags = b[at + 13];
        }

        if (end < at + wanted)
        {
            return FrameStatus.Malformed;
        }

        if (h.Protocol == 6)
        {
            int length = (b[at + 12] >> 4) << 2;
            return length < 20 || at + length > packetEnd ? FrameStatus.Malformed : FrameStatus.Ok;
        }

        int udp = (b[at + 4] << 8) | b[at + 5];
        return h.Protocol == 17 && udp > 0 && udp < 8 ? FrameStatus.Malformed : FrameStatus.Ok;
    }

    /// <summary>The fixed part of a transport's header: TCP, UDP, SCTP; of ICMP type, code and checksum; of what else there is nothing is read.</summary>
    private static int TransportHeader(int protocol)
    {
        switch (protocol)
        {
            case 6: return 20;
            case 17: return 8;
            case 132: return 12;
            case 1: return 4;
            case 58: return 4;
            default: return 0;
        }
    }

    private static bool IsExtension(int protocol)
    {
        return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 || protocol == 60 || protocol == 135 || protocol == 139 || protocol == 140;
    }

    private static int ExtensionLength(int protocol, int field)
    {
        if (protocol == 44)
        {
            return 8;
        }

        return protocol == 51 ? (field + 2) << 2 : (field + 1) << 3;
    }

    private static ulong Read64(byte[] b, int at)
    {
        uint high = ((uint)b[at] << 24) | ((uint)b[at + 1] << 16) | ((uint)b[at + 2] << 8) | b[at + 3];
        uint low = ((uint)b[at + 4] << 24) | ((uint)b[at + 5] << 16) | ((uint)b[at + 6] << 8) | b[at + 7];
        return ((ulong)high << 32) | low;
    }

    private static int Known(byte[] b, int have, int frameLength)
    {
        int at = EthernetHeader;
        if (have < at)
        {
            return at;
        }

        int type = (b[at - 2] << 8) | b[at - 1];
        for (int tags = 0; IsTag(type) && tags < MaxVlanTags; tags++)
        {
            if (have < at + 4)
            {
                return at + 4;
            }

            type = (b[at + 2] << 8) | b[at + 3];
            at += 4;
        }

        if (type == 0x0800)
        {
            return KnownIPv4(b, at, have, frameLength);
        }

        return type == 0x86dd ? KnownIPv6(b, at, have, frameLength) : at;
    }

    private static int KnownIPv4(byte[] b, int at, int have, int frameLength)
    {
        if (have < at + 20)
        {
            return at + 20;
        }

        int length = (b[at + 2] << 8) | b[at + 3];
        int headerLength = (b[at] & 15) << 2;
        if (b[at] >> 4 != 4 || headerLength < 20 || (length != 0 && length < headerLength))
        {
            return at + 20;
        }

        int packetEnd = length == 0 ? frameLength : at + length;
        bool later = ((b[at + 6] & 0x1f) | b[at + 7]) != 0;
        int end = at + headerLength + (later ? 0 : TransportHeader(b[at + 9]));
        return end < packetEnd ? end : packetEnd;
    }

    private static int KnownIPv6(byte[] b, int at, int have, int frameLength)
    {
        if (have < at + 40 || b[at] >> 4 != 6)
        {
            return at + 40;
        }

        int payload = (b[at + 4] << 8) | b[at + 5];
        int protocol = b[at + 6];
        int packetEnd = payload == 0 && protocol == 0 ? frameLength : at + 40 + payload;
        at += 40;
        for (int depth = 0; depth < MaxExtensionHeaders && IsExtension(protocol); depth++)
        {
            if (have < at + 8)
            {
                return at + 8 < packetEnd ? at + 8 : packetEnd;
            }

            bool later = protocol == 44 && (b[at + 2] | (b[at + 3] & 0xf8)) != 0;
            int length = ExtensionLength(protocol, b[at + 1]);
            protocol = b[at];
            at += length;
            if (later || at > packetEnd || at > MostHeader)
            {
                return at < packetEnd ? at : packetEnd;
            }
        }

        int end = IsExtension(protocol) ? at : at + TransportHeader(protocol);
        return end < packetEnd ? end : packetEnd;
    }
}
