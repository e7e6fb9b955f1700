using EdgeSensors.FieldTest.Replay;
using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Tests;

public class TraceTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    [Fact]
    public void The_same_seed_gives_the_same_packets()
    {
        var (one, other) = (GeneratedAttack.Make(5), GeneratedAttack.Make(5));
        Assert.Equal(one.Packets.Select(p => Convert.ToHexString(p.Frame)), other.Packets.Select(p => Convert.ToHexString(p.Frame)));
        Assert.NotEqual(one.Packets.Select(p => p.OffsetNs), GeneratedAttack.Make(6).Packets.Select(p => p.OffsetNs));
    }

    [Fact]
    public void Packets_made_here_are_correct_by_the_meters_own_decoder()
    {
        foreach (var packet in GeneratedAttack.Make(1).Packets)
        {
            Assert.Equal(DecodeStatus.Ok, FrameDecoder.Decode(LinkType.Ethernet, packet.Frame, packet.Frame.Length, 0, out var header));
            Assert.Equal((packet.Source, packet.Destination), (header.Source, header.Destination));
            var ip = packet.Frame.AsSpan(14);
            Assert.Equal(0, InternetChecksum.Of(ip[..20]));
        }
    }

    [Fact]
    public void A_replay_written_as_a_file_is_read_as_the_same_trace()
    {
        var trace = GeneratedAttack.Make(2);
        var path = Path.GetTempFileName();
        Assert.True(InsideNetwork.TryDerive(trace, out var inside, out _));
        Assert.True(ReplayPlan.TryMake(trace, inside!, 1, out var plan, out _));
        ReplayFile.Write(path, plan!, passes: 2, TimeSpan.FromMilliseconds(100), DateTimeOffset.UnixEpoch.AddYears(50));
        Assert.True(Trace.TryRead(path, Silence, out var read, out var error), error);
        Assert.Equal(2 * trace.Packets.Count, read.Packets.Count - (2 * plan!.Pass(0).Count(p => p.OutsideEnd == plan.Control!.Value.Visitor)));
        File.Delete(path);
    }

    [Fact]
    public void A_long_silence_is_cut_and_time_never_runs_backwards()
    {
        var clock = new TraceClock(Silence);
        Assert.Equal(0, clock.Advance(5_000_000_000));
        Assert.Equal(1_000_000_000, clock.Advance(6_000_000_000));
        Assert.Equal(1_000_000_000, clock.Advance(5_500_000_000));
        Assert.Equal(3_000_000_000, clock.Advance(9_000_000_000_000));
    }

    [Fact]
    public void What_a_router_must_not_forward_is_left_out_with_its_reason()
    {
        var path = Path.GetTempFileName();
        var packets = new List<TracePacket>
        {
            PacketBuilder.Udp(0, Endpoint.Of("192.0.2.1", 1), Endpoint.Of("224.0.0.1", 2), 1),
            PacketBuilder.Udp(0, Endpoint.Of("127.0.0.1", 1), Endpoint.Of("192.0.2.2", 2), 1),
            PacketBuilder.Udp(0, Endpoint.Of("fe80::1", 1), Endpoint.Of("2001:db8::2", 2), 1),
            PacketBuilder.Udp(0, Endpoint.Of("192.0.2.1", 1), Endpoint.Of("198.51.100.2", 2), 1),
        };
        WriteRaw(path, packets);
        Assert.True(Trace.TryRead(path, Silence, out var trace, out var error), error);
        Assert.Equal(3, trace.LeftOut["multicast, broadcast, link-local or loopback"]);
        Assert.Single(trace.Packets);
        File.Delete(path);
    }

    [Fact]
    public void Every_capture_of_the_data_folder_gives_a_trace_or_one_line_of_why()
    {
        var data = Programs.ProgramLocator.DataFolder();
        if (data is null)
        {
            Assert.Skip("../shared/data is not there");
        }

        var (read, refused) = (0, 0);
        foreach (var capture in Directory.EnumerateFiles(Path.Combine(data, "captures", "attacks"), "*.*cap*", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length < 4 << 20))
        {
            if (Trace.TryRead(capture, Silence, out var trace, out var error))
            {
                read++;
                Assert.All(trace.Packets, p => Assert.Equal(p.Frame.Length, 14 + p.IpLength));
            }
            else
            {
                refused++;
                Assert.DoesNotContain('\n', error);
            }
        }

        Assert.True(read > 20, $"{read} read, {refused} refused");
    }

    private static void WriteRaw(string path, IEnumerable<TracePacket> packets)
    {
        using var file = new BinaryWriter(File.Create(path));
        file.Write([0x4D, 0x3C, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
        foreach (var packet in packets)
        {
            file.Write(0);
            file.Write(0);
            file.Write(packet.Frame.Length);
            file.Write(packet.Frame.Length);
            file.Write(packet.Frame);
        }
    }
}
