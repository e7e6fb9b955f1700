using EdgeSensors.Hardware.Time;
using EdgeSensors.Hardware.Wire;

namespace EdgeSensors.Hardware.Tests.Wire;

/// <summary>A line is no faster than its rate.</summary>
public class EthernetWireTests
{
    [Fact]
    public void At_line_rate_100_Mbit_per_second_carry_148809_shortest_frames_a_second()
    {
        EmulatedTime time = new(DateTimeOffset.UnixEpoch);
        EthernetWire wire = new(time, Enumerable.Repeat(new WireFrame(0, new byte[60]), 200_000), LineRate.Full);
        Take(wire, 1_000_000_000);
        Assert.InRange(wire.Frames, 148_808, 148_810);
    }

    [Fact]
    public void Frames_come_at_their_times_and_their_last_bit_counts()
    {
        EmulatedTime time = new(DateTimeOffset.UnixEpoch);
        EthernetWire wire = new(time, [new WireFrame(1_000, new byte[1_500]), new WireFrame(2_000, new byte[60])]);
        Assert.False(wire.TryTake(1_000 + (1_500 + 12) * 80 - 1, out _));
        Assert.True(wire.TryTake(1_000 + (1_500 + 12) * 80, out WireFrame first));
        Assert.Equal(1_500, first.Octets.Length);
        Assert.Equal(1_000 + (1_500 + 24 + 72) * 80, wire.NextArrival); // it waited for the first and the gap
    }

    [Fact]
    public void A_short_frame_is_padded_and_a_faster_clock_brings_frames_sooner()
    {
        EmulatedTime time = new(DateTimeOffset.UnixEpoch);
        EthernetWire wire = new(time, [new WireFrame(1_000_000, new byte[42])], speed: 10);
        Assert.True(wire.TryTake(100_000 + 72 * 80, out WireFrame frame));
        Assert.Equal(60, frame.Octets.Length);
        Assert.True(wire.IsSilent);
    }

    private static void Take(EthernetWire wire, long until)
    {
        while (wire.TryTake(until, out _))
        {
        }
    }
}
