using EdgeSensors.Firmware.Devices;
using EdgeSensors.Hardware.Power;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>The flash driver on the emulated chip.</summary>
public sealed class W25Q128Tests : IDisposable
{
    private readonly Bench _bench = new();
    private readonly W25Q128 _flash;

    public W25Q128Tests()
    {
        _flash = new W25Q128(_bench.Flash);
        Assert.True(_flash.TryInitialize());
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(0, 256)]
    [InlineData(0x1234, 1)]
    [InlineData(0x12f0, 16)]
    [InlineData(0xffff01, 255)]
    public void What_is_programmed_is_read(int address, int count)
    {
        byte[] data = Octets(count + 5), read = new byte[count + 4];
        Assert.True(_flash.TryProgram(address, data, 5, count));
        Assert.False(_flash.IsBusy);
        _flash.Read(address, read, 3, count);
        Assert.Equal(data[5..], read[3..^1]);
        Assert.Equal(1, _bench.Flash.Writes);
    }

    [Theory]
    [InlineData(0x12f0, 17)] // over the page's end: the chip would wrap
    [InlineData(0, 0)]
    [InlineData(-1, 1)]
    [InlineData(W25Q128.Size, 1)]
    public void What_no_page_can_take_is_refused_before_the_chip_sees_it(int address, int count)
    {
        Assert.False(_flash.TryProgram(address, new byte[300], 0, count));
        Assert.Equal(0, _bench.Flash.Writes);
    }

    [Fact]
    public void Reading_goes_over_pages_and_sectors()
    {
        byte[] stored = Octets(10_000), read = new byte[10_000];
        _bench.Flash.Array.Load(0xf80, stored);
        _flash.Read(0xf80, read, 0, read.Length);
        Assert.Equal(stored, read);
    }

    [Fact]
    public void An_erase_goes_on_by_itself_and_sets_its_sector_to_ones()
    {
        _bench.Flash.Array.Load(0x2fff, new byte[0x1002]);
        Assert.True(_flash.TryBeginErase(0x3456));
        int looks = 0;
        while (_flash.IsBusy)
        {
            _bench.Time.Advance(1_000_000);
            looks++;
        }

        Assert.InRange(looks, 30, 400);
        byte[] read = new byte[0x1002];
        _flash.Read(0x2fff, read, 0, read.Length);
        Assert.Equal((0, 0), (read[0], read[^1]));
        Assert.All(read[1..^1], o => Assert.Equal(0xff, o));
    }

    [Fact]
    public void While_an_erase_is_under_way_writes_are_refused()
    {
        Assert.True(_flash.TryBeginErase(0));
        Assert.False(_flash.TryProgram(0x5000, [0], 0, 1));
        Assert.False(_flash.TryBeginErase(0x6000));
    }

    [Fact]
    public void A_page_that_was_not_erased_is_found_out()
    {
        Assert.True(_flash.TryProgram(0, [0x0f], 0, 1));
        Assert.False(_flash.TryProgram(0, [0xf0], 0, 1));
        Assert.True(_flash.TryProgram(0, [0x00], 0, 1)); // ones to zeros is what flash does
    }

    [Fact]
    public void A_worn_sector_is_found_out_by_some_page()
    {
        _bench.Flash.WearOut(0x4000, zeros: 2, ones: 2);
        Assert.Contains(false, Enumerable.Range(0, 16).Select(page => _flash.TryProgram(0x4000 + page * 256, new byte[256], 0, 256)));
    }

    [Theory]
    [InlineData(0xff)]
    [InlineData(0x00)]
    public void A_chip_that_does_not_answer_is_told_and_waits_end(byte level)
    {
        _bench.Flash.Hang(level);
        long before = _bench.Time.Nanoseconds;
        Assert.False(_flash.TryProgram(0, [1], 0, 1));
        Assert.False(_flash.TryBeginErase(0));
        Assert.False(_flash.TryInitialize());
        Assert.InRange(_bench.Time.Nanoseconds - before, 0, 100_000_000);
    }

    [Fact]
    public void A_chip_that_stays_busy_ends_the_wait_within_milliseconds()
    {
        Assert.True(_flash.TryBeginErase(0));
        long before = _bench.Time.Nanoseconds;
        Assert.False(_flash.TryProgram(0, [1], 0, 1));
        Assert.InRange(_bench.Time.Nanoseconds - before, 0, 30_000_000);
    }

    [Fact]
    public void A_protected_chip_is_opened_and_a_sleeping_one_woken_at_the_start()
    {
        _bench.Flash.Write([0x06]);
        _bench.Flash.Write([0x01, 0x1c, 0]);
        _bench.Time.Advance(20_000_000);
        Assert.False(_flash.TryProgram(0, [1], 0, 1));
        _flash.PowerDown();
        _bench.Time.Advance(10_000);
        Assert.False(_flash.TryProgram(0, [1], 0, 1));
        Assert.True(_flash.TryInitialize());
        Assert.True(_flash.TryProgram(0, [1], 0, 1));
    }

    [Fact]
    public void Right_after_power_up_it_waits_until_writes_are_heeded()
    {
        _bench.Supply.Cut();
        _bench.Supply.Restore();
        Assert.True(_flash.TryInitialize());
        Assert.True(_flash.TryProgram(0, [1], 0, 1));
    }

    [Fact]
    public void An_erase_that_a_reset_of_the_module_left_behind_is_broken_off()
    {
        Assert.True(_flash.TryBeginErase(0));
        Assert.True(_flash.TryInitialize());
        Assert.False(_flash.IsBusy);
    }

    // Of errors both ways, one that the way back undoes bit for bit is left to the checksums of what is stored.
    [Theory]
    [InlineData(3e-4, 0)]
    [InlineData(0, 3e-4)]
    public void Bit_errors_never_make_a_write_that_went_wrong_look_right(double toChip, double fromChip)
    {
        (_bench.Flash.ToChip.Rate, _bench.Flash.FromChip.Rate) = (toChip, fromChip);
        int right = 0;
        for (int page = 0; page < 500; page++)
        {
            byte[] data = Octets(256);
            if (_flash.TryProgram(page * 256, data, 0, 256))
            {
                right++;
                Assert.Equal(data, _bench.Flash.Array.Copy(page * 256, 256));
            }
            else
            {
                // An instruction that was turned into another may have protected the chip, or sent it to sleep.
                _bench.Time.Advance(20_000_000);
                _flash.TryInitialize();
            }
        }

        Assert.InRange(right, 50, 490);
    }

    [Fact]
    public void A_cut_stops_the_program_where_it_is()
    {
        _bench.Flash.CutDuringWrite(2, 0.5);
        Assert.Throws<PowerCutException>(() =>
        {
            for (int page = 0; page < 10; page++)
            {
                Assert.True(_flash.TryProgram(page * 256, new byte[256], 0, 256));
            }
        });
        Assert.Equal(3, _bench.Flash.Writes);
        Assert.All(_bench.Flash.Array.Copy(0, 512), o => Assert.Equal(0, o));
        Assert.All(_bench.Flash.Array.Copy(768, 512), o => Assert.Equal(0xff, o));
    }

    private static byte[] Octets(int count)
    {
        byte[] octets = new byte[count];
        new Random(count).NextBytes(octets);
        return octets;
    }
}
