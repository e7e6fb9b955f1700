using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Tests;

/// <summary>What is made up for a gateway's link: from a seed alone, whole packets, each with one end inside.</summary>
public class MadeTrafficTests
{
    private const long Second = 1_000_000_000;

    private static readonly Prefix[] s_own = [Prefix.Parse("198.51.100.0/24")];

    private static readonly Dictionary<string, Func<int, IEnumerable<TracePacket>>> s_kinds = new()
    {
        ["visitors"] = seed => Made(10).Visitors(new Random(seed)),
        ["port-scan"] = seed => Made(50).PortScan(new Random(seed)),
        ["address-scan"] = seed => Made(50).AddressScan(new Random(seed)),
        ["syn-flood"] = seed => Made(500).SynFlood(new Random(seed)),
        ["reflection"] = seed => Made(500).Reflection(new Random(seed)),
        ["beacon"] = seed => Made(1).Beacon(new Random(seed)),
        ["office-day"] = seed => Day(atHome: false).Make(new Random(seed)),
        ["isp-day"] = seed => Day(atHome: true).Make(new Random(seed)),
    };

    public static TheoryData<string> Kinds => [.. s_kinds.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_same_seed_gives_the_same_packets_and_another_others(string kind)
    {
        Assert.Equal(Octets(s_kinds[kind](1)), Octets(s_kinds[kind](1)));
        Assert.NotEqual(Octets(s_kinds[kind](1)), Octets(s_kinds[kind](2)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_packet_runs_between_inside_and_outside_and_none_before_its_time(string kind)
    {
        var inside = InsideNetwork.Given(s_own);
        Assert.All(s_kinds[kind](1), p =>
        {
            Assert.NotEqual(inside.Contains(p.Source), inside.Contains(p.Destination));
            Assert.True(p.OffsetNs >= Second);
            Assert.Equal(DecodeStatus.Ok, FrameDecoder.Decode(LinkType.Ethernet, p.Frame, p.Frame.Length, p.OffsetNs, out var header));
            Assert.Equal((p.Source, p.Destination), (header.Source, header.Destination));
        });
    }

    [Fact]
    public void A_scanner_goes_on_after_an_answer_and_so_proves_its_address()
    {
        var scan = s_kinds["port-scan"](1).ToList();
        var opened = scan.Where(p => Flags(p) == (TcpControlBits.Syn | TcpControlBits.Ack)).Select(p => p.Conversation).ToHashSet();
        Assert.NotEmpty(opened);
        Assert.Contains(scan, p => opened.Contains(p.Conversation) && Flags(p) == TcpControlBits.Ack);
    }

    [Fact]
    public void A_day_s_connections_follow_its_curve()
    {
        // Forty connections a second for a minute; a home is quietest before dawn and busiest in the evening.
        var day = new DayOfTraffic(s_own, Second, 60 * Second, Rate: 40, Hosts: 100) { AtHome = true };
        var begins = day.Make(new Random(1)).GroupBy(p => p.Conversation).Select(c => c.Min(p => p.OffsetNs) - Second).ToList();
        int In(double from, double to) => begins.Count(b => b >= from / 24 * 60 * Second && b < to / 24 * 60 * Second);
        Assert.True(In(19, 22) > 3 * In(3, 6), $"{In(19, 22)} connections in the evening, {In(3, 6)} before dawn");

        // A visit of a site is two conversations: the name is asked for first.
        Assert.InRange(begins.Count, 40 * 60, 40 * 60 * 2);
    }

    private static MadeTraffic Made(double rate) => new(s_own, Second, 5 * Second, rate, Hosts: 100);

    private static DayOfTraffic Day(bool atHome) => new(s_own, Second, 5 * Second, Rate: 30, Hosts: 40) { AtHome = atHome };

    private static TcpControlBits Flags(TracePacket packet) =>
        FrameDecoder.Decode(LinkType.Ethernet, packet.Frame, packet.Frame.Length, 0, out var header) == DecodeStatus.Ok ? header.TcpFlags : default;

    private static byte[] Octets(IEnumerable<TracePacket> packets) => [.. packets.SelectMany(p => BitConverter.GetBytes(p.OffsetNs).Concat(p.Frame))];
}
