using System.Device.Spi;
using EdgeSensors.Hardware.Chips;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Time;

namespace EdgeSensors.Hardware.Tests.Chips;

/// <summary>A flash chip on a bench, spoken to by raw instructions.</summary>
internal sealed class FlashBench : IDisposable
{
    public FlashBench(int seed = 1, int clock = 20_000_000)
    {
        Supply = new Supply(Time);
        Chip = new W25Q128Chip(new SpiConnectionSettings(2, 15) { ClockFrequency = clock }, Time, Supply, seed);
    }

    public EmulatedTime Time { get; } = new(new DateTimeOffset(2026, 11, 26, 0, 0, 0, TimeSpan.Zero));

    public Supply Supply { get; }

    public W25Q128Chip Chip { get; }

    public int Status => Ask([0x05], 1)[0];

    public bool IsBusy => (Status & 1) != 0;

    public bool IsWriteEnabled => (Status & 2) != 0;

    public void Say(params byte[] octets) => Chip.Write(octets);

    public byte[] Ask(byte[] instruction, int count)
    {
        byte[] all = new byte[instruction.Length + count];
        instruction.CopyTo(all, 0);
        Chip.TransferFullDuplex(all, all);
        return all[instruction.Length..];
    }

    public byte[] Read(int address, int count) => Ask([0x03, (byte)(address >> 16), (byte)(address >> 8), (byte)address], count);

    public void Program(int address, params byte[] octets)
    {
        Say(0x06);
        Say([0x02, (byte)(address >> 16), (byte)(address >> 8), (byte)address, .. octets]);
    }

    public void Erase(int address, byte instruction = 0x20)
    {
        Say(0x06);
        Say(instruction, (byte)(address >> 16), (byte)(address >> 8), (byte)address);
    }

    public void Wait()
    {
        while (IsBusy)
        {
            Time.Advance(10_000);
        }
    }

    public void Dispose() => Chip.Dispose();
}
