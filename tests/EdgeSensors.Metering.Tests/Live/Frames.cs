using System.Buffers.Binary;
using System.Text;

namespace EdgeSensors.Metering.Tests.Live;

/// <summary>Frames written by hand, each with where its headers end and the marker in every octet that is somebody's content.</summary>
internal static class Frames
{
    public static readonly byte[] Marker = Encoding.ASCII.GetBytes("SECRET-CONTENT-OF-SOMEBODY!");

    private static readonly byte[] s_payload = [.. Marker, .. Marker, .. Marker];
    private static readonly byte[] s_addresses = [0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1];

    public static IEnumerable<(string Name, byte[] Frame, int HeaderEnd)> All()
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
        yield return ("PPPoE", [.. s_addresses, 0x88, 0x64, .. s_payload], 14);
        yield return ("another version under IPv4's EtherType", [.. s_addresses, 0x08, 0x00, 0x65, .. s_payload], 14);
        yield return ("IPv4 with a header length of 4", [.. s_addresses, 0x08, 0x00, 0x41, .. s_payload], 14);
        yield return ("five tags", [.. s_addresses, .. Repeat([0x81, 0, 0, 1], 5), 0x08, 0x00, .. s_payload], 30);
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
        yield return ("IPv4 in IPv4", IPv4(4, IPv4(17, [.. udp, .. s_payload])), 20);
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
