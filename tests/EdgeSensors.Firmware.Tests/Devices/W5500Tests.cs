using EdgeSensors.Firmware.Devices;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>The Ethernet controller's driver on the emulated chip.</summary>
public class W5500Tests
{
    [Fact]
    public void It_is_set_up_from_any_state_and_keeps_to_the_clock_that_is_guaranteed()
    {
        using Bench bench = new();
        Assert.True(bench.Chip.TryInitialize());
        Assert.True(bench.Chip.TryOpen());
        bench.Ethernet.Receive(new byte[60]);
        Assert.True(bench.Chip.TryInitialize());
        Assert.True(bench.Chip.TryOpen());
        Assert.True(bench.Chip.TryReadReceivedSize(out int octets));
        Assert.Equal(0, octets);
        using Bench tooFast = new(ethernetClock: 60_000_000);
        Assert.DoesNotContain(true, Enumerable.Range(0, 5).Select(_ => tooFast.Chip.TryInitialize() && tooFast.Chip.TryOpen()));
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0xff)]
    public void A_bus_without_a_chip_is_told_from_one_with(byte level)
    {
        using Bench bench = new(resetWired: false);
        bench.Ethernet.Hang(level);
        Assert.False(bench.Chip.TryInitialize());
        Assert.False(bench.Chip.TryOpen());
        Assert.False(bench.Chip.TryReadLink(out bool isUp));
        Assert.False(isUp);
        Assert.False(bench.Chip.TryReadReceivedSize(out _));
    }

    [Fact]
    public void The_link_is_seen_to_go_and_come()
    {
        using Bench bench = new();
        Assert.True(bench.Chip.TryReadLink(out bool isUp));
        Assert.False(isUp);
        bench.LinkUp();
        Assert.True(bench.Chip.TryReadLink(out isUp) && isUp);
        bench.Ethernet.Flap();
        Assert.True(bench.Chip.TryReadLink(out isUp) && !isUp);
    }

    [Fact]
    public void It_sends_nothing_ever()
    {
        using Bench bench = new();
        bench.LinkUp();
        bench.Ethernet.OnSent = _ => Assert.Fail("The chip sent.");
        Assert.True(bench.Chip.TryInitialize() && bench.Chip.TryOpen());
        bench.Ethernet.Receive(new byte[60]);
        bench.Chip.Skip(62);
        Assert.True(bench.Chip.TryRelease() && bench.Chip.TryClose());
    }

    [Fact]
    public void Frames_are_read_over_every_wrap_of_the_buffer_and_of_the_pointer()
    {
        using Bench bench = new(seed: 9);
        Assert.True(bench.Chip.TryInitialize() && bench.Chip.TryOpen());
        byte[] buffer = new byte[256];
        for (int i = 0; i < 500; i++)
        {
            byte[] frame = new byte[60 + i];
            new Random(i).NextBytes(frame);
            Assert.True(bench.Ethernet.Receive(frame));
            Assert.True(bench.Chip.TryReadReceivedSize(out int octets));
            Assert.Equal(frame.Length + W5500.LengthPrefix, octets);
            bench.Chip.Read(W5500.LengthPrefix, 60, buffer, 7);
            Assert.Equal(frame[..60], buffer[7..67]);
            bench.Chip.Skip(octets);
            Assert.True(bench.Chip.TryRelease());
        }
    }
}
