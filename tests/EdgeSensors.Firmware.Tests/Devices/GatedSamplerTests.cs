using EdgeSensors.Firmware.Capture;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Replay;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Firmware.Tests.Replay;
using EdgeSensors.Protocol;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>The real driver and sampler on a simulated chip: only headers cross the bus, and each gate is complete.</summary>
public class GatedSamplerTests
{
    private const long Start = 1_790_000_000_000;

    [Fact]
    public void A_chip_that_is_not_there_or_another_is_refused()
    {
        foreach (byte version in (byte[])[0, 0xff, 3])
        {
            using SimulatedW5500 bus = new() { Version = version };
            using W5500 chip = new(bus);
            Assert.False(chip.TryInitialize());
        }
    }

    [Fact]
    public void When_there_is_time_every_frame_is_taken_and_none_of_its_payload()
    {
        using SimulatedW5500 bus = new();
        (GatedSampler sampler, TapMeter meter) = Begin(bus);
        byte[] frame = [.. FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443), .. Enumerable.Repeat((byte)0xaa, 900)];
        frame[16] = (byte)((frame.Length - 14) >> 8);
        frame[17] = (byte)(frame.Length - 14);
        sampler.Step();
        sampler.Step();
        for (int i = 0; i < 500; i++)
        {
            long at = bus.Deliver(frame);
            Assert.True(at >= 0);
            bus.Clock.Microseconds += 100;
            while (sampler.Step())
            {
            }

            Assert.True(bus.Crossed.Contains(at) && bus.Crossed.Contains(at + 53));
            for (int octet = 54; octet < frame.Length; octet++)
            {
                Assert.DoesNotContain(at + octet, bus.Crossed);
            }
        }

        sampler.EndWindow(500 * 100, meter.Quality);
        ReportMessage report = Close(meter, Start + 60_000);
        Assert.Equal(500UL, report.Total!.Value.Packets);
        Assert.Equal(500UL * (ulong)(frame.Length - 14), report.Total.Value.Octets);
        Assert.Equal((1u, 1u, 0UL), ((uint)report.Measurement.SamplingSize, (uint)report.Measurement.SamplingPopulation, report.Measurement.DroppedPackets));
    }

    [Theory]
    [InlineData(60, 20)]
    [InlineData(60, 400)]
    [InlineData(60, 7)]
    [InlineData(1_500, 123)]
    public void In_a_flood_the_gates_are_complete_and_scaled_up_give_the_truth(int frameLength, int microsBetweenFrames)
    {
        using SimulatedW5500 bus = new();
        (GatedSampler sampler, TapMeter meter) = Begin(bus);
        byte[] frame = new byte[frameLength];
        FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443).CopyTo(frame, 0);
        long nextFrame = 0, arrived = 0;
        bus.OnTransfer = () =>
        {
            bus.Clock.Microseconds += 60; // one transfer and the interpreter's work around it
            for (; nextFrame <= bus.Clock.Microseconds; nextFrame += microsBetweenFrames)
            {
                bus.Deliver(frame);
                arrived++;
            }
        };
        const long Window = 4_000_000;
        while (bus.Clock.Microseconds < Window)
        {
            sampler.Step();
            bus.Clock.Microseconds += 5;
        }

        sampler.EndWindow(Window, meter.Quality);
        bus.OnTransfer = null;
        ReportMessage report = Close(meter, Start + 60_000);
        double estimate = report.Total!.Value.Packets * (double)report.Measurement.SamplingPopulation / report.Measurement.SamplingSize;

        Assert.InRange(estimate / arrived, 0.95, 1.05);
        Assert.Equal(0UL, report.Measurement.DroppedPackets);
        Assert.True(sampler.Frames <= bus.Kept);
    }

    [Fact]
    public void Of_a_flood_that_no_gate_can_hold_the_loss_is_unknown()
    {
        using SimulatedW5500 bus = new();
        (GatedSampler sampler, TapMeter meter) = Begin(bus);
        bus.OnTransfer = () =>
        {
            bus.Clock.Microseconds += 60;
            for (int i = 0; i < 20; i++)
            {
                bus.Deliver(new byte[1_500]);
            }
        };
        Step(sampler, 200);
        bus.OnTransfer = null;
        sampler.EndWindow(bus.Clock.Microseconds, meter.Quality);
        Assert.Null(Close(meter, Start + 60_000).Measurement.DroppedPackets);
    }

    [Fact]
    public void A_broken_length_ends_the_gate_and_the_loss_is_unknown()
    {
        using SimulatedW5500 bus = new();
        (GatedSampler sampler, TapMeter meter) = Begin(bus);
        Step(sampler, 2);
        bus.Deliver(FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443));
        bus.BreakLength();
        Step(sampler, 2);
        Assert.Equal(1, sampler.Broken);
        Step(sampler, 2);
        bus.Deliver(FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443));
        Step(sampler, 2);
        sampler.EndWindow(10, meter.Quality);
        ReportMessage report = Close(meter, Start + 10);
        Assert.Equal(1UL, report.Total!.Value.Packets);
        Assert.Null(report.Measurement.DroppedPackets);
    }

    [Fact]
    public void Taking_frames_allocates_nothing()
    {
        using SimulatedW5500 bus = new();
        (GatedSampler sampler, _) = Begin(bus);
        byte[] frame = FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443);
        Step(sampler, 2);
        const int Rounds = 10;
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < 100; i++)
            {
                bus.Deliver(frame);
            }

            bus.Crossed.EnsureCapacity(100_000);
            long before = GC.GetAllocatedBytesForCurrentThread();
            while (sampler.Step())
            {
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        // The least of several: a collection that another test brings about counts the rest of an allocation block as used.
        Assert.Equal(0, least);
        Assert.Equal(100 * Rounds, sampler.Frames);
    }

    private static void Step(GatedSampler sampler, int times)
    {
        for (int i = 0; i < times; i++)
        {
            sampler.Step();
        }
    }

    private static (GatedSampler Sampler, TapMeter Meter) Begin(SimulatedW5500 bus)
    {
        W5500 chip = new(bus);
        Assert.True(chip.TryInitialize());
        TapMeter meter = FrameReplay.Meter([], Start);
        GatedSampler sampler = new(chip, meter, bus.Clock);
        return (sampler, meter);
    }

    private static ReportMessage Close(TapMeter meter, long now)
    {
        EdgeSensors.Firmware.Report.CborWriter report = meter.CloseWindow(new MessageHeader(1, 1), now);
        Assert.True(ReportCodec.TryDecode(report.Buffer.AsMemory(0, report.Length), out ReportMessage? message, out _));
        return message!;
    }
}
