using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace EdgeSensors.Metering.Decode;

/// <content>Tunnels that an IP packet carries by its protocol number: IP, Ethernet, MPLS and GRE.</content>
public static partial class FrameDecoder
{
    /// <summary>A packet that is no transport's: looked into where it is a tunnel, else left as it is.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DecodeStatus DecodeCarrier(ReadOnlySpan<byte> packet, int offset, int end, ref PacketHeader header)
    {
        if (header.Protocol is not (IpProtocol.IPv4 or IpProtocol.IPv6 or IpProtocol.Gre or IpProtocol.EtherIp or IpProtocol.Mpls))
            return DecodeStatus.Ok;
        if (header.TunnelDepth == MaxTunnelDepth)
            return DecodeStatus.TunnelsTooDeep;
        DecodeStatus status;
        var entered = header.Protocol switch
        {
            IpProtocol.IPv4 => TryEnter(packet, end, EtherTypeIPv4, offset, TunnelKind.IpInIp, 0, ref header, out status),
            IpProtocol.IPv6 => TryEnter(packet, end, EtherTypeIPv6, offset, TunnelKind.IpInIp, 0, ref header, out status),
            IpProtocol.Gre => TryGre(packet, offset, end, ref header, out status),
            IpProtocol.Mpls => TryEnter(packet, end, EtherTypeMpls, offset, TunnelKind.None, 0, ref header, out status),
            _ => TryEtherIp(packet, offset, end, ref header, out status),
        };
        return entered ? status : DecodeStatus.TunnelNotRead;
    }

    /// <summary>Reads what a packet carries. Where it is IP it takes the packet's place in <paramref name="header"/>; else nothing is changed.</summary>
    /// <param name="packet">The captured bytes, cut at the carrying packet's end.</param>
    /// <param name="end">Where the carrying packet ends by its own length.</param>
    /// <param name="etherType">What is carried.</param>
    /// <param name="offset">Where that begins.</param>
    /// <param name="kind">The tunnel; none where what is carried says so itself.</param>
    /// <param name="id">Its id.</param>
    /// <param name="header">The carrying packet's.</param>
    /// <param name="status">Of the packet inside.</param>
    private static bool TryEnter(
        ReadOnlySpan<byte> packet, int end, int etherType, int offset, TunnelKind kind, uint id, ref PacketHeader header, out DecodeStatus status)
    {
        status = DecodeStatus.Ok;
        if (offset >= packet.Length)
            return false;
        PacketHeader inner = default;
        inner.TimestampNs = header.TimestampNs;
        inner.VlanId = header.VlanId;
        inner.CustomerVlanId = header.CustomerVlanId;
        inner.SegmentId = header.SegmentId;
        inner.TunnelDepth = header.TunnelDepth;
        if (kind != TunnelKind.None && !Descend(kind, id, ref inner))
            return false;
        status = DecodeNetwork(packet, end, etherType, offset, ref inner);
        if (inner.IpVersion == 0)
            return false;
        if (header.Fragment == FragmentKind.First && inner.Fragment == FragmentKind.Whole)
            TakeFragment(in header, end, ref inner);
        header = inner;
        return true;
    }

    /// <summary>
    /// The carrying packet is the first fragment of a datagram: it is metered as the beginning of the packet inside, with the octets it holds of that; the datagram's later
    /// fragments follow it into that packet's flow.
    /// </summary>
    private static void TakeFragment(in PacketHeader carrier, int end, ref PacketHeader inner)
    {
        inner.Fragment = FragmentKind.First;
        inner.FragmentKey = carrier.FragmentKey;
        var beyond = inner.IpOffset + inner.IpLength - end;
        if (beyond > 0)
        {
            inner.IpLength -= beyond;
            inner.PayloadLength = Math.Max(0, inner.PayloadLength - beyond);
        }
    }

    /// <summary>RFC 3378: version 3 and twelve bits of 0, then an Ethernet frame.</summary>
    private static bool TryEtherIp(ReadOnlySpan<byte> packet, int offset, int end, ref PacketHeader header, out DecodeStatus status)
    {
        status = DecodeStatus.Ok;
        return packet.Length >= offset + 2 && packet[offset] == 0x30 && packet[offset + 1] == 0
            && TryEnter(packet, end, EtherTypeEthernet, offset + 2, TunnelKind.EtherIp, 0, ref header, out status);
    }

    /// <summary>Version 0 without source routes (RFC 2784, RFC 2890), and version 1, PPTP's (RFC 2637 §4.1).</summary>
    private static bool TryGre(ReadOnlySpan<byte> packet, int offset, int end, ref PacketHeader header, out DecodeStatus status)
    {
        const int Checksum = 0x8000, Routing = 0x4000, Key = 0x2000, Sequence = 0x1000, Acknowledgement = 0x0080, Version = 0x0007;
        status = DecodeStatus.Ok;
        if (packet.Length < offset + 4)
            return false;
        int flags = BinaryPrimitives.ReadUInt16BigEndian(packet[offset..]);
        var etherType = FromTunnel(BinaryPrimitives.ReadUInt16BigEndian(packet[(offset + 2)..]));
        var version = flags & Version;
        var hasKey = (flags & Key) != 0;
        if (version > 1 || (flags & Routing) != 0 || (version == 1 && (!hasKey || etherType != EtherTypePpp)))
            return false;
        var at = offset + 4 + ((flags & Checksum) != 0 ? 4 : 0);
        var content = at + (hasKey ? 4 : 0) + ((flags & Sequence) != 0 ? 4 : 0) + (version == 1 && (flags & Acknowledgement) != 0 ? 4 : 0);
        if (packet.Length <= content)
            return false;
        var key = hasKey ? BinaryPrimitives.ReadUInt32BigEndian(packet[at..]) : 0;
        if (version == 1)
        {
            end = Math.Min(end, content + (int)(key >> 16));
            return TryEnter(packet[..Math.Min(packet.Length, end)], end, EtherTypePpp, content, TunnelKind.Gre, key & 0xFFFF, ref header, out status);
        }

        switch (etherType)
        {
            case 0x88BE or 0x22EB:
                return TryErspan(packet, content, end, etherType, (flags & Sequence) != 0, ref header, out status);
            case EtherTypeEthernet when hasKey && key >> 8 is >= 0x1000 and < 0xFF_FFFF: // RFC 7637 §3.2: the networks below are reserved, so a small key is plain GRE's
                return TryEnter(packet, end, etherType, content, TunnelKind.Nvgre, key >> 8, ref header, out status);
            case 0x883E: // WCCP's redirection: version 2 has a word of its own before the packet
                return TryEnter(packet, end, EtherTypeUnknown, content + (packet[content] >> 4 == 4 ? 0 : 4), TunnelKind.Gre, key, ref header, out status);
            default:
                return TryEnterTagged(packet, end, etherType, content, TunnelKind.Gre, key, ref header, out status);
        }
    }

    /// <summary>An EtherType in a tunnel's header, where 0x6558 (transparent Ethernet bridging, RFC 1701) is a frame.</summary>
    private static int FromTunnel(int etherType) => etherType == 0x6558 ? EtherTypeEthernet : etherType;

    /// <summary>As <see cref="TryEnter"/>, with VLAN tags that may stand before what is carried.</summary>
    private static bool TryEnterTagged(
        ReadOnlySpan<byte> packet, int end, int etherType, int offset, TunnelKind kind, uint id, ref PacketHeader header, out DecodeStatus status)
    {
        if (TagLength(etherType) != VlanTagLength || packet.Length < offset + VlanTagLength)
            return TryEnter(packet, end, etherType, offset, kind, id, ref header, out status);
        etherType = BinaryPrimitives.ReadUInt16BigEndian(packet[(offset + 2)..]);
        return TryEnter(packet, end, etherType, offset + VlanTagLength, kind, id, ref header, out status);
    }

    /// <summary>
    /// draft-foschiano-erspan: type I has no header (and GRE no sequence number), type II eight octets, type III twelve and eight more where its last bit says so.
    /// The mirrored frame may be cut, so its IP header may tell of more octets than came.
    /// </summary>
    private static bool TryErspan(ReadOnlySpan<byte> packet, int offset, int end, int etherType, bool hasSequence, ref PacketHeader header, out DecodeStatus status)
    {
        status = DecodeStatus.Ok;
        if (etherType == 0x88BE && !hasSequence)
            return TryEnter(packet, end, EtherTypeEthernet, offset, TunnelKind.Erspan, 0, ref header, out status);
        var length = etherType == 0x88BE ? 8 : 12;
        if (packet.Length < offset + length)
            return false;
        int word = BinaryPrimitives.ReadUInt16BigEndian(packet[offset..]);
        if (word >> 12 != (etherType == 0x88BE ? 1 : 2))
            return false;
        var carried = EtherTypeEthernet;
        if (length == 12)
        {
            int last = BinaryPrimitives.ReadUInt16BigEndian(packet[(offset + 10)..]);
            var frameType = (last >> 10) & 0x1F;
            if (frameType is not (0 or 2))
                return false;
            carried = frameType == 0 ? EtherTypeEthernet : EtherTypeUnknown;
            length += (last & 1) != 0 ? 8 : 0;
        }

        var session = (uint)BinaryPrimitives.ReadUInt16BigEndian(packet[(offset + 2)..]) & 0x3FF;
        if (!TryEnter(packet, end, carried, offset + length, TunnelKind.Erspan, session, ref header, out status))
            return false;
        if (header.VlanId == 0)
            header.VlanId = (ushort)(word & 0xFFF); // the mirroring switch took the tag off and put its id here
        return true;
    }
}
