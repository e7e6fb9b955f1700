using EdgeSensors.Firmware.Capture;
using EdgeSensors.Firmware.Replay;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Hardware.Wire;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>Real captures over the emulated chip, faster than the tap can read: what it reports, scaled up, against what the agent's decoder counts on the wire.</summary>
public class GatedTruthTests
{
    private const long WindowUs = 500_000;
    private const int Windows = 20;
    private const double Systematic = 0.04;

    /// <summary>
    /// The interval of firmware/README.md, "What a report's totals are worth": it holds in 95 % of windows. The first is a flood of small frames as fast as
    /// the line takes them.
    /// </summary>
    [Theory]
    [InlineData("attacks/packet-captures/pkt.TCP.synflood.spoofed.pcap", 0)]
    [InlineData("attacks/packet-captures/pkt.TCP.synflood.spoofed.pcap", 20)]
    [InlineData("attacks/packet-captures/pkt.TCP.synflood.spoofed.pcap", 200)]
    [InlineData("attacks/packet-captures/amp.TCP.reflection.SYNACK.pcap", 90)]
    [InlineData("attacks/packet-captures/amp.UDP.snmp.src161.pcapng", 120)]
    [InlineData("attacks/packet-captures/amp.dns.RRSIG.fragmented.pcap", 150)]
    [InlineData("attacks/StratosphereLinuxIPS/test-cc__test-cc-capture-1.pcap", 110)]
    public void Scaled_up_the_total_is_within_the_stated_interval(string capture, int meanGapUs)
    {
        List<byte[]> frames = [.. CaptureFrames.Read(SharedData.Path("captures/" + capture)).Select(f => f.Octets.ToArray()).Where(o => o.Length <= EdgeSensors.Firmware.Devices.W5500.LongestFrame)];
        bool[] isIp = [.. frames.Select(IsIp)];
        using Bench bench = new();
        Assert.True(bench.Chip.TryInitialize());
        bench.LinkUp();
        TapMeter meter = FrameReplay.Meter([], bench.UnixMs);
        GatedSampler sampler = new(bench.Chip, meter, bench);
        MessageHeader header = new(1, 1);
        EthernetWire wire = new(bench.Time, Arrivals(frames, meanGapUs));
        bench.Ethernet.Line = wire;
        bench.Ethernet.OnTransfer = () => bench.Time.Advance(60_000); // the interpreter's work around a transfer
        long played = 0;
        int within = 0;
        double errors = 0, variance = 0, systematic = 0, all = 0, largestShare = 0;
        for (int window = 0; window < Windows; window++)
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
            int truth = 0;
            for (; played < until; played++)
            {
                truth += isIp[played % frames.Count] ? 1 : 0;
            }

            double share = (double)message.Measurement.SamplingSize / message.Measurement.SamplingPopulation;
            double taken = message.Total!.Value.Packets;
            double error = (taken / share) - truth;
            double missed = taken * (1 - share) / share;
            within += Math.Abs(error) <= (1.96 * Math.Sqrt(missed / share)) + (Systematic * missed) ? 1 : 0;
            errors += error;
            variance += missed / share;
            systematic += Systematic * missed;
            all += truth;
            largestShare = Math.Max(largestShare, share);
        }

        double interval = (1.96 * Math.Sqrt(variance)) + systematic;
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant(
            $"{within} of {Windows} windows within their interval; together {all} packets, {errors / all:P2} off, stated ±{interval / all:P2}; at most {largestShare:P1} of the time"));
        Assert.True(largestShare < 0.9, "the gates were hardly shut: this shows nothing");
        Assert.InRange(within, Windows * 9 / 10, Windows);
        Assert.InRange(Math.Abs(errors), 0, interval);
    }

    /// <summary>The frames again and again; apart by random gaps of a mean, as many independent senders are, or back to back.</summary>
    private static IEnumerable<WireFrame> Arrivals(List<byte[]> frames, int meanGapUs)
    {
        Random random = new(7);
        double at = 0;
        for (int i = 0; ; i++)
        {
            at += -Math.Log(1 - random.NextDouble()) * meanGapUs * 1_000;
            yield return new WireFrame((long)at, frames[i % frames.Count]);
        }
    }

    private static bool IsIp(byte[] frame)
    {
        FrameDecoder.DecodeLayer(LinkType.Ethernet, frame, frame.Length, 0, out PacketHeader layer);
        return layer.IpVersion != 0;
    }
}
