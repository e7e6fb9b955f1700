using EdgeSensors.Firmware.Decode;
using EdgeSensors.Firmware.Replay;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Firmware.Tests.Decode;

/// <summary>The tap's parser against the agent's decoder, on real and hostile frames.</summary>
public class FrameParserTests
{
    [Theory]
    [InlineData("attacks")]
    [InlineData("benign")]
    [InlineData("encap")]
    [InlineData("ics")]
    [InlineData("malformed")]
    public void Real_frames_give_what_the_agents_decoder_gives(string folder)
    {
        FrameHeader header = new();
        long frames = 0;
        foreach (string file in Captures.Files(folder, upTo: 4_000_000))
        {
            foreach (CapturedFrame frame in Captures.Frames(file).Take(2_000))
            {
                FrameStatus status = FrameParser.Parse(frame.Octets, 0, frame.Octets.Length, frame.Length, header);
                FrameDecoder.Decode(LinkType.Ethernet, frame.Octets, frame.Length, 0, out PacketHeader expected);
                frames++;
                if (expected.TunnelDepth > 0 || IsTunnel(header) || (status == FrameStatus.NotIp && expected.IpVersion != 0))
                {
                    continue; // the tap meters the outer packet
                }

                Assert.Equal(expected.IpVersion, header.IpVersion);
                if (header.IpVersion != 0)
                {
                    Assert.Equal(expected.Source, new HostAddress(header.SourceHigh, header.SourceLow));
                    Assert.Equal(expected.Destination, new HostAddress(header.DestinationHigh, header.DestinationLow));
                    Assert.Equal(expected.IpLength, header.IpLength);
                    Assert.Equal((int)expected.Protocol, header.Protocol);
                    Assert.Equal((expected.HasPorts, expected.SourcePort, expected.DestinationPort), (header.HasPorts, (ushort)header.SourcePort, (ushort)header.DestinationPort));
                    Assert.Equal((int)expected.TcpFlags, header.TcpFlags);
                }
            }
        }

        Assert.True(frames > 0);
    }

    [Theory]
    [InlineData("attacks")]
    [InlineData("benign")]
    [InlineData("encap")]
    public void Of_a_frame_no_octet_beyond_its_headers_is_fetched_and_nothing_is_lost_by_it(string folder)
    {
        FrameHeader whole = new();
        FrameHeader fetched = new();
        byte[] headers = new byte[FrameParser.MostHeader];
        foreach (string file in Captures.Files(folder, upTo: 4_000_000))
        {
            foreach (CapturedFrame frame in Captures.Frames(file).Take(2_000))
            {
                int have = FrameReplay.CopyHeaders(frame.Octets, 0, frame.Octets.Length, frame.Length, headers);
                FrameParser.Parse(frame.Octets, 0, frame.Octets.Length, frame.Length, whole);
                FrameParser.Parse(headers, 0, have, frame.Length, fetched);
                FrameDecoder.Decode(LinkType.Ethernet, frame.Octets, frame.Length, 0, out PacketHeader decoded);
                Assert.Equal(whole.IpVersion, fetched.IpVersion);
                if (whole.IpVersion != 0)
                {
                    Assert.Equal(
                        (whole.SourceLow, whole.DestinationLow, whole.IpLength, whole.Protocol, whole.SourcePort, whole.DestinationPort, whole.TcpFlags),
                        (fetched.SourceLow, fetched.DestinationLow, fetched.IpLength, fetched.Protocol, fetched.SourcePort, fetched.DestinationPort, fetched.TcpFlags));
                    Assert.True(IsTunnel(whole) || have <= Math.Max(decoded.HeaderLength, 34), $"{have} octets fetched, the headers end at {decoded.HeaderLength}");
                }
                else
                {
                    Assert.True(have <= 74);
                }
            }
        }
    }

    [Fact]
    public void Any_octets_give_a_status_and_a_bounded_header()
    {
        Random random = new(3);
        FrameHeader header = new();
        byte[] headers = new byte[FrameParser.MostHeader];
        byte[] frame = new byte[400];
        int[] types = [0x0800, 0x86dd, 0x8100, 0x88a8, 0x0806];
        for (int round = 0; round < 100_000; round++)
        {
            random.NextBytes(frame);
            int type = types[random.Next(types.Length)];
            frame[12] = (byte)(type >> 8);
            frame[13] = (byte)type;
            frame[14] = (byte)(type == 0x0800 ? 0x45 + random.Next(0, 2) : 0x60);
            if (random.Next(2) == 0)
            {
                frame[20] = (byte)(random.Next(2) == 0 ? 0 : 43);
                frame[18] = frame[16] = 0;
                frame[55] = 0;
            }

            int captured = random.Next(0, frame.Length + 1);
            int have = FrameReplay.CopyHeaders(frame, 0, captured, captured, headers);
            Assert.InRange(have, 0, Math.Min(captured, FrameParser.MostHeader));
            FrameParser.Parse(headers, 0, have, captured, header);
            FrameParser.Parse(frame, 0, captured, captured, header);
        }
    }

    private static bool IsTunnel(FrameHeader h) =>
        h.IpVersion != 0 && (h.Protocol is 4 or 41 or 47 or 137 || (h.Protocol == 17 && (IsTunnelPort(h.DestinationPort) || IsTunnelPort(h.SourcePort))));

    private static bool IsTunnelPort(int port) => port is 4789 or 8472 or 6081 or 2152 or 3544;
}
