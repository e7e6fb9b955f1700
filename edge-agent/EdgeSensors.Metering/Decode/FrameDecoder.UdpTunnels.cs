using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace EdgeSensors.Metering.Decode;

/// <content>
/// Tunnels in UDP. A port alone says nothing: the tunnel's header and the packet inside must be right, or the packet is ordinary UDP.
/// </content>
public static partial class FrameDecoder
{
    private const int L2tpPort = 1701;
    private const int VxlanLinuxPort = 8472;

    /// <summary>One bit for the lowest six of each port in <see cref="TryUdpTunnel"/>.</summary>
    private const ulong PortBits = 1UL << (1701 & 63) | 1UL << (2152 & 63) | 1UL << (3544 & 63) | 1UL << (4754 & 63) | 1UL << (4789 & 63) | 1UL << (4790 & 63)
        | 1UL << (5072 & 63) | 1UL << (5247 & 63) | 1UL << (6081 & 63) | 1UL << (6635 & 63) | 1UL << (8472 & 63);

    /// <summary>Whether a port lies where the tunnels' are (servers' ports are mostly below, clients' above) and has one's lowest bits: of a hundred others, one or two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool MayBeTunnel(ushort port) => (uint)(port - L2tpPort) <= VxlanLinuxPort - L2tpPort && ((PortBits >> (port & 63)) & 1) != 0;

    /// <param name="packet">The captured bytes, cut at the IP packet's end.</param>
    /// <param name="offset">Where the UDP header begins.</param>
    /// <param name="end">Where the IP packet ends by its own length.</param>
    /// <param name="length">The UDP header's length field.</param>
    /// <param name="header">The UDP packet's; replaced by that of the packet inside.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DecodeStatus DecodeUdpTunnel(ReadOnlySpan<byte> packet, int offset, int end, int length, ref PacketHeader header)
    {
        if (length is > 0 and < 8)
            return DecodeStatus.TransportHeaderInvalid;
        if (header.TunnelDepth == MaxTunnelDepth || length == 0)
            return DecodeStatus.Ok;
        var content = new UdpContent(offset + 8, Math.Min(end, offset + length), offset + length);
        packet = packet[..Math.Min(packet.Length, content.End)];
        var (destination, source) = (header.DestinationPort, header.SourcePort);
        return TryUdpTunnel(packet, content, destination, ref header, out var status)
            || (source != destination && TryUdpTunnel(packet, content, source, ref header, out status))
            ? status
            : DecodeStatus.Ok;
    }

    private static bool TryUdpTunnel(ReadOnlySpan<byte> packet, UdpContent content, ushort port, ref PacketHeader header, out DecodeStatus status)
    {
        switch (port)
        {
            case 4789 or VxlanLinuxPort or 4790:
                return TryVxlan(packet, content, ref header, out status);
            case 6081:
                return TryGeneve(packet, content, ref header, out status);
            case 2152:
                return TryGtp(packet, content, ref header, out status);
            case 3544:
                return TryTeredo(packet, content, ref header, out status);
            case 5072:
                return TryAyiya(packet, content, ref header, out status);
            case 5247:
                return TryCapwap(packet, content, ref header, out status);
            case L2tpPort:
                return TryL2tp(packet, content, ref header, out status);
            case 4754 when packet.Length >= content.Offset + 2 && packet[content.Offset + 1] == 0 && (packet[content.Offset] & 0x4F) == 0: // RFC 8086 §3.1: version 0
                return TryGre(packet, content.Offset, content.End, ref header, out status);
            case 6635: // RFC 7510
                return TryEnter(packet, content.End, EtherTypeMpls, content.Offset, TunnelKind.None, 0, ref header, out status);
            default:
                status = DecodeStatus.Ok;
                return false;
        }
    }

    /// <summary>
    /// RFC 7348 §5: the I flag; what is reserved is ignored on receipt. With the P flag a protocol (draft-ietf-nvo3-vxlan-gpe), else Ethernet, which must hold IP.
    /// </summary>
    private static bool TryVxlan(ReadOnlySpan<byte> packet, UdpContent content, ref PacketHeader header, out DecodeStatus status)
    {
        status = DecodeStatus.Ok;
        var at = content.Offset;
        const int Network = 0x08, Protocol = 0x04;
        if (packet.Length < at + 8 || (packet[at] & Network) == 0)
            return false;
        var id = BinaryPrimitives.ReadUInt32BigEndian(packet[(at + 4)..]) >> 8;
        var isGeneric = packet[at] == (Network | Protocol) && packet[at + 1] == 0 && packet[at + 2] == 0;
        var etherType = isGeneric ? NextProtocol(packet[at + 3]) : EtherTypeEthernet;
        return TryEnter(packet, content.End, etherType, at + 8, TunnelKind.Vxlan, id, ref header, out status);
    }

    /// <summary>RFC 8926 §3.4: version 0 and reserved bits of 0.</summary>
    private static bool TryGeneve(ReadOnlySpan<byte> packet, UdpContent content, ref PacketHeader header, out DecodeStatus status)
    {
        status = DecodeStatus.Ok;
        var at = content.Offset;
        if (packet.Length < at + 8 || packet[at] >> 6 != 0 || (packet[at + 1] & 0x3F) != 0 || packet[at + 7] != 0)
            return false;
        var length = 8 + ((packet[at] & 0x3F) * 4);
        var etherType = FromTunnel(BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 2)..]));
        return TryEnter(packet, content.End, etherType, at + length, TunnelKind.Geneve, BinaryPrimitives.ReadUInt32BigEndian(packet[(at + 4)..]) >> 8, ref header, out status);
    }

    /// <summary>3GPP TS 29.281 §5: version 1, protocol type 1, a G-PDU (255) whose length is the datagram's; extension headers are followed; IP that fits inside.</summary>
    private static bool TryGtp(ReadOnlySpan<byte> packet, UdpContent content, ref PacketHeader header, out DecodeStatus status)
    {
        const int MaxExtensions = 8;
        status = DecodeStatus.Ok;
        var at = content.Offset;
        if (packet.Length < at + 8 || (packet[at] & 0xF8) != 0x30 || packet[at + 1] != 255
            || BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 2)..]) + 8 != content.WholeEnd - at)
        {
            return false;
        }

        var endpoint = BinaryPrimitives.ReadUInt32BigEndian(packet[(at + 4)..]);
        var inner = at + 8;
        if ((packet[at] & 0x07) != 0)
        {
            if (packet.Length < inner + 4)
                return false;
            var next = (packet[at] & 0x04) != 0 ? packet[inner + 3] : 0;
            inner += 4;
            for (var count = 0; next != 0; count++)
            {
                if (count == MaxExtensions || packet.Length <= inner || packet[inner] == 0 || packet.Length < inner + (packet[inner] * 4))
                    return false;
                inner += packet[inner] * 4;
                next = packet[inner - 1];
            }
        }

        return IpEnd(packet, inner) <= content.WholeEnd && TryEnter(packet, content.End, EtherTypeUnknown, inner, TunnelKind.GtpU, endpoint, ref header, out status);
    }

    /// <summary>
    /// RFC 4380 §5.1.1: an authentication header, an origin indication, either or none, then IPv6 that fits inside (trailers may follow) and of whose addresses one is
    /// Teredo's (2001::/32) or link-local, as a client's and its server's are.
    /// </summary>
    private static bool TryTeredo(ReadOnlySpan<byte> packet, UdpContent content, ref PacketHeader header, out DecodeStatus status)
    {
        status = DecodeStatus.Ok;
        var at = content.Offset;
        if (packet.Length >= at + 4 && packet[at] == 0 && packet[at + 1] == 1)
            at += 4 + packet[at + 2] + packet[at + 3] + 9;
        if (packet.Length >= at + 8 && packet[at] == 0 && packet[at + 1] == 0)
            at += 8;
        return packet.Length >= at + 40 && packet[at] >> 4 == 6 && IpEnd(packet, at) <= content.WholeEnd
            && (IsTeredo(packet[(at + 8)..]) || IsTeredo(packet[(at + 24)..]))
            && TryEnter(packet, content.End, EtherTypeIPv6, at, TunnelKind.Teredo, 0, ref header, out status);

        static bool IsTeredo(ReadOnlySpan<byte> address) =>
            BinaryPrimitives.ReadUInt32BigEndian(address) == 0x2001_0000 || (BinaryPrimitives.ReadUInt16BigEndian(address) & 0xFFC0) == 0xFE80;
    }

    /// <summary>draft-massar-v6ops-ayiya §3: a forwarded packet (operation 1) behind an identity and a signature, which must fill the datagram.</summary>
    private static bool TryAyiya(ReadOnlySpan<byte> packet, UdpContent content, ref PacketHeader header, out DecodeStatus status)
    {
        status = DecodeStatus.Ok;
        var at = content.Offset;
        if (packet.Length < at + 8 || (packet[at + 2] & 0x0F) != 1 || (IpProtocol)packet[at + 3] is not (IpProtocol.IPv4 or IpProtocol.IPv6))
            return false;
        var inner = at + 8 + (1 << (packet[at] >> 4)) + ((packet[at + 1] >> 4) * 4);
        return IpEnd(packet, inner) == content.WholeEnd
            && TryEnter(packet, content.End, EtherTypeUnknown, inner, TunnelKind.Ayiya, 0, ref header, out status);
    }

    /// <summary>RFC 5415 §4.3: version and type 0 (not DTLS), no keep-alive; a first or only fragment with an Ethernet or an 802.11 frame.</summary>
    private static bool TryCapwap(ReadOnlySpan<byte> packet, UdpContent content, ref PacketHeader header, out DecodeStatus status)
    {
        status = DecodeStatus.Ok;
        var at = content.Offset;
        if (packet.Length < at + 8 || packet[at] != 0)
            return false;
        var word = BinaryPrimitives.ReadUInt32BigEndian(packet[at..]);
        var length = (int)((word >> 19) & 0x1F) * 4;
        const uint Native = 0x100, KeepAlive = 0x08, Reserved = 0x07;
        if (length < 8 || (word & (KeepAlive | Reserved)) != 0 || (BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 6)..]) & 0xFFF8) != 0)
            return false;
        var binding = (word >> 9) & 0x1F;
        if ((word & Native) != 0 && binding != 1)
            return false;
        var frame = at + length;
        var etherType = (word & Native) == 0 ? EtherTypeEthernet
            : packet.Length >= frame + 2 && (packet[frame] & 0x0F) != 0x08 && (packet[frame + 1] & 0x0F) == 0x08 ? EtherTypeWirelessSwapped
            : EtherTypeWireless;
        return TryEnter(packet, content.End, etherType, frame, TunnelKind.Capwap, (word >> 14) & 0x1F, ref header, out status);
    }

    /// <summary>RFC 2661 §3.1: a data message of version 2, then PPP with IP that fits inside.</summary>
    private static bool TryL2tp(ReadOnlySpan<byte> packet, UdpContent content, ref PacketHeader header, out DecodeStatus status)
    {
        status = DecodeStatus.Ok;
        var at = content.Offset;
        if (packet.Length < at + 6)
            return false;
        int flags = BinaryPrimitives.ReadUInt16BigEndian(packet[at..]);
        const int Length = 0x4000, Sequence = 0x0800, Offset = 0x0200, Priority = 0x0100;
        if ((flags & ~(Length | Sequence | Offset | Priority)) != 2)
            return false;
        var ids = at + 2 + ((flags & Length) != 0 ? 2 : 0);
        var inner = ids + 4 + ((flags & Sequence) != 0 ? 4 : 0);
        if (packet.Length < inner + 2)
            return false;
        if ((flags & Offset) != 0)
            inner += 2 + BinaryPrimitives.ReadUInt16BigEndian(packet[inner..]);
        if (packet.Length >= inner + 2 && packet[inner] == 0xFF && packet[inner + 1] == 0x03)
            inner += 2;
        var compressed = packet.Length > inner && (packet[inner] & 1) != 0;
        return IpEnd(packet, inner + (compressed ? 1 : 2)) <= content.WholeEnd
            && TryEnter(packet, content.End, EtherTypePpp, inner, TunnelKind.L2tp, BinaryPrimitives.ReadUInt32BigEndian(packet[ids..]), ref header, out status);
    }

    /// <param name="Offset">Where what UDP carries begins.</param>
    /// <param name="End">Where it ends in this packet.</param>
    /// <param name="WholeEnd">Where it ends by UDP's length; beyond this packet in a first fragment.</param>
    private readonly record struct UdpContent(int Offset, int End, int WholeEnd);
}
