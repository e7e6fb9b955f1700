using System.Device.Gpio;
using System.Device.Spi;
using EdgeSensors.Hardware.Wire;
using static EdgeSensors.Hardware.Tests.Chips.EthernetBench;

namespace EdgeSensors.Hardware.Tests.Chips;

/// <summary>The emulated Ethernet controller does what its datasheet says (version 1.0.9; page, or section where the page was not at hand).</summary>
public class W5500ChipTests
{
    private static readonly byte[] Frame = [.. Enumerable.Range(0, 60).Select(i => (byte)(i + 1))];

    [Fact]
    public void Section_4_1_the_version_is_4_and_registers_have_their_reset_values()
    {
        using EthernetBench bench = new();
        Assert.Equal(4, bench.Read8(Common, 0x39));
        Assert.Equal(0x07d0, bench.Read16(Common, 0x19));
        Assert.Equal(8, bench.Read8(Common, 0x1b));
        Assert.Equal(0xb8, bench.Read8(Common, 0x2e));
        Assert.Equal([2, 2], bench.Read(SocketBlock(3), 0x1e, 2));
        Assert.Equal(0x0800, bench.Read16(SocketBlock(0), 0x20));
        Assert.Equal(0xff, bench.Read8(SocketBlock(7), 0x2c));
    }

    [Fact]
    public void Page_14_the_address_increases_by_itself()
    {
        using EthernetBench bench = new();
        bench.Write(Common, 0x01, 10, 11, 12, 13, 20, 21, 22, 23);
        Assert.Equal([10, 11, 12, 13], bench.Read(Common, 0x01, 4));
        Assert.Equal([13, 20], bench.Read(Common, 0x04, 2));
    }

    [Fact]
    public void Page_15_the_block_is_chosen_by_the_five_highest_bits()
    {
        using EthernetBench bench = new();
        for (int n = 0; n < 8; n++)
        {
            bench.Write(SocketBlock(n), 0x04, (byte)n, 0x77);
        }

        for (int n = 0; n < 8; n++)
        {
            Assert.Equal([(byte)n, 0x77], bench.Read(SocketBlock(n), 0x04, 2));
        }

        Assert.Equal([0, 0], bench.Read(Common, 0x04, 2));
    }

    [Fact]
    public void Page_15_without_the_write_bit_nothing_is_written()
    {
        using EthernetBench bench = new();
        bench.Chip.Write([0, 0x01, 0x00, 99]);
        Assert.Equal(0, bench.Read8(Common, 0x01));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    public void Page_15_in_fixed_length_mode_a_frame_ends_by_itself(int mode, int length)
    {
        using EthernetBench bench = new();
        byte[] data = [.. Enumerable.Range(1, length).Select(i => (byte)i)];

        // Two frames one after the other, with the select line low all the while.
        bench.Chip.Write([0, 0x01, (byte)(4 | mode), .. data, 0, 0x05, (byte)(4 | mode), .. data]);
        Assert.Equal(data, bench.Read(Common, 0x01, length));
        Assert.Equal(data, bench.Read(Common, 0x05, length));
    }

    [Theory]
    [InlineData(SpiMode.Mode0, true)]
    [InlineData(SpiMode.Mode1, false)]
    [InlineData(SpiMode.Mode2, false)]
    [InlineData(SpiMode.Mode3, true)]
    public void Page_13_modes_0_and_3_work_and_no_other(SpiMode mode, bool works)
    {
        using EthernetBench bench = new(mode: mode);
        bool answered = Enumerable.Range(0, 20).All(_ => bench.Read8(Common, 0x39) == 4);
        Assert.Equal(works, answered);
    }

    [Fact]
    public void Section_5_5_4_above_33_MHz_octets_go_wrong()
    {
        using EthernetBench bench = new(clock: 40_000_000);
        Assert.Contains(Enumerable.Range(0, 200), _ => bench.Read8(Common, 0x39) != 4);
    }

    [Fact]
    public void Page_46_MACRAW_opens_on_socket_0_and_page_50_on_no_other()
    {
        using EthernetBench bench = new();
        bench.OpenMacRaw();
        Assert.Equal(0x42, bench.Read8(SocketBlock(0), 3));
        bench.Write(SocketBlock(1), 0, 4);
        bench.Command(1, 1);
        Assert.Equal(0, bench.Read8(SocketBlock(1), 3));
        bench.Command(0, 0x10);
        Assert.Equal(0, bench.Read8(SocketBlock(0), 3));
    }

    [Fact]
    public void Page_46_a_command_is_taken_when_the_register_reads_zero_and_one_before_that_is_lost()
    {
        using EthernetBench bench = new(clock: 33_000_000);
        bench.Write(SocketBlock(0), 0, 4);
        bool lost = false;
        for (int i = 0; i < 50 && !lost; i++)
        {
            bench.Command(0, 1);
            bench.Chip.Write([0, 1, 0x0d, 0x10]);
            bench.Chip.Write([0, 1, 0x0d, 0x01]);
            lost = bench.Read8(SocketBlock(0), 3) == 0;
            bench.Time.Advance(10_000);
        }

        Assert.True(lost);
    }

    [Fact]
    public void Section_4_2_a_frame_lies_in_the_buffer_after_its_length_which_counts_itself()
    {
        using EthernetBench bench = new();
        bench.OpenMacRaw();
        Assert.True(bench.Chip.Receive(Frame));
        Assert.Equal(62, bench.Read16(SocketBlock(0), 0x26));
        int read = bench.Read16(SocketBlock(0), 0x28);
        Assert.Equal([0, 62, .. Frame], bench.Read(ReceiveBlock(0), read, 62));
        Assert.Equal((read + 62) & 0xffff, bench.Read16(SocketBlock(0), 0x2a));
    }

    [Fact]
    public void Page_55_room_comes_back_with_RECV_and_not_before()
    {
        using EthernetBench bench = new();
        bench.OpenMacRaw();
        bench.Chip.Receive(Frame);
        int read = bench.Read16(SocketBlock(0), 0x28) + 62;
        bench.Write(SocketBlock(0), 0x28, (byte)(read >> 8), (byte)read);
        Assert.Equal(62, bench.Read16(SocketBlock(0), 0x26));
        bench.Command(0, 0x40);
        Assert.Equal(0, bench.Read16(SocketBlock(0), 0x26));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(8)]
    [InlineData(2)]
    public void Section_4_2_what_does_not_fit_is_dropped_whole_and_in_silence(int kilobytes)
    {
        using EthernetBench bench = new();
        bench.OpenMacRaw(kilobytes);
        int fits = kilobytes * 1024 / 62;
        for (int i = 0; i < fits + 10; i++)
        {
            bench.Chip.Receive(Frame);
        }

        Assert.Equal((fits, 10), (bench.Chip.Kept, bench.Chip.Dropped));
        Assert.Equal(fits * 62, bench.Read16(SocketBlock(0), 0x26));
        int pointer = bench.Read16(SocketBlock(0), 0x28);
        byte[] all = bench.Read(ReceiveBlock(0), pointer, fits * 62);
        for (int i = 0; i < fits; i++)
        {
            Assert.Equal([0, 62, .. Frame], all[(i * 62)..((i + 1) * 62)]);
        }
    }

    [Fact]
    public void Page_55_pointers_wrap_at_16_bits_and_addresses_at_the_buffers_size()
    {
        using EthernetBench bench = new();
        bench.OpenMacRaw(kilobytes: 4);
        int pointer = bench.Read16(SocketBlock(0), 0x28);
        for (int i = 0; i < 3_000; i++)
        {
            byte[] frame = new byte[60 + i % 400];
            new Random(i).NextBytes(frame);
            Assert.True(bench.Chip.Receive(frame));
            int length = bench.Read16(ReceiveBlock(0), pointer);
            Assert.Equal(frame.Length + 2, length);
            Assert.Equal(frame, bench.Read(ReceiveBlock(0), (pointer + 2) & 0xffff, frame.Length));
            pointer = (pointer + length) & 0xffff;
            bench.Write(SocketBlock(0), 0x28, (byte)(pointer >> 8), (byte)pointer);
            bench.Command(0, 0x40);
        }
    }

    [Fact]
    public void Page_55_a_size_read_while_a_frame_comes_in_may_be_torn()
    {
        // "Before the 16-bit read is completed, the value may be changed."
        bool torn = false;
        for (int seed = 0; seed < 200 && !torn; seed++)
        {
            using EthernetBench bench = new(seed, clock: 2_000_000);
            bench.OpenMacRaw();
            bench.Chip.Plug(true);
            bench.Time.Advance(TimeSpan.FromSeconds(2));
            bench.Chip.Line = new EthernetWire(bench.Time, Enumerable.Repeat(new WireFrame(0, new byte[254]), 60), LineRate.Full);
            int before = 0;
            while (before < 0x3000 && !torn)
            {
                int size = bench.Read16(SocketBlock(0), 0x26);
                torn = size % 256 != 0 || size < before || size - before > 0x200;
                before = Math.Max(before, size);
                if (bench.Chip.Kept == 60)
                {
                    break;
                }
            }
        }

        Assert.False(torn); // frames of exactly 256 octets with their prefix change one octet of the size only

        for (int seed = 0; seed < 200 && !torn; seed++)
        {
            using EthernetBench bench = new(seed, clock: 2_000_000);
            bench.OpenMacRaw();
            bench.Chip.Plug(true);
            bench.Time.Advance(TimeSpan.FromSeconds(2));
            bench.Chip.Line = new EthernetWire(bench.Time, Enumerable.Repeat(new WireFrame(0, new byte[198]), 80), LineRate.Full);
            while (bench.Chip.Kept < 80 && !torn)
            {
                torn = bench.Read16(SocketBlock(0), 0x26) % 200 != 0;
            }
        }

        Assert.True(torn);
    }

    [Theory]
    [InlineData(0x84, "02aabbccddee", true)] // MFEN: own
    [InlineData(0x84, "02aabbccddef", false)] // another's
    [InlineData(0x84, "ffffffffffff", true)]
    [InlineData(0xc4, "ffffffffffff", false)] // broadcast blocked
    [InlineData(0x24, "01005e000001", false)] // multicast blocked
    [InlineData(0x04, "01005e000001", true)]
    [InlineData(0x04, "02aabbccddef", true)] // no filter: everything
    public void Section_4_2_the_mode_registers_filters_keep_frames_out(byte mode, string destination, bool kept)
    {
        using EthernetBench bench = new();
        bench.Write(Common, 0x09, 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee);
        bench.OpenMacRaw(mode: mode);
        byte[] frame = [.. Convert.FromHexString(destination), .. Frame[6..]];
        Assert.Equal(kept, bench.Chip.Receive(frame));
    }

    [Fact]
    public void Section_4_1_a_reset_by_MR_clears_itself_and_closes_everything()
    {
        using EthernetBench bench = new();
        bench.OpenMacRaw();
        bench.Write(Common, 0x00, 0x80);
        int tries = 0;
        while ((bench.Read8(Common, 0) & 0x80) != 0)
        {
            tries++;
        }

        Assert.InRange(tries, 1, 100);
        Assert.Equal(0, bench.Read8(SocketBlock(0), 3));
        Assert.Equal(2, bench.Read8(SocketBlock(0), 0x1e));
    }

    [Fact]
    public void Section_5_5_1_RSTn_needs_500_microseconds_and_the_chip_answers_a_millisecond_later()
    {
        using EthernetBench bench = new();
        bench.OpenMacRaw();
        bench.Chip.ResetPin.Driven(PinValue.Low);
        Assert.Equal(0, bench.Read8(Common, 0x39));
        bench.Time.Advance(100_000);
        bench.Chip.ResetPin.Driven(PinValue.High);
        Assert.Equal(0x42, bench.Read8(SocketBlock(0), 3)); // too short: as it was

        bench.Chip.ResetPin.Driven(PinValue.Low);
        bench.Time.Advance(500_000);
        bench.Chip.ResetPin.Driven(PinValue.High);
        Assert.Equal(0, bench.Read8(Common, 0x39));
        bench.Time.Advance(1_000_000);
        Assert.Equal(4, bench.Read8(Common, 0x39));
        Assert.Equal(0, bench.Read8(SocketBlock(0), 3));
    }

    [Fact]
    public void Section_4_1_the_link_comes_up_after_negotiation_and_nothing_is_received_without_it()
    {
        using EthernetBench bench = new();
        bench.OpenMacRaw();
        Assert.Equal(0, bench.Read8(Common, 0x2e) & 7);
        bench.Chip.Plug(true);
        bench.Chip.Line = new EthernetWire(bench.Time, [new WireFrame(0, Frame), new WireFrame(3_000_000_000, Frame)]);
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, bench.Read8(Common, 0x2e) & 7);
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(7, bench.Read8(Common, 0x2e) & 7);
        bench.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(62, bench.Read16(SocketBlock(0), 0x26));
        Assert.Equal((1, 1), (bench.Chip.Kept, bench.Chip.Unheeded));
        bench.Write(Common, 0x2e, 0x00); // the PHY in reset
        Assert.Equal(0, bench.Read8(Common, 0x2e) & 7);
    }

    [Fact]
    public void Section_4_1_INTn_is_low_while_an_unmasked_socket_has_something()
    {
        using EthernetBench bench = new();
        bench.OpenMacRaw();
        bench.Chip.Receive(Frame);
        Assert.Equal(PinValue.High, bench.Chip.InterruptPin.Level);
        Assert.Equal(1, bench.Read8(Common, 0x17));
        bench.Write(Common, 0x18, 1);
        Assert.Equal(PinValue.Low, bench.Chip.InterruptPin.Level);
        bench.Write(SocketBlock(0), 2, 0x04);
        Assert.Equal(PinValue.High, bench.Chip.InterruptPin.Level);
    }

    [Fact]
    public void Section_4_2_SEND_sends_what_lies_between_the_transmit_pointers()
    {
        using EthernetBench bench = new();
        List<byte[]> sent = [];
        bench.Chip.OnSent = sent.Add;
        bench.Write(SocketBlock(0), 0, 4);
        bench.Command(0, 1);
        bench.Chip.Plug(true);
        bench.Time.Advance(TimeSpan.FromSeconds(2));
        int pointer = bench.Read16(SocketBlock(0), 0x24);
        bench.Write(TransmitBlock(0), pointer, Frame);
        pointer = (pointer + Frame.Length) & 0xffff;
        bench.Write(SocketBlock(0), 0x24, (byte)(pointer >> 8), (byte)pointer);
        bench.Command(0, 0x20);
        Assert.Equal(Frame, Assert.Single(sent));
        Assert.Equal(0x10, bench.Read8(SocketBlock(0), 2) & 0x10);
    }

    [Fact]
    public void A_hung_chip_answers_nothing_until_its_reset_line_or_the_supply_frees_it()
    {
        using EthernetBench bench = new();
        bench.Chip.Hang();
        Assert.Equal(0xff, bench.Read8(Common, 0x39));
        bench.Write(Common, 0, 0x80);
        Assert.Equal(0xff, bench.Read8(Common, 0x39));
        bench.Chip.ResetPin.Driven(PinValue.Low);
        bench.Time.Advance(500_000);
        bench.Chip.ResetPin.Driven(PinValue.High);
        bench.Time.Advance(1_000_000);
        Assert.Equal(4, bench.Read8(Common, 0x39));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_broken_length_is_that_of_the_frame_that_waits_or_of_the_next_and_counts_once_it_is_read(bool waits)
    {
        using EthernetBench bench = new();
        bench.OpenMacRaw();
        if (!waits)
        {
            bench.Chip.BreakLength();
        }

        Assert.True(bench.Chip.Receive(Frame));
        if (waits)
        {
            bench.Chip.BreakLength();
        }

        int pointer = bench.Read16(SocketBlock(0), 0x28);
        Assert.Equal(0, bench.Chip.BrokenLengthsRead);
        Assert.Equal(0xff, bench.Read8(ReceiveBlock(0), pointer));
        Assert.Equal(1, bench.Chip.BrokenLengthsRead);
        Assert.True(bench.Chip.Receive(Frame));
        Assert.Equal(0, bench.Read8(ReceiveBlock(0), (pointer + Frame.Length + 2) & 0xffff));
        Assert.Equal(1, bench.Chip.BrokenLengthsRead);
    }

    [Fact]
    public void Bit_errors_come_at_their_rate()
    {
        using EthernetBench bench = new();
        bench.Chip.FromChip.Rate = 1e-3;
        for (int i = 0; i < 1_000; i++)
        {
            bench.Read(Common, 0, 100);
        }

        Assert.InRange(bench.Chip.FromChip.Count, 700, 950); // 824,000 bits
    }

    [Fact]
    public void An_octet_takes_its_time_on_the_bus()
    {
        using EthernetBench bench = new(clock: 10_000_000);
        long before = bench.Time.Nanoseconds;
        bench.Read(Common, 0, 97);
        Assert.Equal(100 * 800, bench.Time.Nanoseconds - before);
    }
}
