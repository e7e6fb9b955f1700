using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Outbox;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Tests.Devices;

namespace EdgeSensors.Firmware.Tests.Store;

/// <summary>
/// State and outbox on the emulated flash chip, through the real driver: one chip, whose supply goes again and again in the middle of a program or
/// an erase. After each cut the state is the old or the new one, whole, and no message is lost that was in.
/// EDGESENSORS_POWER_CUTS sets how often.
/// </summary>
public class PowerCutTests
{
    private const int Vital = 0x400000;
    private const int VitalSize = 4 * FlashGeometry.SectorSize;
    private const int Reports = Vital + VitalSize;
    private const int ReportsSize = 8 * FlashGeometry.SectorSize;

    private static readonly int Cuts = int.TryParse(Environment.GetEnvironmentVariable("EDGESENSORS_POWER_CUTS"), out int cuts) ? cuts : 150;

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void After_each_cut_the_state_is_whole_and_every_message_that_was_in_is_there(int seed)
    {
        using Bench bench = new(seed);
        bench.Flash.OnTransfer = () => bench.Time.Advance(200_000); // the interpreter's work around a transfer
        Random random = new(seed + 11);
        Known known = new();
        int cuts = 0;
        while (cuts < Cuts)
        {
            bench.Flash.CutDuringWrite(random.Next(40), random.NextDouble());
            try
            {
                Boot(bench, known, random);
            }
            catch (EdgeSensors.Hardware.Power.PowerCutException)
            {
                cuts++;
                bench.Supply.Restore();
            }
        }

        Assert.True(known.Saved > 0 && known.Messages > Cuts / 2, $"{known.Messages} messages, state {known.Saved}");
    }

    /// <summary>A start: what is stored is looked at, and then there is work until the supply goes.</summary>
    private static void Boot(Bench bench, Known known, Random random)
    {
        W25Q128 flash = new(bench.Flash);
        Assert.True(flash.TryInitialize());
        TapState state = new(flash);
        Assert.Equal(known.Saved > 0, state.TryLoad() || known.Saving > 0 && known.Saved == 0);
        Assert.True(state.TimeFloorMs == known.Saved || state.TimeFloorMs == known.Saving, $"state {state.TimeFloorMs}, known {known.Saved} or {known.Saving}");
        known.Saved = known.Saving = state.TimeFloorMs;

        FlashOutbox outbox = new(flash, Vital, VitalSize, Reports, ReportsSize);
        outbox.Load(7);
        Assert.Equal(7UL, outbox.Header.Epoch);
        Assert.True(outbox.Header.Sequence > known.Last, $"sequence {outbox.Header.Sequence} after {known.Last}");
        Assert.True(outbox.Acknowledged <= known.Acknowledged);
        HashSet<ulong> left = [.. Drain(outbox)];
        Assert.True(known.Whole.All(left.Contains), $"{string.Join(' ', left)} of {string.Join(' ', known.Whole)}");
        known.Acknowledged = Math.Max(known.Acknowledged, outbox.Acknowledged);
        known.Whole.Clear();

        while (true)
        {
            ulong number = outbox.Header.Sequence;
            byte[] message = Message(number, random.Next(20, 5_000));
            outbox.BeginWrite(random.Next(5) == 0 ? OutboxChannel.Alert : OutboxChannel.Report, message, message.Length);
            while (flash.IsBusy || !outbox.Step())
            {
            }

            known.Last = number;
            known.Messages++;
            known.Whole.Add(number);
            if (random.Next(3) == 0)
            {
                known.Acknowledged = number - (ulong)random.Next(2);
                outbox.Acknowledge(7, known.Acknowledged);
                known.Whole.RemoveAll(w => w <= known.Acknowledged);
            }

            if (random.Next(4) == 0)
            {
                state.TimeFloorMs = known.Saving = known.Saved + 1;
                state.BeginSave();
                while (flash.IsBusy || !state.StepSave())
                {
                }

                Assert.False(state.Writer.Failed);
                known.Saved = known.Saving;
            }
        }
    }

    /// <summary>The hub takes all that there is, as much at a time as may be under way.</summary>
    private static List<ulong> Drain(FlashOutbox outbox)
    {
        byte[] to = new byte[16 * 1024];
        List<ulong> messages = [];
        int before;
        do
        {
            before = messages.Count;
            for (int silent = 0; silent < 200; silent++)
            {
                int length = outbox.ReadNext(to, out _);
                if (length > 0)
                {
                    ulong number = BitConverter.ToUInt64(to);
                    Assert.Equal(Message(number, length), to[..length]);
                    messages.Add(number);
                    silent = 0;
                }
            }

            outbox.Acknowledge(7, outbox.Sent);
        }
        while (messages.Count > before);
        return messages;
    }

    /// <summary>Octets that say their number, and that are what they should be.</summary>
    private static byte[] Message(ulong number, int length) => [.. Enumerable.Range(0, length).Select(i => i < 8 ? (byte)(number >> (8 * i)) : (byte)((int)number * 31 + i))];

    /// <summary>What the world outside the tap knows.</summary>
    private sealed class Known
    {
        public long Saved;
        public long Saving;
        public ulong Last;
        public ulong Acknowledged;
        public int Messages;
        public readonly List<ulong> Whole = [];
    }
}
