using EdgeSensors.Firmware.Capture;
using EdgeSensors.Firmware.Replay;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Hardware.Wire;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>
/// Real captures over the emulated chip, faster than the tap can read: the totals and their bounds as it reports them, against what the agent's decoder counts on
/// the wire. Each line of traffic says how its frames are timed, and is played for many windows.
/// </summary>
public class GatedTruthTests
{
    private const long WindowUs = 2_000_000; // a tap's window has thirty times as many gates

    private const int Windows = 10;

    /// <summary>Traffic: a capture, and what its frames' times are: random gaps of a mean in microseconds, or its own, so many times faster.</summary>
    public static TheoryData<string, int, double> Lines => new()
    {
        { "attacks/packet-captures/pkt.TCP.synflood.spoofed.pcap", 0, 0 },
        { "attacks/packet-captures/pkt.TCP.synflood.spoofed.pcap", 20, 0 },
        { "attacks/packet-captures/pkt.TCP.synflood.spoofed.pcap", 200, 0 },
        { "attacks/packet-captures/amp.TCP.reflection.SYNACK.pcap", 90, 0 },
        { "attacks/packet-captures/amp.UDP.snmp.src161.pcapng", 120, 0 },
        { "attacks/packet-captures/amp.dns.RRSIG.fragmented.pcap", 150, 0 },
        { "attacks/StratosphereLinuxIPS/test-cc__test-cc-capture-1.pcap", 110, 0 },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void Of_ten_windows_eight_or_more_are_within_the_bounds_that_their_reports_say(string capture, int meanGapUs, double speed)
    {
        Played played = Play(capture, meanGapUs, speed, Windows);
        Assert.True(played.LargestShare < 0.9, "the gates were hardly shut: this shows nothing");
        Assert.InRange(played.PacketsWithin, Windows * 8 / 10, Windows);
        Assert.InRange(played.OctetsWithin, Windows * 8 / 10, Windows);
    }

    /// <summary>
    /// Lines on which nothing was tried while the estimator was made: other captures at random gaps, and these and others at their own times, with the bursts and
    /// silences that they have. The bounds are stated for 95 % of windows.
    /// </summary>
    [Fact]
    public void Of_the_windows_of_lines_held_out_nine_in_ten_are_within_their_bounds()
    {
        int windows = 0, sampled = 0, packets = 0, octets = 0;
        foreach ((string capture, int meanGapUs, double speed) in HeldOut)
        {
            Played played = Play(capture, meanGapUs, speed, HeldOutWindows);
            windows += HeldOutWindows;
            sampled += played.Sampled;
            packets += played.PacketsWithin;
            octets += played.OctetsWithin;
        }

        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant(
            $"held out: {HeldOut.Length} lines, {windows} windows, {sampled} sampled; packets within in {(double)packets / windows:P1}, octets in {(double)octets / windows:P1}"));
        Assert.InRange(sampled, windows / 2, windows);
        Assert.InRange(packets, windows * 9 / 10, windows);
        Assert.InRange(octets, windows * 9 / 10, windows);
    }

    private static readonly int HeldOutWindows = int.TryParse(Environment.GetEnvironmentVariable("EDGESENSORS_GATED_WINDOWS"), System.Globalization.CultureInfo.InvariantCulture, out int many) ? many : 8;

    private static readonly (string Capture, int MeanGapUs, double Speed)[] HeldOut =
    [
        ("attacks/suricata-verify/ipv6-evasion__ipv6-dos-with-ext-headers-5__denial6-5.pcap", 0, 1),
        ("attacks/suricata-verify/ipv6-evasion__ipv6-dos-with-ext-headers-5__denial6-5.pcap", 60, 0),
        ("attacks/dns-tunneling/doh__ethernet__27may_malicious.pcap", 0, 1_500),
        ("attacks/dns-tunneling/doh__ethernet__27may_malicious.pcap", 100, 0),
        ("attacks/dns-tunneling/doh__ethernet__26may_benign.pcap", 0, 4_000),
        ("attacks/suricata-verify/tls__tls-bypass-missing-event__tor_bl.pcap", 0, 100),
        ("attacks/suricata-verify/tls__tls-bypass-missing-event__tor_bl.pcap", 250, 0),
        ("attacks/packet-captures/amp.dns.RRSIG.fragmented.pcap", 0, 40),
        ("attacks/packet-captures/amp.UDP.snmp.src161.pcapng", 0, 0.05),
        ("attacks/packet-captures/amp.TCP.reflection.SYNACK.pcap", 0, 0.1),
        ("attacks/packet-captures/pkt.TCP.synflood.spoofed.pcap", 0, 4),
        ("attacks/StratosphereLinuxIPS/test-cc__test-cc-capture-1.pcap", 0, 500),
        ("attacks/nDPI/synscan.pcap", 0, 60),
        ("attacks/nDPI/synscan.pcap", 30, 0),
        ("attacks/Pcaphunt/test__ps-tcp_ack.pcap", 0, 8),
        ("attacks/Pcaphunt/test__ps-tcp_ack.pcap", 0, 0),
        ("attacks/StratosphereLinuxIPS/test19-malicious-ssh__malicious-ssh-bruteforce.pcap", 0, 60),
        ("ics/icsnpp-bacnet/testing__traces__bacnet_services.pcap", 0, 700),
        ("ics/icsnpp-bacnet/testing__traces__bacnet_services.pcap", 12, 0),
        ("ics/ICS-Security-Tools/openics__EIP-ChangeTimeAttempt.pcap", 130, 0),
    ];

    private sealed record Played(int Sampled, int PacketsWithin, int OctetsWithin, double LargestShare);

    private static Played Play(string capture, int meanGapUs, double speed, int windows)
    {
        List<WireFrame> frames = [.. CaptureFrames.Read(SharedData.Path("captures/" + capture)).Where(f => f.Octets.Length <= EdgeSensors.Firmware.Devices.W5500.LongestFrame)];
        int[] length = [.. frames.Select(f => IpLength(f.Octets.ToArray()))];
        using Bench bench = new();
        Assert.True(bench.Chip.TryInitialize());
        bench.LinkUp();
        TapMeter meter = FrameReplay.Meter([], bench.UnixMs);
        GatedSampler sampler = new(bench.Chip, meter, bench);
        MessageHeader header = new(1, 1);
        EthernetWire wire = new(bench.Time, speed > 0 ? Again(frames) : Arrivals(frames, meanGapUs), speed: speed > 0 ? speed : 1);
        bench.Ethernet.Line = wire;
        bench.Ethernet.OnTransfer = () => bench.Time.Advance(60_000); // the interpreter's work around a transfer
        long played = 0;
        int packetsWithin = 0, octetsWithin = 0, sampled = 0;
        double errors = 0, all = 0, squares = 0, octetErrors = 0, allOctets = 0, octetSquares = 0, largestShare = 0, smallestShare = 1;
        for (int window = 0; window < windows; window++)
        {
            long begin = bench.Microseconds;
            while (bench.Microseconds - begin < WindowUs)
            {
                sampler.Step();
                bench.Time.Advance(5_000);
            }

            bench.Ethernet.Settle();
            long until = wire.Frames;
            sampler.EndWindow(bench.Microseconds - begin, meter.Quality);
            EdgeSensors.Firmware.Report.CborWriter report = meter.CloseWindow(header, bench.UnixMs);
            header.Advance();
            Assert.True(ReportCodec.TryDecode(report.Buffer.AsMemory(0, report.Length), out ReportMessage? message, out _));
            Assert.Equal(0UL, message!.Measurement.DroppedPackets);
            long truth = 0, octets = 0;
            for (; played < until; played++)
            {
                int one = length[played % frames.Count];
                truth += one >= 0 ? 1 : 0;
                octets += one >= 0 ? one : 0;
            }

            Read(message, out double packets, out double estimatedOctets, out double within, out double octetsIn, out double share);
            packetsWithin += Math.Abs(packets - truth) <= within ? 1 : 0;
            octetsWithin += Math.Abs(estimatedOctets - octets) <= octetsIn ? 1 : 0;
            sampled += message.Measurement.Bounds is null ? 0 : 1;
            errors += packets - truth;
            octetErrors += estimatedOctets - octets;
            squares += within * within;
            octetSquares += octetsIn * octetsIn;
            all += truth;
            allOctets += octets;
            largestShare = Math.Max(largestShare, share);
            smallestShare = Math.Min(smallestShare, share);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant(
            $"{Path.GetFileName(capture)}, {(speed > 0 ? $"own times {speed} times faster" : $"gaps of {meanGapUs} µs")}: {packetsWithin} and {octetsWithin} of {windows} windows within their bounds, {sampled} sampled; together {all} packets, {errors / all:P2} off (±{Math.Sqrt(squares) / all:P2}), octets {octetErrors / allOctets:P2} off (±{Math.Sqrt(octetSquares) / allOctets:P2}); {smallestShare:P1} to {largestShare:P1} of the packets"));
        return new Played(sampled, packetsWithin, octetsWithin, largestShare);
    }

    private static void Read(ReportMessage message, out double packets, out double octets, out double packetsWithin, out double octetsWithin, out double share)
    {
        share = (double)message.Measurement.SamplingSize / message.Measurement.SamplingPopulation;
        SamplingBounds bounds = message.Measurement.Bounds ?? new(0, message.Total!.Value.Octets, 0);
        packets = message.Total!.Value.Packets / share;
        octets = bounds.Octets;
        packetsWithin = bounds.PacketsWithin;
        octetsWithin = bounds.OctetsWithin;
    }

    /// <summary>The frames again and again; apart by random gaps of a mean, as many independent senders are, or back to back.</summary>
    private static IEnumerable<WireFrame> Arrivals(List<WireFrame> frames, int meanGapUs)
    {
        Random random = new(7);
        double at = 0;
        for (int i = 0; ; i++)
        {
            at += -Math.Log(1 - random.NextDouble()) * meanGapUs * 1_000;
            yield return new WireFrame((long)at, frames[i % frames.Count].Octets);
        }
    }

    /// <summary>The frames at their own times, again and again.</summary>
    private static IEnumerable<WireFrame> Again(List<WireFrame> frames)
    {
        long length = frames[^1].AtNs + 1;
        for (long at = 0; ; at += length)
        {
            foreach (WireFrame frame in frames)
            {
                yield return frame with { AtNs = at + frame.AtNs };
            }
        }
    }

    private static int IpLength(byte[] frame)
    {
        FrameDecoder.DecodeLayer(LinkType.Ethernet, frame, frame.Length, 0, out PacketHeader layer);
        return layer.IpVersion != 0 ? (int)layer.IpLength : -1;
    }
}
