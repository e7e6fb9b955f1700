using EdgeSensors.Firmware.Capture;
using EdgeSensors.Firmware.Replay;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Firmware.Tests.Replay;
using EdgeSensors.Hardware.Wire;
using EdgeSensors.Protocol;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>The real driver and sampler on the emulated chip: only headers cross the bus, and each gate is complete.</summary>
public class GatedSamplerTests
{
    private const long Start = 1_790_000_000_000;

    [Fact]
    public void When_there_is_time_every_frame_is_taken_and_none_of_its_payload()
    {
        using Bench bench = new();
        (GatedSampler sampler, TapMeter meter) = Begin(bench);
        byte[] frame = [.. FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443), .. Enumerable.Repeat((byte)0xaa, 900)];
        frame[16] = (byte)((frame.Length - 14) >> 8);
        frame[17] = (byte)(frame.Length - 14);
        HashSet<long> crossed = [];
        bench.Ethernet.OnOctetRead = octet => crossed.Add(octet);
        long begin = bench.Microseconds;
        Step(sampler, 2);
        for (int i = 0; i < 500; i++)
        {
            long at = bench.Ethernet.NextOctet + EdgeSensors.Firmware.Devices.W5500.LengthPrefix;
            Assert.True(bench.Ethernet.Receive(frame));
            bench.Time.Advance(100_000);
            while (sampler.Step())
            {
            }

            Assert.True(crossed.Contains(at) && crossed.Contains(at + 53));
            for (int octet = 54; octet < frame.Length; octet++)
            {
                Assert.DoesNotContain(at + octet, crossed);
            }
        }

        sampler.EndWindow(bench.Microseconds - begin, meter.Quality);
        ReportMessage report = Close(meter, Start + 60_000);
        Assert.Equal(500UL, report.Total!.Value.Packets);
        Assert.Equal(500UL * (ulong)(frame.Length - 14), report.Total.Value.Octets);
        Assert.InRange((double)report.Measurement.SamplingSize / report.Measurement.SamplingPopulation, 0.99, 1);
        Assert.Equal(0UL, report.Measurement.DroppedPackets);
    }

    [Theory]
    [InlineData(60, 20)]
    [InlineData(60, 400)]
    [InlineData(60, 7)]
    [InlineData(1_500, 123)]
    public void In_a_flood_the_gates_are_complete_and_scaled_up_give_the_truth(int frameLength, int microsBetweenFrames)
    {
        using Bench bench = new();
        (GatedSampler sampler, TapMeter meter) = Begin(bench);
        byte[] frame = new byte[frameLength];
        FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443).CopyTo(frame, 0);
        EthernetWire wire = new(bench.Time, Enumerable.Range(0, 10_000_000).Select(i => new WireFrame(i * microsBetweenFrames * 1_000L, frame)));
        bench.Ethernet.Line = wire;
        bench.Ethernet.OnTransfer = () => bench.Time.Advance(60_000); // the interpreter's work around a transfer
        long begin = bench.Microseconds;
        const long Window = 4_000_000;
        while (bench.Microseconds - begin < Window)
        {
            sampler.Step();
            bench.Time.Advance(5_000);
        }

        bench.Ethernet.Settle();
        sampler.EndWindow(bench.Microseconds - begin, meter.Quality);
        ReportMessage report = Close(meter, Start + 60_000);
        double estimate = report.Total!.Value.Packets * (double)report.Measurement.SamplingPopulation / report.Measurement.SamplingSize;

        Assert.InRange(estimate / wire.Frames, 0.95, 1.05);
        Assert.Equal(0UL, report.Measurement.DroppedPackets);
        Assert.True(sampler.Frames <= bench.Ethernet.Kept);
    }

    [Fact]
    public void Of_a_flood_that_no_gate_can_hold_the_loss_is_unknown()
    {
        using Bench bench = new();
        (GatedSampler sampler, TapMeter meter) = Begin(bench);
        bench.Ethernet.OnTransfer = () =>
        {
            bench.Time.Advance(60_000);
            for (int i = 0; i < 20; i++)
            {
                bench.Ethernet.Receive(new byte[1_500]);
            }
        };
        Step(sampler, 200);
        bench.Ethernet.OnTransfer = null;
        sampler.EndWindow(bench.Microseconds, meter.Quality);
        Assert.Null(Close(meter, Start + 60_000).Measurement.DroppedPackets);
    }

    [Fact]
    public void A_broken_length_ends_the_gate_and_the_loss_is_unknown()
    {
        using Bench bench = new();
        (GatedSampler sampler, TapMeter meter) = Begin(bench);
        Step(sampler, 2);
        bench.Ethernet.Receive(FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443));
        bench.Ethernet.BreakLength();
        Step(sampler, 2);
        Assert.Equal(1, sampler.Broken);
        TakeOneMore(bench, sampler, meter);
    }

    [Fact]
    public void A_chip_that_was_reset_by_itself_is_set_up_again_and_the_loss_is_unknown()
    {
        using Bench bench = new(resetWired: false);
        (GatedSampler sampler, TapMeter meter) = Begin(bench);
        Step(sampler, 2);
        bench.Ethernet.Upset();
        Step(sampler, 1);
        Assert.Equal(1, sampler.Broken);
        TakeOneMore(bench, sampler, meter);
    }

    [Theory]
    [InlineData(0xff)]
    [InlineData(0x00)]
    public void A_chip_that_hangs_is_freed_by_its_reset_line_and_the_loss_is_unknown(byte level)
    {
        using Bench bench = new();
        (GatedSampler sampler, TapMeter meter) = Begin(bench);
        Step(sampler, 2);
        bench.Ethernet.Hang(level);
        Step(sampler, 1);
        Assert.True(sampler.Broken > 0);
        TakeOneMore(bench, sampler, meter);
    }

    [Fact]
    public void With_bit_errors_on_the_bus_nothing_is_lost_without_saying_so()
    {
        using Bench bench = new(seed: 4);
        (GatedSampler sampler, TapMeter meter) = Begin(bench);
        bench.Ethernet.ToChip.Rate = bench.Ethernet.FromChip.Rate = 1e-4;
        byte[] frame = FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443);
        for (int i = 0; i < 2_000; i++)
        {
            bench.Ethernet.Receive(frame);
            bench.Time.Advance(400_000);
            for (int step = 0; step < 4; step++)
            {
                sampler.Step();
            }
        }

        Assert.True(sampler.Broken > 0);
        sampler.EndWindow(bench.Microseconds, meter.Quality);
        Assert.Null(Close(meter, Start + 60_000).Measurement.DroppedPackets);
        bench.Ethernet.ToChip.Rate = bench.Ethernet.FromChip.Rate = 0;
        Step(sampler, 10);
        Assert.True(bench.Ethernet.Receive(frame)); // and it goes on
    }

    [Fact]
    public void Taking_frames_allocates_nothing()
    {
        using Bench bench = new();
        (GatedSampler sampler, _) = Begin(bench);
        byte[] frame = FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443);
        Step(sampler, 2);
        const int Rounds = 10;
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long allocated = 0;
            for (int i = 0; i < 100; i++)
            {
                bench.Ethernet.Receive(frame);
                bench.Time.Advance(500_000);
                long before = GC.GetAllocatedBytesForCurrentThread();
                while (sampler.Step())
                {
                }

                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            }

            least = Math.Min(least, allocated);
        }

        // The least of several: a collection that another test brings about counts the rest of an allocation block as used.
        Assert.Equal(0, least);
        Assert.Equal(100 * Rounds, sampler.Frames);
    }

    private static void TakeOneMore(Bench bench, GatedSampler sampler, TapMeter meter)
    {
        Step(sampler, 2);
        Assert.True(bench.Ethernet.Receive(FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443)));
        Step(sampler, 2);
        sampler.EndWindow(10, meter.Quality);
        ReportMessage report = Close(meter, Start + 10);
        Assert.Equal(1UL, report.Total!.Value.Packets);
        Assert.Null(report.Measurement.DroppedPackets);
    }

    private static void Step(GatedSampler sampler, int times)
    {
        for (int i = 0; i < times; i++)
        {
            sampler.Step();
        }
    }

    private static (GatedSampler Sampler, TapMeter Meter) Begin(Bench bench)
    {
        Assert.True(bench.Chip.TryInitialize()); // its reset takes the link down
        bench.LinkUp();
        TapMeter meter = FrameReplay.Meter([], Start);
        return (new GatedSampler(bench.Chip, meter, bench), meter);
    }

    private static ReportMessage Close(TapMeter meter, long now)
    {
        EdgeSensors.Firmware.Report.CborWriter report = meter.CloseWindow(new MessageHeader(1, 1), now);
        Assert.True(ReportCodec.TryDecode(report.Buffer.AsMemory(0, report.Length), out ReportMessage? message, out _));
        return message!;
    }
}
