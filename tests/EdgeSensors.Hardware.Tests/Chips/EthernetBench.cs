using System.Device.Spi;
using EdgeSensors.Hardware.Chips;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Time;

namespace EdgeSensors.Hardware.Tests.Chips;

/// <summary>An Ethernet chip on a bench, spoken to by raw SPI frames.</summary>
internal sealed class EthernetBench : IDisposable
{
    public const int Common = 0;

    public EthernetBench(int seed = 1, int clock = 33_000_000, SpiMode mode = SpiMode.Mode0)
    {
        Supply = new Supply(Time);
        Chip = new W5500Chip(new SpiConnectionSettings(1, 10) { ClockFrequency = clock, Mode = mode }, Time, Supply, seed);
        Time.Advance(1_000_000);
    }

    public EmulatedTime Time { get; } = new(new DateTimeOffset(2026, 11, 26, 0, 0, 0, TimeSpan.Zero));

    public Supply Supply { get; }

    public W5500Chip Chip { get; }

    public static int SocketBlock(int n) => (n << 2) | 1;

    public static int TransmitBlock(int n) => (n << 2) | 2;

    public static int ReceiveBlock(int n) => (n << 2) | 3;

    public byte[] Read(int block, int address, int count)
    {
        byte[] all = new byte[3 + count];
        (all[0], all[1], all[2]) = ((byte)(address >> 8), (byte)address, (byte)(block << 3));
        Chip.TransferFullDuplex(all, all);
        return all[3..];
    }

    public int Read8(int block, int address) => Read(block, address, 1)[0];

    public int Read16(int block, int address)
    {
        byte[] value = Read(block, address, 2);
        return (value[0] << 8) | value[1];
    }

    public void Write(int block, int address, params byte[] octets) =>
        Chip.Write([(byte)(address >> 8), (byte)address, (byte)((block << 3) | 4), .. octets]);

    public void Command(int socket, byte command)
    {
        Write(SocketBlock(socket), 1, command);
        while (Read8(SocketBlock(socket), 1) != 0)
        {
        }
    }

    /// <summary>All memory to socket 0, and MACRAW.</summary>
    public void OpenMacRaw(int kilobytes = 16, byte mode = 4)
    {
        for (int n = 1; n < 8; n++)
        {
            Write(SocketBlock(n), 0x1e, 0, 0);
        }

        Write(SocketBlock(0), 0x1e, (byte)kilobytes, 0);
        Write(SocketBlock(0), 0, mode);
        Command(0, 1);
    }

    public void Dispose() => Chip.Dispose();
}
