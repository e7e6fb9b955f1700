using EdgeSensors.Firmware.Capture;
using EdgeSensors.Firmware.Decode;
using EdgeSensors.Firmware.Replay;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Hardware.Wire;
using EdgeSensors.Protocol;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>Real captures on a wire, through the emulated controller and the real driver: the tap's totals against a plain count.</summary>
public class WireTests
{
    private const long Start = 1_790_000_000_000;
    private const long BetweenFramesNs = 3_000_000;
    private const int LongestFrame = 1_514;

    [Theory]
    [InlineData("attacks")]
    [InlineData("benign")]
    [InlineData("encap")]
    public void Unhurried_captures_are_counted_exactly_from_their_headers_alone(string folder)
    {
        int captures = 0;
        foreach (string file in Captures.Files(folder, upTo: 4_000_000).Where(f => Captures.Frames(f).Any()).Take(10))
        {
            WireFrame[] frames = [.. CaptureFrames.Read(file).Where(f => f.Octets.Length <= LongestFrame && f.Octets.Length >= 14).Take(400)
                .Select((f, i) => f with { AtNs = (i + 1) * BetweenFramesNs })];
            using Bench bench = new(seed: captures);
            Assert.True(bench.Chip.TryInitialize());
            bench.LinkUp();
            TapMeter meter = FrameReplay.Meter([], Start);
            GatedSampler sampler = new(bench.Chip, meter, bench);
            sampler.Step();
            sampler.Step();
            EthernetWire wire = new(bench.Time, frames);
            bench.Ethernet.Line = wire;
            while (!wire.IsSilent)
            {
                bench.Time.Advance(wire.NextArrival - bench.Time.Nanoseconds);
                Settle(sampler);
            }

            Settle(sampler);
            Assert.Equal(frames.Length, bench.Ethernet.Kept);
            Assert.Equal(frames.Length, sampler.Frames);
            Assert.Equal(0, sampler.Broken);
            CborWriter written = meter.CloseWindow(new MessageHeader(1, 1), Start + 60_000);
            Assert.True(ReportCodec.TryDecode(written.Buffer.AsMemory(0, written.Length), out ReportMessage? report, out _));
            Assert.Equal(Count(frames), (report!.Total!.Value.Packets, report.Total.Value.Octets));
            captures++;
        }

        Assert.True(captures > 0);
    }

    private static void Settle(GatedSampler sampler)
    {
        while (sampler.Step())
        {
        }
    }

    private static (ulong Packets, ulong Octets) Count(WireFrame[] frames)
    {
        ulong packets = 0, octets = 0;
        foreach (WireFrame frame in frames)
        {
            byte[] padded = new byte[Math.Max(60, frame.Octets.Length)];
            frame.Octets.CopyTo(padded);
            FrameHeader header = new();
            FrameParser.Parse(padded, 0, padded.Length, padded.Length, header);
            packets += header.IpVersion != 0 ? 1UL : 0;
            octets += header.IpVersion != 0 ? (ulong)header.IpLength : 0;
        }

        return (packets, octets);
    }
}
