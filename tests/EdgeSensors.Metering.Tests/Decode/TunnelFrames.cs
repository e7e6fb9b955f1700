using System.Buffers.Binary;
using EdgeSensors.Metering.Decode;
using static EdgeSensors.Metering.Tests.Decode.Frames;

namespace EdgeSensors.Metering.Tests.Decode;

/// <summary>One packet in every tunnel that is looked into, and in every framing that holds it; its payload is the marker that no header may contain.</summary>
internal static class TunnelFrames
{
    public const string InnerSource = "10.1.0.1";
    public const string InnerDestination = "10.2.0.2";
    private const string InnerSource6 = "2001::a:1";
    private const string InnerDestination6 = "2001:db8::a:2";
    private const string OuterSource = "192.0.2.1";
    private const string OuterDestination = "198.51.100.2";

    public static readonly byte[] Inner = IPv4(InnerSource, InnerDestination, 6, Tcp(40000, 443, 0x02, Payload(9), optionLength: 8));
    public static readonly byte[] Inner6 = IPv6(InnerSource6, InnerDestination6, 6, Tcp(40000, 443, 0x02, Payload(9), optionLength: 8));

    /// <summary>Name, framing, frame, tunnel and id; the packet inside is the frame's last part.</summary>
    public static IEnumerable<(string Name, LinkType LinkType, byte[] Frame, TunnelKind Tunnel, uint Id)> All()
    {
        var ethernet = Ethernet(0x0800, Inner);
        byte[] ppp = [0x00, 0x21, .. Inner];

        yield return Link("MPLS", 0x8847, [.. Label(100, false), .. Label(200, true), .. Inner], TunnelKind.Mpls, 200);
        yield return Link("MPLS, IPv6", 0x8847, [.. Label(2, true), .. Inner6], TunnelKind.Mpls, 2);
        yield return Link("MPLS with an entropy label", 0x8847, [.. Label(200, false), .. Label(7, false), .. Label(0xABCDE, true), .. Inner], TunnelKind.Mpls, 200);
        yield return Link("pseudowire", 0x8847, [.. Label(300, true), .. ethernet], TunnelKind.Mpls, 300);
        yield return Link("pseudowire with a control word", 0x8847, [.. Label(300, true), 0, 0, 0, 1, .. ethernet], TunnelKind.Mpls, 300);
        yield return Link("pseudowire whose frame looks like IPv4", 0x8847, [.. Label(300, true), 0x45, .. ethernet[1..]], TunnelKind.Mpls, 300);
        yield return Link("PPPoE", 0x8864, [0x11, 0, 0, 42, .. Half(ppp.Length), .. ppp], TunnelKind.Pppoe, 42);
        yield return Link("PPPoE, protocol of one octet", 0x8864, [0x11, 0, 0, 42, .. Half(ppp.Length - 1), .. ppp[1..]], TunnelKind.Pppoe, 42);
        yield return Link("PBB", 0x88E7, [0, 0, 0x12, 0x34, .. ethernet], TunnelKind.Pbb, 0x1234);
        yield return Link("FabricPath", 0x8903, [0x04, 0x40, .. ethernet], TunnelKind.FabricPath, 0x11);
        yield return Link("NSH", 0x894F, [0x0F, 0xC2, 2, 1, 0, 0, 7, 255, .. Inner], TunnelKind.Nsh, (7 << 8) | 255);

        yield return Gre("GRE", 0x0000, 0x0800, [], Inner, TunnelKind.Gre, 0);
        yield return Gre("GRE with all", 0xB000, 0x86DD, [1, 2, 0, 0, 0, 0, 0, 77, 0, 0, 0, 1], Inner6, TunnelKind.Gre, 77);
        yield return Gre("GRE, Ethernet", 0x2000, 0x6558, [0, 0, 0, 77], ethernet, TunnelKind.Gre, 77);
        yield return Gre("NVGRE", 0x2000, 0x6558, [0, 0x12, 0x34, 0x56], Ethernet(0x0800, Inner, (0x8100, 9)), TunnelKind.Nvgre, 0x1234);
        yield return Gre("PPTP", 0x3081, 0x880B, [.. Half(4 + Inner.Length), 0, 24, 0, 0, 0, 1, 0, 0, 0, 1], [0xFF, 0x03, .. ppp], TunnelKind.Gre, 24);
        yield return Gre("WCCP", 0x0000, 0x883E, [0, 1, 2, 3], Inner, TunnelKind.Gre, 0);
        yield return Gre("ERSPAN I", 0x0000, 0x88BE, [], ethernet, TunnelKind.Erspan, 0);
        yield return Gre("ERSPAN II", 0x1000, 0x88BE, [0, 0, 0, 1, 0x10, 0x07, 0x00, 0x05, 0, 0, 0, 0], ethernet, TunnelKind.Erspan, 5);
        yield return Gre("ERSPAN III", 0x1000, 0x22EB, [0, 0, 0, 1, 0x20, 0x07, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 0], ethernet, TunnelKind.Erspan, 5);
        yield return Gre("ERSPAN III with a subheader", 0x1000, 0x22EB, [0, 0, 0, 1, 0x20, 0x07, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 1, .. new byte[8]], ethernet, TunnelKind.Erspan, 5);

        yield return Udp("VXLAN", 4789, [8, 0, 0, 0, 0, 0x12, 0x34, 0, .. ethernet], TunnelKind.Vxlan, 0x1234);
        yield return Udp("VXLAN-GPE", 4790, [0x0C, 0, 0, 1, 0, 0x12, 0x34, 0, .. Inner], TunnelKind.Vxlan, 0x1234);
        yield return Udp("Geneve", 6081, [2, 0, 0x65, 0x58, 0, 0x12, 0x34, 0, .. new byte[8], .. ethernet], TunnelKind.Geneve, 0x1234);
        yield return Udp("GTP-U", 2152, [0x30, 255, .. Half(Inner.Length), 0, 0, 0, 99, .. Inner], TunnelKind.GtpU, 99);
        yield return Udp("GTP-U with extensions", 2152, [0x36, 255, .. Half(12 + Inner.Length), 0, 0, 0, 99, 0, 1, 0, 0x85, 1, 0, 9, 0x40, 1, 0, 0, 0, .. Inner], TunnelKind.GtpU, 99);
        yield return Udp("Teredo", 3544, Inner6, TunnelKind.Teredo, 0);
        yield return Udp("Teredo with both headers", 3544, [0, 1, 0, 0, .. new byte[9], 0, 0, 1, 2, 3, 4, 5, 6, .. Inner6], TunnelKind.Teredo, 0);
        yield return Udp("AYIYA", 5072, [0x41, 0x52, 0x11, 41, 0, 0, 0, 0, .. new byte[36], .. Inner6], TunnelKind.Ayiya, 0);
        yield return Udp("CAPWAP, Ethernet", 5247, [0, 0x10, 0x42, 0, 0, 0, 0, 0, .. ethernet], TunnelKind.Capwap, 1);
        yield return Udp("CAPWAP, 802.11", 5247, [0, 0x10, 0x43, 0, 0, 0, 0, 0, .. Wireless(false)], TunnelKind.Capwap, 1);
        yield return Udp("CAPWAP, 802.11 swapped", 5247, [0, 0x10, 0x43, 0, 0, 0, 0, 0, .. Wireless(true)], TunnelKind.Capwap, 1);
        yield return Udp("L2TP", 1701, [0x48, 2, .. Half(12 + ppp.Length), 0, 3, 0, 4, 0, 0, 0, 0, .. ppp], TunnelKind.L2tp, (3 << 16) | 4);
        yield return Udp("GRE in UDP", 4754, [0, 0, 8, 0, .. Inner], TunnelKind.Gre, 0);
        yield return Udp("MPLS in UDP", 6635, [.. Label(200, true), .. Inner], TunnelKind.Mpls, 200);

        yield return Ip("IPv4 in IPv4", 4, Inner, TunnelKind.IpInIp, 0);
        yield return Ip("6in4", 41, Inner6, TunnelKind.IpInIp, 0);
        yield return ("4in6", LinkType.Raw, IPv6("2001:db8::1", "2001:db8::2", 60, Extension(4, 8, Inner)), TunnelKind.IpInIp, 0);
        yield return Ip("EtherIP", 97, [0x30, 0, .. ethernet], TunnelKind.EtherIp, 0);
        yield return Ip("MPLS in IP", 137, [.. Label(200, true), .. Inner], TunnelKind.Mpls, 200);

        yield return ("PPP", LinkType.Ppp, ppp, TunnelKind.None, 0);
        yield return ("PPP with its address", LinkType.PppSerial, [0xFF, 3, .. ppp], TunnelKind.None, 0);
        yield return ("Cisco HDLC", LinkType.CiscoHdlc, [0x0F, 0, 8, 0, .. Inner], TunnelKind.None, 0);
        yield return ("PPPoE as a framing", LinkType.PppEther, [0x11, 0, 0, 42, .. Half(ppp.Length), .. ppp], TunnelKind.Pppoe, 42);
        yield return ("MPLS as a framing", LinkType.Mpls, [.. Label(200, true), .. Inner], TunnelKind.Mpls, 200);
        yield return ("frame relay", LinkType.FrameRelay, [0x18, 0x41, 3, 0xCC, .. Inner], TunnelKind.None, 0);
        yield return ("frame relay with SNAP", LinkType.FrameRelay, [0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0, .. Inner], TunnelKind.None, 0);
        yield return ("frame relay, Cisco's", LinkType.FrameRelay, [0x18, 0x41, 8, 0, .. Inner], TunnelKind.None, 0);
        yield return ("802.11", LinkType.Wireless, Wireless(false), TunnelKind.None, 0);
        yield return ("radiotap", LinkType.WirelessRadiotap, [0, 0, 8, 0, 0, 0, 0, 0, .. Wireless(false)], TunnelKind.None, 0);
        yield return ("PPI", LinkType.PerPacketInformation, [0, 0, 8, 0, 105, 0, 0, 0, .. Wireless(false)], TunnelKind.None, 0);
        yield return ("NFLOG", LinkType.NetlinkLog, [2, 0, 0, 0, 8, 0, 1, 0, 8, 0, 0, 0, .. Half(Inner.Length + 4).Reverse(), 9, 0, .. Inner], TunnelKind.None, 0);
        yield return ("VN-Tag", LinkType.Ethernet, Ethernet(0x8926, [0, 0, 0, 0, 8, 0, .. Inner]), TunnelKind.None, 0);
        yield return ("E-tag", LinkType.Ethernet, Ethernet(0x893F, [0, 0, 0, 0, 0, 0, 8, 0, .. Inner]), TunnelKind.None, 0);
        yield return ("Cisco metadata", LinkType.Ethernet, Ethernet(0x8909, [1, 1, 0, 1, 0, 9, 8, 0, .. Inner]), TunnelKind.None, 0);
    }

    public static byte[] Label(int label, bool bottom)
    {
        var entry = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(entry, ((uint)label << 12) | (bottom ? 0x100u : 0) | 64);
        return entry;
    }

    private static byte[] Half(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Wireless(bool swapped)
    {
        byte[] header = [0x88, 0x01, .. new byte[20], 0x50, 0x76, 0, 0];
        if (swapped)
            header = [0x01, 0x08, .. new byte[20], 0x76, 0x50];
        return [.. header, 0xAA, 0xAA, 3, 0, 0, 0, 8, 0, .. Inner];
    }

    private static (string, LinkType, byte[], TunnelKind, uint) Link(string name, int etherType, byte[] content, TunnelKind kind, uint id) =>
        (name, LinkType.Ethernet, Ethernet(etherType, content, (0x8100, 5)), kind, id);

    private static (string, LinkType, byte[], TunnelKind, uint) Ip(string name, int protocol, byte[] content, TunnelKind kind, uint id) =>
        (name, LinkType.Ethernet, Ethernet(0x0800, IPv4(OuterSource, OuterDestination, protocol, content), (0x8100, 5)), kind, id);

    private static (string, LinkType, byte[], TunnelKind, uint) Gre(string name, int flags, int type, byte[] options, byte[] content, TunnelKind kind, uint id) =>
        Ip(name, 47, [.. Half(flags), .. Half(type), .. options, .. content], kind, id);

    private static (string, LinkType, byte[], TunnelKind, uint) Udp(string name, int port, byte[] content, TunnelKind kind, uint id) =>
        Ip(name, 17, Frames.Udp(33333, port, content), kind, id);
}
