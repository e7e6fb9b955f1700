using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Metering.Tests.Flows;
using static EdgeSensors.Metering.Tests.Decode.Frames;

namespace EdgeSensors.Metering.Tests.Decode;

/// <summary>The promises of docs/metering.md, "Tunnels".</summary>
public class TunnelTests
{
    public static TheoryData<string> Names => [.. TunnelFrames.All().Select(tunnel => tunnel.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_packet_inside_is_metered_and_its_headers_end_where_its_payload_begins(string name)
    {
        var (_, linkType, frame, tunnel, id) = TunnelFrames.All().Single(candidate => candidate.Name == name);
        Assert.Equal(DecodeStatus.Ok, FrameDecoder.Decode(linkType, frame, frame.Length, 7, out var header));
        Assert.Equal((tunnel, id, tunnel == TunnelKind.None ? 0 : 1), (header.Tunnel, header.TunnelId, header.TunnelDepth));
        Assert.Equal((40000, 443, TcpControlBits.Syn, 7L), (header.SourcePort, header.DestinationPort, header.TcpFlags, header.TimestampNs));
        Assert.Equal((header.IpVersion == 4 ? TunnelFrames.Inner : TunnelFrames.Inner6).Length, header.IpLength);
        Assert.Equal((frame.Length - 9, 9), (header.HeaderLength, header.PayloadLength));
        Assert.Equal(-1, frame.AsSpan(0, header.HeaderLength).IndexOf([Marker, Marker]));
        Assert.Equal(tunnel is TunnelKind.Vxlan or TunnelKind.Geneve or TunnelKind.Nvgre or TunnelKind.Pbb ? id : 0, header.SegmentId);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void However_short_it_is_cut_a_frame_is_metered_as_the_packet_inside_or_as_the_tunnels_own(string name)
    {
        var (_, linkType, frame, _, _) = TunnelFrames.All().Single(candidate => candidate.Name == name);
        FrameDecoder.Decode(linkType, frame, frame.Length, 0, out var whole);
        FrameDecoder.DecodeLayer(linkType, frame, frame.Length, 0, out var outermost);
        for (var length = 0; length < whole.HeaderLength; length++)
        {
            FrameDecoder.Decode(linkType, frame.AsSpan(0, length), frame.Length, 0, out var header);
            Assert.InRange(header.HeaderLength, 0, length);
            if (header.IpVersion == 0)
                continue;
            var expected = header.TunnelDepth > 0 ? whole : outermost;
            Assert.Equal((expected.Source, expected.Destination, expected.IpLength), (header.Source, header.Destination, header.IpLength));
        }
    }

    [Fact]
    public void An_ordinary_datagram_on_a_tunnels_port_stays_itself()
    {
        foreach (var port in (int[])[1701, 2152, 3544, 4754, 4789, 4790, 5072, 5247, 6081, 6635, 8472])
        {
            foreach (var content in (byte[][])[Payload(200), new byte[200], [0, 1, .. "\u0002ex\u0002am"u8, .. new byte[100]], TunnelFrames.Inner[1..]])
            {
                var packet = IPv4("192.0.2.1", "198.51.100.2", 17, Udp(port, 55555, content));
                Assert.Equal(DecodeStatus.Ok, FrameDecoder.Decode(LinkType.Raw, packet, packet.Length, 0, out var header));
                Assert.Equal((0, port, 28), (header.TunnelDepth, header.SourcePort, header.HeaderLength));
            }
        }
    }

    [Fact]
    public void GTP_of_another_length_or_message_and_Teredo_between_other_addresses_stay_UDP()
    {
        var inner = TunnelFrames.Inner;
        AssertStaysUdp(2152, [0x30, 255, 0, (byte)(inner.Length + 1), 0, 0, 0, 99, .. inner]);
        AssertStaysUdp(2152, [0x30, 1, 0, (byte)inner.Length, 0, 0, 0, 99, .. inner]);
        AssertStaysUdp(2152, [0x50, 255, 0, (byte)inner.Length, 0, 0, 0, 99, .. inner]);
        AssertStaysUdp(3544, IPv6("2002:1::1", "2001:db8::1", 17, Udp(1, 2, Payload(4))));
        AssertStaysUdp(3544, [.. TunnelFrames.Inner6[..^1]]);

        static void AssertStaysUdp(int port, byte[] content)
        {
            var packet = IPv4("192.0.2.1", "198.51.100.2", 17, Udp(44444, port, content));
            FrameDecoder.Decode(LinkType.Raw, packet, packet.Length, 0, out var header);
            Assert.Equal((0, port), (header.TunnelDepth, header.DestinationPort));
        }
    }

    [Fact]
    public void What_a_tunnel_carries_that_is_not_IP_leaves_the_tunnels_own_packet()
    {
        var arp = Ethernet(0x0806, Payload(28));
        var vxlan = IPv4("192.0.2.1", "198.51.100.2", 17, Udp(44444, 4789, [8, 0, 0, 0, 0, 0, 1, 0, .. arp]));
        Assert.Equal(DecodeStatus.Ok, FrameDecoder.Decode(LinkType.Raw, vxlan, vxlan.Length, 0, out var header));
        Assert.Equal((TunnelKind.None, 4789, 28, vxlan.Length), (header.Tunnel, header.DestinationPort, header.HeaderLength, header.IpLength));

        var gre = IPv4("192.0.2.1", "198.51.100.2", 47, [0, 0, 0x65, 0x58, .. arp]);
        Assert.Equal(DecodeStatus.TunnelNotRead, FrameDecoder.Decode(LinkType.Raw, gre, gre.Length, 0, out header));
        Assert.Equal((TunnelKind.None, IpProtocol.Gre, 20, gre.Length), (header.Tunnel, header.Protocol, header.HeaderLength, header.IpLength));

        var mpls = Ethernet(0x8847, [.. TunnelFrames.Label(5, true), .. arp]);
        Assert.Equal(DecodeStatus.NotIp, FrameDecoder.Decode(LinkType.Ethernet, mpls, mpls.Length, 0, out header));
        Assert.Equal((0, TunnelKind.None, 14), (header.IpVersion, header.Tunnel, header.HeaderLength));
    }

    [Fact]
    public void Tunnels_are_followed_to_the_stated_depth_and_the_packet_there_is_metered()
    {
        var packet = TunnelFrames.Inner;
        for (var depth = 0; depth <= FrameDecoder.MaxTunnelDepth + 2; depth++)
        {
            var status = FrameDecoder.Decode(LinkType.Raw, packet, packet.Length, 0, out var header);
            var followed = depth <= FrameDecoder.MaxTunnelDepth;
            Assert.Equal(followed ? DecodeStatus.Ok : DecodeStatus.TunnelsTooDeep, status);
            Assert.Equal(Math.Min(depth, FrameDecoder.MaxTunnelDepth), header.TunnelDepth);
            Assert.Equal(followed ? IpProtocol.Tcp : IpProtocol.IPv4, header.Protocol);
            packet = IPv4("192.0.2.1", "198.51.100.2", 4, packet);
        }
    }

    [Fact]
    public void A_frame_inside_has_its_own_VLANs_and_a_mirrored_one_without_a_tag_that_of_its_port()
    {
        Assert.Equal((0, 0), VlansOf("VXLAN"));
        Assert.Equal((9, 0), VlansOf("NVGRE"));
        Assert.Equal((7, 0), VlansOf("ERSPAN II"));
        Assert.Equal((5, 0), VlansOf("IPv4 in IPv4"));

        static (int, int) VlansOf(string name)
        {
            var (_, linkType, frame, _, _) = TunnelFrames.All().Single(candidate => candidate.Name == name);
            FrameDecoder.Decode(linkType, frame, frame.Length, 0, out var header);
            return (header.VlanId, header.CustomerVlanId);
        }
    }

    [Fact]
    public void Fragments_of_a_tunnels_packet_are_in_the_flow_of_the_packet_inside()
    {
        var inner = IPv4(TunnelFrames.InnerSource, TunnelFrames.InnerDestination, 17, Udp(1000, 53, Payload(1000)));
        byte[] content = Udp(2152, 2152, [0x30, 255, (byte)(inner.Length >> 8), (byte)inner.Length, 0, 0, 0, 9, .. inner]);
        var list = new RecordList();
        var table = new FlowTable(new FlowTableOptions(), list);
        foreach (var packet in (byte[][])
            [
                IPv4("192.0.2.1", "198.51.100.2", 17, content[..800], 0x2000, 77),
                IPv4("192.0.2.1", "198.51.100.2", 17, content[800..], 100, 77),
            ])
        {
            FrameDecoder.Decode(LinkType.Raw, packet, packet.Length, 0, out var header);
            table.Complete(ref header);
            Assert.Equal((TunnelFrames.InnerSource, 53), (header.Source.ToString(), header.DestinationPort));
            ref readonly var record = ref table.Add(in header);
            Assert.Equal((TunnelFrames.InnerSource, 53, TunnelKind.GtpU), (record.Source.ToString(), record.DestinationPort, record.Tunnel));
        }

        table.Flush();

        // The first counts what it holds of the packet inside (800 octets without UDP's and GTP's 16), the second by its own length.
        Assert.Equal((2, 800 - 16 + 20 + content.Length - 800), Assert.Single(list.Records.Select(record => (record.PacketCount, record.OctetCount))));
    }

    [Fact]
    public void Virtual_networks_keep_flows_apart_and_endpoint_ids_do_not()
    {
        Assert.Equal(2, FlowsOf("VXLAN", (ref header) => header.SegmentId = 0xFF_1234));
        Assert.Equal(2, FlowsOf("VXLAN", (ref header) => header.SegmentId |= 0x80_0000));
        Assert.Equal(1, FlowsOf("GTP-U", (ref header) => header.TunnelId = 1234));

        static int FlowsOf(string name, Change change)
        {
            var (_, linkType, frame, _, _) = TunnelFrames.All().Single(candidate => candidate.Name == name);
            var table = new FlowTable(new FlowTableOptions(), new RecordList());
            FrameDecoder.Decode(linkType, frame, frame.Length, 0, out var header);
            table.Add(in header);
            change(ref header);
            table.Add(in header);
            return table.Count;
        }
    }

    private delegate void Change(ref PacketHeader header);
}
