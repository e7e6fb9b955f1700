using EdgeSensors.Hardware.Chips;
using EdgeSensors.Hardware.Power;

namespace EdgeSensors.Hardware.Tests.Chips;

/// <summary>The emulated flash does what its datasheet says (W25Q128FV, revision M; pages at each promise).</summary>
public class W25Q128ChipTests
{
    [Fact]
    public void Page_66_the_JEDEC_ID_is_Winbonds_and_a_16_MB_types()
    {
        using FlashBench bench = new();
        Assert.Equal([0xef, 0x40, 0x18], bench.Ask([0x9f], 3));
        Assert.Equal([0xef, 0x17], bench.Ask([0x90, 0, 0, 0], 2));
    }

    [Fact]
    public void Page_29_write_enable_sets_its_latch_and_page_30_write_disable_clears_it()
    {
        using FlashBench bench = new();
        bench.Time.Advance(TimeSpan.FromMilliseconds(5));
        Assert.False(bench.IsWriteEnabled);
        bench.Say(0x06);
        Assert.True(bench.IsWriteEnabled);
        bench.Say(0x04);
        Assert.False(bench.IsWriteEnabled);
    }

    [Fact]
    public void Page_49_without_write_enable_nothing_is_programmed_and_page_52_nothing_erased()
    {
        using FlashBench bench = Ready();
        bench.Say(0x02, 0, 0, 0, 0x00);
        bench.Say(0x20, 0, 0, 0);
        Assert.False(bench.IsBusy);
        Assert.Equal([0xff], bench.Read(0, 1));
        Assert.Equal(2, bench.Chip.Ignored);
    }

    [Fact]
    public void Page_49_programming_turns_ones_to_zeros_and_never_back()
    {
        using FlashBench bench = Ready();
        bench.Program(0x1234, 0b1010_1010);
        bench.Wait();
        bench.Program(0x1234, 0b0101_1111);
        bench.Wait();
        Assert.Equal([0xff, 0b0000_1010, 0xff], bench.Read(0x1233, 3));
    }

    [Fact]
    public void Page_49_what_exceeds_the_page_wraps_to_its_beginning()
    {
        using FlashBench bench = Ready();
        bench.Program(0x2fe, 1, 2, 3, 4);
        bench.Wait();
        Assert.Equal([1, 2, 0xff], bench.Read(0x2fe, 3));
        Assert.Equal([3, 4, 0xff], bench.Read(0x200, 3));
    }

    [Fact]
    public void Page_49_of_more_than_a_page_the_last_octets_stay()
    {
        using FlashBench bench = Ready();
        bench.Program(0x400, [.. Enumerable.Range(0, 260).Select(i => (byte)(i >= 256 ? 0xa0 + i - 256 : i))]);
        bench.Wait();
        Assert.Equal([0xa0, 0xa1, 0xa2, 0xa3, 4, 5], bench.Read(0x400, 6));
    }

    [Fact]
    public void Page_16_while_busy_all_is_ignored_but_the_status_and_the_latch_is_clear_after()
    {
        using FlashBench bench = Ready();
        bench.Program(0, 0x00);
        Assert.True(bench.IsBusy);
        Assert.Equal([0xff], bench.Read(0x100, 1));
        bench.Say(0x06);
        bench.Say(0x20, 0, 0, 0);
        bench.Wait();
        Assert.False(bench.IsWriteEnabled);
        Assert.Equal([0x00], bench.Read(0, 1));
        Assert.Equal(0, bench.Chip.Array.Erases);
    }

    [Theory]
    [InlineData(0x20, 0x1234, 0x1000, 0x1000)]
    [InlineData(0x52, 0x9234, 0x8000, 0x8000)]
    [InlineData(0xd8, 0x2ffff, 0x20000, 0x10000)]
    public void Page_52_an_erase_sets_its_whole_sector_or_block_to_ones_and_no_more(byte instruction, int address, int from, int size)
    {
        using FlashBench bench = Ready();
        bench.Chip.Array.Load(from - 1, new byte[size + 2]);
        bench.Erase(address, instruction);
        bench.Wait();
        byte[] after = bench.Read(from - 1, size + 2);
        Assert.Equal((0, 0), (after[0], after[^1]));
        Assert.All(after[1..^1], o => Assert.Equal(0xff, o));
    }

    [Fact]
    public void Page_52_an_instruction_of_another_length_is_not_executed()
    {
        using FlashBench bench = Ready();
        bench.Chip.Array.Load(0, [0]);
        bench.Say(0x06);
        bench.Say(0x20, 0, 0);
        bench.Say(0x20, 0, 0, 0, 0);
        Assert.False(bench.IsBusy);
        Assert.Equal([0], bench.Read(0, 1));
    }

    [Fact]
    public void Page_34_reading_goes_on_over_the_end_of_the_array()
    {
        using FlashBench bench = Ready();
        bench.Chip.Array.Load(W25Q128Chip.Capacity - 1, [7]);
        bench.Chip.Array.Load(0, [9]);
        Assert.Equal([7, 9], bench.Read(W25Q128Chip.Capacity - 1, 2));
        Assert.Equal([9], bench.Ask([0x0b, 0, 0, 0, 0], 1));
    }

    [Fact]
    public void Page_59_asleep_it_heeds_only_its_release_which_takes_3_microseconds()
    {
        using FlashBench bench = Ready();
        bench.Say(0xb9);
        bench.Time.Advance(3_000);
        Assert.Equal(0xff, bench.Status);
        Assert.Equal([0xff, 0xff, 0xff], bench.Ask([0x9f], 3));
        bench.Say(0xab);
        Assert.Equal(0xff, bench.Status);
        bench.Time.Advance(3_000);
        Assert.Equal(0, bench.Status);
    }

    [Fact]
    public void Page_79_a_reset_needs_both_instructions_in_sequence()
    {
        using FlashBench bench = Ready();
        bench.Say(0x06);
        bench.Say(0x66);
        Assert.True(bench.IsWriteEnabled);
        bench.Say(0x99);
        Assert.True(bench.IsWriteEnabled);
        bench.Say(0x66);
        bench.Say(0x99);
        bench.Time.Advance(30_000);
        Assert.False(bench.IsWriteEnabled);
    }

    [Theory]
    [InlineData(0x04, 0, 0xfc0000, 0x40000)] // BP0: the upper 64th
    [InlineData(0x18, 0, 0x800000, 0x800000)] // BP2, BP1: the upper half
    [InlineData(0x24, 0, 0x000000, 0x40000)] // TB
    [InlineData(0x48, 0, 0xffe000, 0x2000)] // SEC: 8 KB
    [InlineData(0x1c, 0, 0x000000, 0x1000000)] // all
    [InlineData(0x04, 0x40, 0x000000, 0xfc0000)] // CMP turns it over, page 22
    public void Page_21_what_is_protected_is_neither_programmed_nor_erased(byte status1, byte status2, int from, int size)
    {
        using FlashBench bench = Ready();
        bench.Say(0x06);
        bench.Say(0x01, status1, status2);
        bench.Wait();
        foreach (int address in (int[])[0, from - 256, from, from + size - 256, from + size, W25Q128Chip.Capacity - 256])
        {
            if (address is >= 0 and < W25Q128Chip.Capacity)
            {
                bench.Program(address, 0);
                Assert.Equal(address < from || address >= from + size, bench.IsBusy);
                bench.Wait();
                bench.Say(0x04);
            }
        }
    }

    [Fact]
    public void Page_81_after_power_up_it_reads_after_20_microseconds_and_writes_after_5_milliseconds()
    {
        using FlashBench bench = Ready();
        bench.Supply.Cut();
        Assert.Throws<PowerCutException>(() => bench.Status);
        bench.Supply.Restore();
        Assert.Equal(0xff, bench.Status);
        bench.Time.Advance(20_000);
        bench.Program(0, 0);
        Assert.False(bench.IsBusy);
        bench.Time.Advance(TimeSpan.FromMilliseconds(5));
        bench.Program(0, 0);
        Assert.True(bench.IsBusy);
    }

    [Fact]
    public void Page_85_times_lie_within_their_limits_and_now_and_then_reach_them()
    {
        using FlashBench bench = Ready();
        List<double> pages = [], sectors = [];
        for (int i = 0; i < 600; i++)
        {
            bench.Program(i * 256, new byte[256]);
            pages.Add(Time(bench));
            bench.Erase(i * 4096);
            sectors.Add(Time(bench));
        }

        Assert.InRange(pages.Min(), 0.5, 0.7);
        Assert.InRange(pages.Max(), 2.9, 3.1);
        Assert.InRange(sectors.Min(), 36, 45);
        Assert.InRange(sectors.Max(), 399, 401);

        static double Time(FlashBench bench)
        {
            long before = bench.Time.Nanoseconds;
            bench.Wait();
            return (bench.Time.Nanoseconds - before) / 1e6;
        }
    }

    [Fact]
    public void Page_84_a_read_above_50_MHz_has_errors_and_none_at_it()
    {
        using FlashBench fast = new(clock: 80_000_000), right = new(clock: 50_000_000);
        fast.Chip.Array.Load(0, new byte[4096]);
        right.Chip.Array.Load(0, new byte[4096]);
        Assert.Contains(fast.Read(0, 4096), o => o != 0);
        Assert.All(right.Read(0, 4096), o => Assert.Equal(0, o));
    }

    [Fact]
    public void A_cut_in_the_middle_of_a_page_leaves_anything_there_and_nothing_beside_it()
    {
        HashSet<string> outcomes = [];
        for (int seed = 0; seed < 200; seed++)
        {
            using FlashBench bench = Ready(seed);
            bench.Chip.Array.Load(0, new byte[256]);
            bench.Chip.Array.Load(512, new byte[256]);
            bench.Chip.CutDuringWrite(0, 0.5);
            Assert.Throws<PowerCutException>(() =>
            {
                bench.Program(0x110, [.. Enumerable.Repeat((byte)0x0f, 16)]);
                bench.Wait();
            });
            byte[] page = bench.Chip.Array.Copy(0x100, 256);
            Assert.All(page[0x10..0x20], o => Assert.Equal(0x0f, o & 0x0f));
            Assert.All(page[..0x10], o => Assert.Equal(0xff, o));
            Assert.All(page[0x20..], o => Assert.Equal(0xff, o));
            Assert.All(bench.Chip.Array.Copy(0, 256), o => Assert.Equal(0, o));
            outcomes.Add(page.All(o => o == 0xff) ? "nothing" : page[0x10..0x20].All(o => o == 0x0f) ? "all" : page[0x10] == 0x0f ? "part" : "bits");
        }

        Assert.Equal(["all", "bits", "nothing", "part"], outcomes.Order());
    }

    [Fact]
    public void A_cut_in_the_middle_of_an_erase_leaves_anything_in_the_sector_and_nothing_beside_it()
    {
        HashSet<string> outcomes = [];
        byte[] before = new byte[3 * 4096];
        new Random(5).NextBytes(before);
        for (int seed = 0; seed < 200; seed++)
        {
            using FlashBench bench = Ready(seed);
            bench.Chip.Array.Load(0, before);
            bench.Chip.CutDuringWrite(0, 0.7);
            Assert.Throws<PowerCutException>(() =>
            {
                bench.Erase(4096);
                bench.Time.Advance(TimeSpan.FromSeconds(1)); // the program does other things; the cut is noticed late
                bench.Wait();
            });
            Assert.Equal(before[..4096], bench.Chip.Array.Copy(0, 4096));
            Assert.Equal(before[8192..], bench.Chip.Array.Copy(8192, 4096));
            byte[] sector = bench.Chip.Array.Copy(4096, 4096);
            outcomes.Add(sector.AsSpan().SequenceEqual(before.AsSpan(4096, 4096)) ? "as it was" : sector.All(o => o == 0xff) ? "erased" : "torn");
        }

        Assert.Equal(["as it was", "erased", "torn"], outcomes.Order());
    }

    [Fact]
    public void A_cut_after_the_write_was_done_leaves_it_done()
    {
        using FlashBench bench = Ready();
        bench.Chip.CutDuringWrite(1, 1);
        bench.Program(0, 1);
        bench.Wait();
        Assert.Throws<PowerCutException>(() =>
        {
            bench.Program(1, 2);
            bench.Wait();
        });
        Assert.Equal([1, 2], bench.Chip.Array.Copy(0, 2));
        Assert.Equal(2, bench.Chip.Writes);
    }

    [Fact]
    public void In_a_brown_out_no_write_is_heeded()
    {
        using FlashBench bench = Ready();
        bench.Chip.BrownOut(low: true);
        bench.Program(0, 0);
        Assert.False(bench.IsBusy);
        bench.Chip.BrownOut(low: false);
        bench.Program(0, 0);
        Assert.True(bench.IsBusy);
    }

    [Fact]
    public void A_worn_sector_keeps_zeros_and_ones_whatever_is_done()
    {
        using FlashBench bench = Ready();
        bench.Chip.WearOut(0x3000);
        bench.Erase(0x3000);
        bench.Wait();
        Assert.Contains(bench.Read(0x3000, 4096), o => o != 0xff);
        for (int at = 0x3000; at < 0x4000; at += 256)
        {
            bench.Program(at, new byte[256]);
            bench.Wait();
        }

        Assert.Contains(bench.Read(0x3000, 4096), o => o != 0);
    }

    [Fact]
    public void Some_of_the_sectors_that_are_erased_next_in_an_area_turn_out_to_be_worn_and_what_that_spoils_is_counted()
    {
        using FlashBench bench = Ready();
        bench.Chip.WearOutNext(0x3000, 0x8000, sectors: 2);
        List<int> worn = [];
        for (int at = 0; at < 0xd000; at += FlashArray.SectorSize)
        {
            bench.Erase(at);
            bench.Wait();
            if (bench.Read(at, FlashArray.SectorSize).AsSpan().ContainsAnyExcept((byte)0xff))
            {
                worn.Add(at);
            }
        }

        Assert.Equal(2, worn.Count);
        Assert.All(worn, at => Assert.InRange(at, 0x3000, 0xafff));
        Assert.InRange(bench.Chip.Array.SpoiledIn(0x3000, 0x8000), 2, 6); // up to three stuck zeros each
        Assert.Equal(0, bench.Chip.Array.SpoiledIn(0, 0x3000) + bench.Chip.Array.SpoiledIn(0xb000, 0x2000));
    }

    [Fact]
    public void Page_5_a_sector_is_worn_after_100000_erases_which_are_counted()
    {
        using FlashBench bench = Ready();
        for (int i = 0; i < W25Q128Chip.Endurance; i++)
        {
            bench.Chip.Array.CountErase(3);
        }

        bench.Erase(3 * 4096);
        bench.Wait();
        Assert.Equal(W25Q128Chip.Endurance + 1, bench.Chip.Array.ErasesOf(3));
        Assert.Contains(bench.Read(3 * 4096, 4096), o => o != 0xff);
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        Assert.Equal(Run(7), Run(7));
        Assert.NotEqual(Run(7), Run(8));

        static string Run(int seed)
        {
            using FlashBench bench = Ready(seed);
            bench.Chip.FromChip.Rate = 0.01;
            for (int i = 0; i < 20; i++)
            {
                bench.Program(i * 256, (byte)i);
                bench.Wait();
            }

            return Convert.ToHexString(bench.Read(0, 4096)) + bench.Time.Nanoseconds;
        }
    }

    private static FlashBench Ready(int seed = 1)
    {
        FlashBench bench = new(seed);
        bench.Time.Advance(TimeSpan.FromMilliseconds(5));
        return bench;
    }
}
