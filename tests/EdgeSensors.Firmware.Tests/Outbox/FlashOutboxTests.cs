using EdgeSensors.Firmware.Outbox;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Tests.Store;

namespace EdgeSensors.Firmware.Tests.Outbox;

/// <summary>Wall 6 on the tap: what is in the outbox stays until it is acknowledged, through power cuts, and every loss is counted.</summary>
public class FlashOutboxTests
{
    private const int Vital = 4 * FlashGeometry.SectorSize;
    private const int Reports = 8 * FlashGeometry.SectorSize;

    [Fact]
    public void Messages_leave_in_their_order_and_come_again_until_they_are_acknowledged()
    {
        MemoryFlash flash = New();
        FlashOutbox outbox = Open(flash);
        Write(outbox, flash, OutboxChannel.Report, Message(1, 5_000));
        Write(outbox, flash, OutboxChannel.Alert, Message(2, 200));
        Write(outbox, flash, OutboxChannel.Report, Message(3, 9_000));
        Assert.Equal([1, 2, 3], Drain(outbox, flash));
        Assert.Empty(Drain(outbox, flash));
        outbox.Rewind();
        Assert.Equal([1, 2, 3], Drain(outbox, flash));
        outbox.Acknowledge(7, 2);
        Assert.Equal(1, outbox.Waiting);
        Assert.Equal(9_000, outbox.WaitingOctets);
        outbox.Rewind();
        Assert.Equal([3], Drain(outbox, flash));
        outbox.Acknowledge(8, 3); // of another epoch
        Assert.Equal(1, outbox.Waiting);
        outbox.Acknowledge(7, 100);
        Assert.Equal(0, outbox.Waiting);
        Write(outbox, flash, OutboxChannel.Report, Message(4, 10));
        Assert.Equal([4], Drain(outbox, flash));
    }

    [Fact]
    public void After_a_restart_the_epoch_and_what_was_not_acknowledged_are_there_and_no_number_is_used_twice()
    {
        MemoryFlash flash = New();
        FlashOutbox outbox = Open(flash);
        for (int i = 1; i <= 3; i++)
        {
            Write(outbox, flash, OutboxChannel.Report, Message(i, 3_000));
        }

        outbox.Acknowledge(7, 2);
        Write(outbox, flash, OutboxChannel.Report, Message(4, 100)); // carries the acknowledgement into flash
        FlashOutbox again = Open(flash, epoch: 99);
        Assert.Equal((7UL, 5UL, 2UL), (again.Header.Epoch, again.Header.Sequence, again.Acknowledged));
        Assert.Equal([3, 4], Drain(again, flash));
    }

    [Fact]
    public void When_it_is_full_the_oldest_reports_go_and_are_counted_and_alerts_stay()
    {
        MemoryFlash flash = New();
        FlashOutbox outbox = Open(flash);
        Write(outbox, flash, OutboxChannel.Alert, Message(1, 300));
        Write(outbox, flash, OutboxChannel.Receipt, Message(2, 300));
        for (int i = 3; i <= 60; i++)
        {
            Write(outbox, flash, OutboxChannel.Report, Message(i, 3_000));
        }

        List<int> left = DrainAll(outbox, flash);
        Assert.Equal([1, 2], left[..2]);
        Assert.Equal(60, left[^1]);
        Assert.Equal(58, left.Count - 2 + (int)outbox.DroppedReports);
        Assert.Equal(0U, outbox.DroppedAlerts + outbox.DroppedReceipts);
        Assert.InRange(left.Count, 2 + 6, 2 + 11);
        Assert.Equal(left.Skip(2), Enumerable.Range(left[2], left.Count - 2));
    }

    [Fact]
    public void Sectors_wear_alike()
    {
        MemoryFlash flash = New();
        FlashOutbox outbox = Open(flash);
        for (int i = 1; i <= 200; i++)
        {
            Write(outbox, flash, OutboxChannel.Report, Message(i, 2_000));
            outbox.Acknowledge(7, (ulong)i);
        }

        int[] erases = flash.Erases[(Vital / FlashGeometry.SectorSize)..];
        Assert.InRange(erases.Max() - erases.Min(), 0, 1);
    }

    [Fact]
    public void A_worn_sector_costs_no_message()
    {
        MemoryFlash flash = New();
        flash.Worn.Add(Vital / FlashGeometry.SectorSize + 2);
        FlashOutbox outbox = Open(flash);
        for (int i = 1; i <= 4; i++)
        {
            Write(outbox, flash, OutboxChannel.Report, Message(i, 4_500));
        }

        Assert.Equal([1, 2, 3, 4], Drain(outbox, flash));
        Assert.Equal([1, 2, 3, 4], DrainAll(Open(flash), flash));
    }

    [Fact]
    public void A_power_cut_at_any_write_loses_no_whole_message_and_uses_no_number_twice()
    {
        Random random = new(3);
        int cuts = 0;
        for (long after = 0; after < 400; after++)
        {
            MemoryFlash flash = New(seed: (int)after);
            FlashOutbox outbox = Open(flash);
            flash.PowerFailsAfter = after;
            List<ulong> whole = [];
            ulong acknowledged = 0;
            try
            {
                for (int i = 1; i <= 60; i++)
                {
                    OutboxChannel channel = i % 5 == 0 ? OutboxChannel.Alert : OutboxChannel.Report;
                    Write(outbox, flash, channel, Message(i, random.Next(100, 6_000)));
                    whole.Add((ulong)i);
                    if (i % 3 == 0)
                    {
                        acknowledged = (ulong)i - 1;
                        outbox.Acknowledge(7, acknowledged);
                    }
                }
            }
            catch (PowerCutException)
            {
                cuts++;
            }

            flash.PowerUp();
            FlashOutbox again = Open(flash, epoch: 99);
            ulong last = whole.Count == 0 ? 0 : whole[^1];
            if (last > 0)
            {
                Assert.Equal(7UL, again.Header.Epoch);
                Assert.True(again.Header.Sequence > last, $"cut {after}: sequence {again.Header.Sequence} after {last}");
            }

            Assert.True(again.Acknowledged <= acknowledged);
            List<int> left = DrainAll(again, flash);
            IEnumerable<int> expected = whole.Where(w => w > acknowledged).Select(w => (int)w);
            Assert.True(expected.All(left.Contains), $"cut {after}: {string.Join(' ', left)} of {string.Join(' ', expected)}");

            // And it goes on.
            ulong next = again.Header.Sequence;
            Write(again, flash, OutboxChannel.Report, Message((int)next, 50));
            again.Rewind();
            Assert.Contains((int)next, DrainAll(again, flash));
        }

        Assert.True(cuts > 350, $"{cuts} cuts");
    }

    [Fact]
    public void Flash_that_holds_anything_is_read_without_a_fault()
    {
        Random random = new(11);
        for (int round = 0; round < 50; round++)
        {
            MemoryFlash flash = New(seed: round);
            FlashOutbox outbox = Open(flash);
            for (int i = 1; i <= 12; i++)
            {
                Write(outbox, flash, OutboxChannel.Report, Message(i, 2_500));
            }

            for (int i = 0; i < 200; i++)
            {
                flash.Octets[random.Next(flash.Octets.Length)] = (byte)random.Next(256);
            }

            if (round == 0)
            {
                random.NextBytes(flash.Octets);
            }

            FlashOutbox again = Open(flash, epoch: 99);
            foreach (int message in DrainAll(again, flash))
            {
                Assert.InRange(message, 1, 12);
            }
        }
    }

    private static MemoryFlash New(int seed = 1) => new(Vital + Reports, seed);

    private static FlashOutbox Open(MemoryFlash flash, ulong epoch = 7)
    {
        FlashOutbox outbox = new(flash, 0, Vital, Vital, Reports);
        outbox.Load(epoch);
        return outbox;
    }

    /// <summary>Octets that say their number, and that are what they should be.</summary>
    private static byte[] Message(int number, int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i < 4 ? number >> (8 * i) : number * 31 + i))];

    private static void Write(FlashOutbox outbox, MemoryFlash flash, OutboxChannel channel, byte[] message)
    {
        outbox.BeginWrite(channel, message, message.Length);
        while (flash.IsBusy || !outbox.Step())
        {
        }
    }

    private static List<int> Drain(FlashOutbox outbox, MemoryFlash flash)
    {
        byte[] to = new byte[16 * 1024];
        List<int> messages = [];
        for (int tries = 0; tries < 1_000; tries++)
        {
            Assert.False(flash.IsBusy);
            int length = outbox.ReadNext(to, out _);
            if (length > 0)
            {
                int number = BitConverter.ToInt32(to);
                Assert.Equal(Message(number, length), to[..length]);
                messages.Add(number);
            }
        }

        return messages;
    }

    private static List<int> DrainAll(FlashOutbox outbox, MemoryFlash flash)
    {
        List<int> messages = [];
        while (true)
        {
            List<int> some = Drain(outbox, flash);
            if (some.Count == 0)
            {
                return messages;
            }

            messages.AddRange(some);
            outbox.Acknowledge(outbox.Header.Epoch, outbox.Sent);
        }
    }
}
