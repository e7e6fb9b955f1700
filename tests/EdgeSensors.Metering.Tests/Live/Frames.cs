using System.Buffers.Binary;
using System.Text;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Live;

/// <summary>Frames written by hand, each with where its headers end and the marker in every octet that is somebody's content.</summary>
internal static class Frames
{
    public static readonly byte[] Marker = Encoding.ASCII.GetBytes("SECRET-CONTENT-OF-SOMEBODY!");

    private static readonly byte[] s_payload = [.. Marker, .. Marker, .. Marker];
    private static readonly byte[] s_addresses = [0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1];

    /// <param name="depth">How far headers are followed: where a tunnel's end of headers is.</param>
    public static IEnumerable<(string Name, byte[] Frame, int HeaderEnd)> All(HeaderDepth depth = HeaderDepth.Outermost)
    {
        foreach (var (name, frame, outer, inner) in Tunnels())
        {
            yield return (name, frame, depth == HeaderDepth.Innermost ? inner : outer);
        }

        foreach (var plain in Plain())
        {
            yield return plain;
        }
    }

    /// <summary>The frames without tunnels.</summary>
    public static IEnumerable<(string Name, byte[] Frame, int HeaderEnd)> Plain()
    {
        foreach (var (name, packet, end) in Packets())
        {
            byte[] type = packet[0] >> 4 == 4 ? [0x08, 0x00] : [0x86, 0xDD];
            yield return (name, [.. s_addresses, .. type, .. packet], 14 + end);
            yield return ($"{name} in 802.1Q", [.. s_addresses, 0x81, 0, 0x20, 42, .. type, .. packet], 18 + end);
            yield return ($"{name} in QinQ", [.. s_addresses, 0x88, 0xA8, 0, 7, 0x81, 0, 0, 42, .. type, .. packet], 22 + end);
            yield return (
                $"{name} in LLC/SNAP",
                [.. s_addresses, .. Short((ushort)(packet.Length + 8)), 0xAA, 0xAA, 3, 0, 0, 0, .. type, .. packet],
                22 + end);
        }

        yield return ("ARP", [.. s_addresses, 0x08, 0x06, .. s_payload], 14);
        yield return ("LLC", [.. s_addresses, .. Short((ushort)s_payload.Length), .. s_payload], 14);
        yield return ("no PPPoE", [.. s_addresses, 0x88, 0x64, .. s_payload], 14);
        yield return ("another version under IPv4's EtherType", [.. s_addresses, 0x08, 0x00, 0x65, .. s_payload], 14);
        yield return ("IPv4 with a header length of 4", [.. s_addresses, 0x08, 0x00, 0x41, .. s_payload], 14);
        yield return ("five tags", [.. s_addresses, .. Repeat([0x81, 0, 0, 1], 5), 0x08, 0x00, .. s_payload], 30);
    }

    /// <summary>One frame of each tunnel, with where its outer and its innermost headers end.</summary>
    public static IEnumerable<(string Name, byte[] Frame, int OutermostEnd, int InnermostEnd)> Tunnels()
    {
        byte[] udp = IPv4(17, [0x80, 1, 0, 53, .. Short((ushort)(8 + s_payload.Length)), 0, 0, .. s_payload]); // 28 octets of headers
        byte[] tcp = IPv6(6, [.. Tcp(8), .. s_payload]); // 72
        byte[] frame = [.. s_addresses, 0x08, 0x00, .. udp]; // 42
        byte[] tagged = [.. s_addresses, 0x81, 0, 0, 9, 0x86, 0xDD, .. tcp]; // 90
        byte[] wireless = [0x08, 0x01, 0, 0, .. s_addresses, .. new byte[6], 0x10, 0, 0xAA, 0xAA, 3, 0, 0, 0, 0x08, 0x00, .. udp]; // 60
        byte[] teredo = IPv6(17, [0x80, 1, 0, 53, .. Short((ushort)(8 + s_payload.Length)), 0, 0, .. s_payload],
            [0x20, 1, 0, 0, .. new byte[12]], [0x20, 1, 0xD, 0xB8, .. new byte[12]]); // 48

        yield return ("IPv4 in IPv4", Over4(4, udp), 34, 34 + 28);
        yield return ("IPv6 in IPv4", Over4(41, tcp), 34, 34 + 72);
        yield return ("IPv4 in IPv6", [.. s_addresses, 0x86, 0xDD, .. IPv6(4, udp)], 54, 54 + 28);
        yield return ("IPv6 in IPv6", [.. s_addresses, 0x86, 0xDD, .. IPv6(41, tcp)], 54, 54 + 72);
        yield return ("Ethernet in IP", Over4(97, [0x30, 0, .. tagged]), 34, 34 + 2 + 90);
        yield return ("MPLS in IP", Over4(137, [0, 1, 0x01, 64, .. udp]), 34, 34 + 4 + 28);
        yield return ("GRE", Over4(47, [0, 0, 0x08, 0, .. udp]), 34, 34 + 4 + 28);
        yield return ("GRE with checksum, key and sequence", Over4(47, [0xB0, 0, 0x86, 0xDD, .. new byte[12], .. tcp]), 34, 34 + 16 + 72);
        yield return ("GRE with a tag", Over4(47, [0, 0, 0x81, 0, 0, 5, 0x08, 0, .. udp]), 34, 34 + 8 + 28);
        yield return ("GRE of PPTP", Over4(47, [0x30, 0x81, 0x88, 0x0B, .. Short((ushort)(2 + udp.Length)), 0, 1, .. new byte[8], 0, 0x21, .. udp]), 34, 34 + 16 + 2 + 28);
        yield return ("GRE of WCCP", Over4(47, [0, 0, 0x88, 0x3E, 0, 0, 0, 0, .. udp]), 34, 34 + 8 + 28);
        yield return ("NVGRE", Over4(47, [0x20, 0, 0x65, 0x58, 0, 0x20, 0, 7, .. frame]), 34, 34 + 8 + 42);
        yield return ("ERSPAN I", Over4(47, [0, 0, 0x88, 0xBE, .. frame]), 34, 34 + 4 + 42);
        yield return ("ERSPAN II", Over4(47, [0x10, 0, 0x88, 0xBE, 0, 0, 0, 1, 0x10, 5, 0, 7, 0, 0, 0, 0, .. frame]), 34, 34 + 8 + 8 + 42);
        yield return ("ERSPAN III", Over4(47, [0x10, 0, 0x22, 0xEB, 0, 0, 0, 1, 0x20, 5, 0, 7, .. new byte[6], 0, 1, .. new byte[8], .. tagged]), 34, 34 + 8 + 20 + 90);
        yield return ("GRE of what is not IP", Over4(47, [0, 0, 0x88, 0xCC, .. s_payload]), 34, 34);
        yield return ("GRE with source routes", Over4(47, [0x40, 0, 0x08, 0, .. s_payload]), 34, 34);
        yield return ("VXLAN", OverUdp(4789, [0x08, 0, 0, 0, 0, 0, 7, 0, .. frame]), 42, 42 + 8 + 42);
        yield return ("VXLAN with the generic protocol extension", OverUdp(4790, [0x0C, 0, 0, 1, 0, 0, 7, 0, .. udp]), 42, 42 + 8 + 28);
        yield return ("Geneve with an option", OverUdp(6081, [0x02, 0, 0x65, 0x58, 0, 0, 7, 0, .. new byte[8], .. tagged]), 42, 42 + 16 + 90);
        yield return ("GTP-U", OverUdp(2152, [0x30, 255, .. Short((ushort)udp.Length), 0, 0, 0, 9, .. udp]), 42, 42 + 8 + 28);
        yield return ("GTP-U with extensions",
            OverUdp(2152, [0x34, 255, .. Short((ushort)(12 + tcp.Length)), 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0, 0, 0xC0, 1, 0, 0, 0, .. tcp]), 42, 42 + 20 + 72);
        yield return ("GTP-U from the port", OverUdp(40_000, [0x30, 255, .. Short((ushort)udp.Length), 0, 0, 0, 9, .. udp], source: 2152), 42, 42 + 8 + 28);
        yield return ("GTP-U of another length", OverUdp(2152, [0x30, 255, 0, 7, 0, 0, 0, 9, .. s_payload]), 42, 42);
        yield return ("Teredo", OverUdp(3544, teredo), 42, 42 + 48);
        yield return ("Teredo with authentication and origin", OverUdp(3544, [0, 1, 2, 3, .. new byte[5 + 9], 0, 0, .. new byte[6], .. teredo]), 42, 42 + 18 + 8 + 48);
        yield return ("AYIYA", OverUdp(5072, [0x44, 0x52, 0x11, 41, 0, 0, 0, 0, .. new byte[36], .. tcp]), 42, 42 + 44 + 72);
        yield return ("CAPWAP with Ethernet", OverUdp(5247, [0, 0x10, 0x42, 0, 0, 0, 0, 0, .. frame]), 42, 42 + 8 + 42);
        yield return ("CAPWAP with 802.11", OverUdp(5247, [0, 0x10, 0x43, 0, 0, 0, 0, 0, .. wireless]), 42, 42 + 8 + 60);
        yield return ("CAPWAP with 802.11 and quality of service",
            OverUdp(5247, [0, 0x10, 0x43, 0, 0, 0, 0, 0, 0x88, .. wireless[1..24], 0, 0, .. wireless[24..]]), 42, 42 + 8 + 62);
        yield return ("L2TP", OverUdp(1701, [0, 2, 0, 1, 0, 2, 0xFF, 3, 0, 0x21, .. udp]), 42, 42 + 10 + 28);
        yield return ("L2TP with length, sequence and offset",
            OverUdp(1701, [0x4A, 2, 0, 0, 0, 1, 0, 2, 0, 1, 0, 2, 0, 4, .. new byte[4], 0x57, .. tcp]), 42, 42 + 18 + 1 + 72);
        yield return ("GRE in UDP", OverUdp(4754, [0, 0, 0x08, 0, .. udp]), 42, 42 + 4 + 28);
        yield return ("MPLS in UDP", OverUdp(6635, [0, 1, 0x01, 64, .. tcp]), 42, 42 + 4 + 72);
        yield return ("a tunnel's port with something else", OverUdp(4789, s_payload), 42, 42);
        yield return ("MPLS", [.. s_addresses, 0x88, 0x47, 0, 1, 0, 64, 0, 2, 0x01, 64, .. udp], 14, 14 + 8 + 28);
        yield return ("an MPLS pseudowire with a control word", [.. s_addresses, 0x88, 0x47, 0, 1, 0x01, 64, 0, 0, 0, 0, .. frame], 14, 14 + 8 + 42);
        yield return ("an MPLS pseudowire without one", [.. s_addresses, 0x88, 0x47, 0, 1, 0x01, 64, .. tagged], 14, 14 + 4 + 90);
        yield return ("an MPLS pseudowire whose first address looks like IPv4",
            [.. s_addresses, 0x88, 0x48, 0, 1, 0x01, 64, 0x45, 0, 0xFF, 0xFF, .. frame[4..]], 14, 14 + 4 + 42);
        yield return ("PPPoE", [.. s_addresses, 0x88, 0x64, 0x11, 0, 0, 7, .. Short((ushort)(2 + udp.Length)), 0, 0x21, .. udp], 14, 14 + 8 + 28);
        yield return ("PPPoE with a compressed protocol", [.. s_addresses, 0x88, 0x64, 0x11, 0, 0, 7, .. Short((ushort)(1 + tcp.Length)), 0x57, .. tcp], 14, 14 + 7 + 72);
        yield return ("NSH", [.. s_addresses, 0x89, 0x4F, 0, 2, 1, 3, 0, 0, 7, 255, .. frame], 14, 14 + 8 + 42);
        yield return ("a backbone bridge's frame", [.. s_addresses, 0x88, 0xE7, 0, 0, 1, 2, .. tagged], 14, 14 + 4 + 90);
        yield return ("FabricPath", [.. s_addresses, 0x89, 0x03, 0, 9, .. frame], 14, 14 + 2 + 42);
        yield return ("a VN-Tag", [.. s_addresses, 0x89, 0x26, 0, 1, 0, 2, 0x08, 0, .. udp], 14, 14 + 6 + 28);
        yield return ("an E-tag", [.. s_addresses, 0x89, 0x3F, .. new byte[6], 0x08, 0, .. udp], 14, 14 + 8 + 28);

        // Eight deep is the last that is entered; the ninth packet is the payload of the eighth.
        var nested = udp;
        for (var depth = 0; depth < FrameDecoder.MaxTunnelDepth; depth++)
        {
            nested = IPv4(4, nested);
        }

        yield return ("as many tunnels as are entered", [.. s_addresses, 0x08, 0, .. nested], 34, 14 + (FrameDecoder.MaxTunnelDepth * 20) + 28);
        yield return ("one tunnel too many", Over4(4, nested), 34, 14 + ((FrameDecoder.MaxTunnelDepth + 1) * 20));

        static byte[] Over4(byte protocol, byte[] content) => [.. s_addresses, 0x08, 0x00, .. IPv4(protocol, content)];

        static byte[] OverUdp(ushort destination, byte[] content, ushort source = 50_000) =>
            Over4(17, [.. Short(source), .. Short(destination), .. Short((ushort)(8 + content.Length)), 0, 0, .. content]);
    }

    public static IEnumerable<(string Name, byte[] Packet, int HeaderEnd)> Packets()
    {
        byte[] udp = [0x80, 1, 0, 53, .. Short((ushort)(8 + s_payload.Length)), 0, 0];
        byte[] sctp = [0x80, 1, 0, 80, 1, 2, 3, 4, 0, 0, 0, 0];
        yield return ("IPv4 TCP", IPv4(6, [.. Tcp(5), .. s_payload]), 40);
        yield return ("IPv4 TCP with options", IPv4(6, [.. Tcp(11), .. s_payload]), 64);
        yield return ("IPv4 TCP with a data offset of 2", IPv4(6, [.. Tcp(2), .. s_payload]), 40);
        yield return ("IPv4 with options, TCP", IPv4(6, [.. Tcp(8), .. s_payload], optionWords: 10), 92);
        yield return ("IPv4 UDP", IPv4(17, [.. udp, .. s_payload]), 28);
        yield return ("IPv4 first fragment", IPv4(17, [.. udp, .. s_payload], fragment: 0x2000), 28);
        yield return ("IPv4 later fragment", IPv4(17, s_payload, fragment: 0x2010), 20);
        yield return ("IPv4 last fragment", IPv4(6, s_payload, fragment: 0x0010), 20);
        yield return ("IPv4 SCTP", IPv4(132, [.. sctp, .. s_payload]), 32);
        yield return ("IPv4 ESP", IPv4(50, s_payload), 20);
        yield return ("IPv4 echo", IPv4(1, [8, 0, 0, 0, 0, 1, 0, 1, .. s_payload]), 28);
        foreach (var type in (byte[])[3, 4, 5, 11, 12])
        {
            byte[] error = [type, 1, 0, 0, 0, 0, 0, 0];
            yield return ($"ICMP error {type} quoting UDP", IPv4(1, [.. error, .. IPv4(17, [.. udp, .. s_payload])]), 56);
            yield return ($"ICMP error {type} quoting TCP", IPv4(1, [.. error, .. IPv4(6, [.. Tcp(5), .. s_payload], optionWords: 2)]), 64);
        }

        byte[] unreachable = [3, 1, 0, 0, 0, 0, 0, 0];
        yield return ("ICMP error quoting ESP", IPv4(1, [.. unreachable, .. IPv4(50, s_payload)]), 48);
        yield return ("ICMP error quoting a later fragment", IPv4(1, [.. unreachable, .. IPv4(17, s_payload, fragment: 5)]), 48);
        yield return ("ICMP error quoting no IP", IPv4(1, [.. unreachable, .. s_payload]), 28);

        yield return ("IPv6 TCP", IPv6(6, [.. Tcp(5), .. s_payload]), 60);
        yield return ("IPv6 UDP", IPv6(17, [.. udp, .. s_payload]), 48);
        yield return ("IPv6 SCTP", IPv6(132, [.. sctp, .. s_payload]), 52);
        yield return ("IPv6 ESP", IPv6(50, s_payload), 40);
        yield return ("IPv6 no next header", IPv6(59, s_payload), 40);
        yield return ("IPv6 echo", IPv6(58, [128, 0, 0, 0, 0, 1, 0, 1, .. s_payload]), 48);
        yield return ("IPv6 hop-by-hop, routing, destination options, UDP",
            IPv6(0, [.. Option(43, 0), .. Option(60, 2), .. Option(17, 1), .. udp, .. s_payload]), 40 + 8 + 24 + 16 + 8);
        yield return ("IPv6 first fragment", IPv6(44, [17, 0, 0, 1, 0, 0, 0, 9, .. udp, .. s_payload]), 56);
        yield return ("IPv6 later fragment", IPv6(44, [17, 0, 0x01, 0, 0, 0, 0, 9, .. s_payload]), 48);
        yield return ("IPv6 authentication header, TCP", IPv6(51, [6, 4, .. new byte[22], .. Tcp(5), .. s_payload]), 84);
        yield return ("IPv6 eight extension headers, UDP",
            IPv6(60, [.. Repeat(Option(60, 0), 7), .. Option(17, 0), .. udp, .. s_payload]), 40 + 64 + 8);
        yield return ("IPv6 nine extension headers", IPv6(60, [.. Repeat(Option(60, 0), 8), .. s_payload]), 40 + 64);
        foreach (var type in (byte[])[1, 2, 3, 4])
        {
            yield return ($"ICMPv6 error {type} quoting TCP",
                IPv6(58, [type, 0, 0, 0, 0, 0, 0, 0, .. IPv6(6, [.. Tcp(5), .. s_payload])]), 96);
        }

        byte[] tooBig = [2, 0, 0, 0, 0, 0, 5, 0];
        yield return ("ICMPv6 error quoting options and UDP", IPv6(58, [.. tooBig, .. IPv6(60, [.. Option(17, 1), .. udp, .. s_payload])]), 112);
        yield return ("ICMPv6 error quoting a later fragment",
            IPv6(58, [.. tooBig, .. IPv6(44, [17, 0, 1, 0, 0, 0, 0, 9, .. s_payload])]), 96);
        yield return ("ICMPv6 error quoting ESP", IPv6(58, [.. tooBig, .. IPv6(50, s_payload)]), 88);
    }

    public static byte[] IPv4(byte protocol, byte[] content, byte[] source, byte[] destination, ushort fragment = 0) =>
        [0x45, 0, .. Short((ushort)(20 + content.Length)), 0, 7, .. Short(fragment), 64, protocol, 0, 0, .. source, .. destination, .. content];

    public static byte[] IPv6(byte next, byte[] content, byte[] source, byte[] destination) =>
        [0x60, 0, 0, 0, .. Short((ushort)content.Length), next, 64, .. source, .. destination, .. content];

    private static byte[] IPv4(byte protocol, byte[] content, int optionWords = 0, ushort fragment = 0)
    {
        byte[] header = [(byte)(0x45 + optionWords), 0, .. Short((ushort)(20 + (optionWords * 4) + content.Length)), 0, 7, .. Short(fragment), 64, protocol, 0, 0,
            192, 0, 2, 1, 198, 51, 100, 1, .. Repeat([1], optionWords * 4)];
        var sum = 0u;
        for (var i = 0; i < header.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(i));
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), (ushort)~(sum + (sum >> 16)));
        return [.. header, .. content];
    }

    private static byte[] IPv6(byte next, byte[] content) =>
        [0x60, 0, 0, 0, .. Short((ushort)content.Length), next, 64, 0x20, 1, 0x0D, 0xB8, .. new byte[11], 1, 0x20, 1, 0x0D, 0xB8, .. new byte[11], 2, .. content];

    private static byte[] Tcp(int dataOffset) =>
        [0x80, 1, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, (byte)(dataOffset << 4), 0x18, 1, 0, 0, 0, 0, 0, .. Repeat([1], Math.Max(0, dataOffset - 5) * 4)];

    private static byte[] Option(byte next, byte extra) => [next, extra, 1, 4, 0, 0, 0, 0, .. new byte[extra * 8]];

    private static byte[] Short(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Repeat(byte[] bytes, int times) => [.. Enumerable.Repeat(bytes, times).SelectMany(b => b)];
}
