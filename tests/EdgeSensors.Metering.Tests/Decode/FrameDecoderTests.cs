using CsCheck;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Tests.Truth;
using static EdgeSensors.Metering.Tests.Decode.Frames;

namespace EdgeSensors.Metering.Tests.Decode;

public class FrameDecoderTests
{
    private const string A = "192.0.2.1";
    private const string B = "198.51.100.2";
    private const string A6 = "2001:db8::1";
    private const string B6 = "2001:db8::2";

    private static readonly byte[] SynPacket = IPv4(A, B, 6, Tcp(1234, 443, 0x02, Payload(5), optionLength: 12));

    /// <summary>The same IPv4 packet in every framing, and where its headers end.</summary>
    public static TheoryData<LinkType, byte[], int> Framings => new()
    {
        { LinkType.Ethernet, Ethernet(0x0800, SynPacket), 14 },
        { LinkType.Ethernet, Ethernet(0x0800, [.. SynPacket, 0, 0, 0, 0, 0, 0]), 14 },
        { LinkType.Ethernet, Ethernet(0x0800, SynPacket, (0x8100, 7)), 18 },
        { LinkType.Ethernet, Ethernet(0x0800, SynPacket, (0x88A8, 7), (0x8100, 9)), 22 },
        { LinkType.Ethernet, Ethernet(0x0800, SynPacket, (0x9100, 7), (0x8100, 9), (0x8100, 10)), 26 },
        { LinkType.Ethernet, Ethernet(65, [0xAA, 0xAA, 3, 0, 0, 0, 8, 0, .. SynPacket]), 22 },
        { LinkType.LinuxCooked, [.. new byte[14], 8, 0, .. SynPacket], 16 },
        { LinkType.LinuxCooked, [.. new byte[14], 0x81, 0, 0, 7, 8, 0, .. SynPacket], 20 },
        { LinkType.LinuxCooked2, [8, 0, .. new byte[18], .. SynPacket], 20 },
        { LinkType.Null, [2, 0, 0, 0, .. SynPacket], 4 },
        { LinkType.Null, [0, 0, 0, 2, .. SynPacket], 4 },
        { LinkType.Loop, [0, 0, 0, 2, .. SynPacket], 4 },
        { LinkType.Raw, SynPacket, 0 },
        { LinkType.RawOld, SynPacket, 0 },
        { LinkType.RawOpenBsd, SynPacket, 0 },
        { LinkType.IPv4, SynPacket, 0 },
    };

    [Theory]
    [MemberData(nameof(Framings))]
    public void A_packet_reads_the_same_in_every_framing(LinkType linkType, byte[] frame, int ipOffset)
    {
        Assert.Equal(DecodeStatus.Ok, FrameDecoder.Decode(linkType, frame, frame.Length, 42, out var header));
        Assert.Equal((A, 1234, B, 443), (header.Source.ToString(), header.SourcePort, header.Destination.ToString(), header.DestinationPort));
        Assert.Equal((IpProtocol.Tcp, TcpControlBits.Syn, 57, 5), (header.Protocol, header.TcpFlags, header.IpLength, header.PayloadLength));
        Assert.Equal(ipOffset + 52, header.HeaderLength);
        Assert.Equal(42, header.TimestampNs);
    }

    [Fact]
    public void VLAN_ids_are_kept_outer_first()
    {
        FrameDecoder.Decode(LinkType.Ethernet, Ethernet(0x0800, SynPacket, (0x88A8, 7), (0x8100, 9)), 100, 0, out var inline);
        Assert.Equal((7, 9), (inline.VlanId, inline.CustomerVlanId));
    }

    [Theory]
    [InlineData(24u)]
    [InlineData(28u)]
    [InlineData(30u)]
    [InlineData(10u)]
    public void Each_systems_loopback_number_of_IPv6_is_known_in_both_byte_orders(uint family)
    {
        var packet = IPv6(A6, B6, 17, Udp(53, 5353, Payload(3)));
        foreach (var header in new[] { BitConverter.GetBytes(family), [.. BitConverter.GetBytes(family).Reverse()] })
        {
            Assert.Equal(DecodeStatus.Ok, FrameDecoder.Decode(LinkType.Null, [.. header, .. packet], 55, 0, out var decoded));
            Assert.Equal((6, B6), (decoded.IpVersion, decoded.Destination.ToString()));
        }
    }

    [Fact]
    public void IPv6_extension_headers_are_followed_to_the_stated_depth_and_no_further()
    {
        var payload = Udp(53, 5353, Payload(3));
        for (var depth = 0; depth <= FrameDecoder.MaxExtensionHeaders + 1; depth++)
        {
            var chain = payload;
            for (var i = 0; i < depth; i++)
                chain = Extension(i == 0 ? 17 : 60, 8 * (i + 1), chain);
            var packet = IPv6(A6, B6, depth == 0 ? 17 : 60, chain);
            var status = FrameDecoder.Decode(LinkType.Raw, packet, packet.Length, 0, out var header);
            var followed = depth <= FrameDecoder.MaxExtensionHeaders;
            Assert.Equal(followed ? DecodeStatus.Ok : DecodeStatus.ExtensionHeadersTooMany, status);
            Assert.Equal(followed ? (53, 3) : (0, 11 + 8), (header.SourcePort, header.PayloadLength));
            Assert.Equal(packet.Length, header.IpLength);
            Assert.DoesNotContain(Marker, packet[..header.HeaderLength]);
        }
    }

    [Fact]
    public void A_fragment_says_which_part_it_is_and_only_the_first_has_ports()
    {
        var udp = Udp(1, 2, Payload(24));
        var first = Check(IPv4(A, B, 17, udp[..16], 0x2000, 77), FragmentKind.First, 1);
        Assert.Equal(first, Check(IPv4(A, B, 17, udp[16..], 0x0002, 77), FragmentKind.Later, 0));
        Assert.NotEqual(first, Check(IPv4(A, B, 17, udp[16..], 0x0002, 78), FragmentKind.Later, 0));
        Assert.NotEqual(first, Check(IPv4(B, A, 17, udp[16..], 0x0002, 77), FragmentKind.Later, 0));
        Assert.Equal(0u, Check(IPv4(A, B, 17, udp, 0x4000, 77), FragmentKind.Whole, 1));
        first = Check(IPv6(A6, B6, 44, FragmentHeader(17, 0, true, 78, udp[..16])), FragmentKind.First, 1);
        Assert.Equal(first, Check(IPv6(A6, B6, 44, FragmentHeader(17, 2, false, 78, udp[16..])), FragmentKind.Later, 0));
        Assert.Equal(0u, Check(IPv6(A6, B6, 44, FragmentHeader(17, 0, false, 78, udp)), FragmentKind.Whole, 1));

        static ulong Check(byte[] packet, FragmentKind kind, int sourcePort)
        {
            Assert.Equal(DecodeStatus.Ok, FrameDecoder.Decode(LinkType.Raw, packet, packet.Length, 0, out var header));
            Assert.Equal((kind, sourcePort, IpProtocol.Udp), (header.Fragment, header.SourcePort, header.Protocol));
            Assert.DoesNotContain(Marker, packet[..header.HeaderLength]);
            return header.FragmentKey;
        }
    }

    [Fact]
    public void An_ICMP_error_gives_the_packet_it_quotes_and_keeps_eight_octets_of_its_transport_header()
    {
        var quoted = IPv4(A, B, 17, Udp(4000, 53, Payload(20)));
        var packet = IPv4(B, A, 1, Icmp(3, 3, 0, quoted));
        Assert.Equal(DecodeStatus.Ok, FrameDecoder.Decode(LinkType.Raw, packet, packet.Length, 9, out var error));
        Assert.Equal((3, 3, 20 + 8 + 20 + 8), (error.IcmpType, error.IcmpCode, error.HeaderLength));
        Assert.True(FrameDecoder.TryDecodeQuoted(packet, in error, out var inner));
        Assert.Equal((A, 4000, B, 53), (inner.Source.ToString(), inner.SourcePort, inner.Destination.ToString(), inner.DestinationPort));
        Assert.Equal(9, inner.TimestampNs);

        var quoted6 = IPv6(A6, B6, 60, Extension(6, 16, Tcp(4000, 80, 2, Payload(20))));
        var packet6 = IPv6(B6, A6, 58, Icmp(1, 4, 0, quoted6));
        FrameDecoder.Decode(LinkType.Raw, packet6, packet6.Length, 9, out var error6);
        Assert.Equal(40 + 8 + 40 + 16 + 8, error6.HeaderLength);
        Assert.True(FrameDecoder.TryDecodeQuoted(packet6, in error6, out var inner6));
        Assert.Equal((A6, 4000, 80), (inner6.Source.ToString(), inner6.SourcePort, inner6.DestinationPort));
    }

    [Fact]
    public void An_echo_has_its_identifier_and_nothing_of_its_data()
    {
        var packet = IPv4(A, B, 1, Icmp(8, 0, 0x1234, Payload(56)));
        FrameDecoder.Decode(LinkType.Raw, packet, packet.Length, 0, out var header);
        Assert.Equal((8, 0x1234, 28, 56, 0), (header.IcmpType, header.IcmpIdentifier, header.HeaderLength, header.PayloadLength, header.QuotedOffset));
        Assert.False(FrameDecoder.TryDecodeQuoted(packet, in header, out _));
    }

    [Fact]
    public void SCTP_has_ports_and_an_unknown_protocol_ends_at_its_IP_header()
    {
        var sctp = IPv4(A, B, 132, Sctp(5000, 38412, Payload(30)));
        FrameDecoder.Decode(LinkType.Raw, sctp, sctp.Length, 0, out var header);
        Assert.Equal((5000, 38412, 32, 30), (header.SourcePort, header.DestinationPort, header.HeaderLength, header.PayloadLength));
        var unknown = IPv4(A, B, 47, Payload(30));
        FrameDecoder.Decode(LinkType.Raw, unknown, unknown.Length, 0, out header);
        Assert.Equal((false, 20, 30), (header.HasPorts, header.HeaderLength, header.PayloadLength));
    }

    [Fact]
    public void Padding_behind_the_IP_packet_is_neither_header_nor_payload()
    {
        byte[] frame = [.. Ethernet(0x0800, IPv4(A, B, 6, [1, 2])), .. Payload(24)];
        Assert.Equal(DecodeStatus.TransportHeaderTruncated, FrameDecoder.Decode(LinkType.Ethernet, frame, frame.Length, 0, out var header));
        Assert.Equal((36, 0, 22), (header.HeaderLength, header.PayloadLength, header.IpLength));
    }

    [Fact]
    public void A_total_length_of_zero_is_what_was_on_the_wire()
    {
        var packet = IPv4(A, B, 6, Tcp(1, 2, 0x10, Payload(100)));
        packet[2] = packet[3] = 0;
        FrameDecoder.Decode(LinkType.Ethernet, Ethernet(0x0800, packet), 14 + 60_000, 0, out var header);
        Assert.Equal((60_000, 60_000 - 40), (header.IpLength, header.PayloadLength));
    }

    public static TheoryData<string, LinkType, byte[], DecodeStatus> Contradictions => new()
    {
        { "short Ethernet", LinkType.Ethernet, new byte[13], DecodeStatus.LinkHeaderTruncated },
        { "cut VLAN tag", LinkType.Ethernet, [.. new byte[12], 0x81, 0, 0], DecodeStatus.LinkHeaderTruncated },
        { "five VLAN tags", LinkType.Ethernet, Ethernet(0x0800, SynPacket, (0x8100, 1), (0x8100, 1), (0x8100, 1), (0x8100, 1), (0x8100, 1)), DecodeStatus.TooManyVlanTags },
        { "ARP", LinkType.Ethernet, Ethernet(0x0806, new byte[28]), DecodeStatus.NotIp },
        { "no such framing", (LinkType)106, SynPacket, DecodeStatus.UnsupportedLinkType },
        { "cut IPv4", LinkType.Raw, SynPacket[..19], DecodeStatus.IpHeaderTruncated },
        { "cut IPv6", LinkType.Raw, IPv6(A6, B6, 17, [])[..39], DecodeStatus.IpHeaderTruncated },
        { "empty raw", LinkType.Raw, [], DecodeStatus.IpHeaderTruncated },
        { "IPv6 where IPv4 is announced", LinkType.IPv4, IPv6(A6, B6, 17, []), DecodeStatus.IpVersionInvalid },
        { "version 5", LinkType.Raw, [0x50, .. new byte[40]], DecodeStatus.IpVersionInvalid },
        { "header length 16", LinkType.Raw, [0x44, .. SynPacket[1..]], DecodeStatus.IpLengthInvalid },
        { "total length 19", LinkType.Raw, [0x45, 0, 0, 19, .. SynPacket[4..]], DecodeStatus.IpLengthInvalid },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void A_frame_without_a_readable_IP_header_is_named_and_not_metered(string name, LinkType linkType, byte[] frame, DecodeStatus status)
    {
        Assert.NotEmpty(name);
        Assert.Equal(status, FrameDecoder.Decode(linkType, frame, frame.Length, 0, out var header));
        Assert.Equal(0, header.IpVersion);
    }

    [Fact]
    public void Every_frame_of_the_corpus_decodes_the_same_when_all_beyond_its_headers_is_cut_off()
    {
        var frames = 0;
        ForEachFrameOfTheCorpus((ref packet) =>
        {
            var status = FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var whole);
            Assert.InRange(whole.HeaderLength, 0, packet.Data.Length);
            if (whole.IpVersion == 0)
                return;
            var again = FrameDecoder.Decode(packet.LinkType, packet.Data[..whole.HeaderLength], packet.OriginalLength, packet.TimestampNs, out var cut);
            Assert.Equal((status, whole), (again, cut));
            frames++;
        });
        Assert.True(frames > 100_000);
    }

    [Fact]
    public void Any_bytes_in_any_framing_decode_to_a_status_with_headers_inside_the_frame()
    {
        LinkType[] linkTypes = [.. Enum.GetValues<LinkType>(), (LinkType)999];
        Gen.Select(Gen.Int[0, linkTypes.Length - 1], Gen.OneOf(Gen.Byte, Gen.OneOf(Gen.Const((byte)0x45), Gen.Const((byte)0x60), Gen.Const((byte)0), Gen.Const((byte)6))).Array[0, 120], Gen.Int)
            .Sample(
                (linkType, frame, originalLength) =>
                {
                    var status = FrameDecoder.Decode(linkTypes[linkType], frame, originalLength, 0, out var header);
                    Assert.True(Enum.IsDefined(status));
                    Assert.InRange(header.HeaderLength, 0, frame.Length);
                    Assert.True(header.PayloadLength >= 0 && header.IpLength >= 0);
                    if (FrameDecoder.TryDecodeQuoted(frame, in header, out var quoted))
                        Assert.InRange(quoted.HeaderLength, 0, frame.Length);
                },
                iter: 100_000);
    }

    private delegate void FrameAction(ref CapturedPacket packet);

    private static void ForEachFrameOfTheCorpus(FrameAction action)
    {
        foreach (var truth in Corpus.TsharkTruth())
        {
            if (!CaptureFile.TryOpen(Path.Combine(Corpus.Captures, truth.GetProperty("file").GetString()!), out var file, out _))
                continue;
            using (file)
            {
                CapturedPacket packet = default;
                while (file.Read(ref packet) != PacketRead.End)
                    action(ref packet);
            }
        }
    }
}
