using System.Device.I2c;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Time;

namespace EdgeSensors.Hardware.Buses;

/// <summary>An I2C bus: a chip that is not there, or does not acknowledge, is an <see cref="IOException"/>, as on Linux.</summary>
public sealed class BoardI2cBus : I2cBus
{
    private const int BitsPerOctet = 9; // with its acknowledgement
    private readonly TimeProvider _time;
    private readonly Supply _supply;
    private readonly Dictionary<int, II2cChip> _chips = [];

    /// <summary>A bus with nothing on it.</summary>
    /// <param name="time">The board's time.</param>
    /// <param name="supply">What the bus is fed from.</param>
    /// <param name="seed">For its errors.</param>
    public BoardI2cBus(TimeProvider time, Supply supply, int seed)
    {
        _time = time;
        _supply = supply;
        Errors = new BitErrors(seed);
    }

    /// <summary>Errors of the data line, either way.</summary>
    public BitErrors Errors { get; }

    /// <summary>Hertz: 100,000 or 400,000.</summary>
    public int ClockFrequency { get; set; } = 400_000;

    /// <summary>Whether the data line is held low, as by a chip that was cut off in an octet: nothing is acknowledged.</summary>
    public bool IsStuck { get; set; }

    /// <summary>Solders a chip to the bus.</summary>
    public void Attach(II2cChip chip) => _chips[chip.Address] = chip;

    /// <inheritdoc/>
    public override I2cDevice CreateDevice(int deviceAddress) => new Port(this, new I2cConnectionSettings(1, deviceAddress));

    /// <inheritdoc/>
    public override void RemoveDevice(int deviceAddress)
    {
        // The program lets go of it; the chip stays where it is.
    }

    private II2cChip Address(int address)
    {
        _supply.Demand();
        Elapse();
        bool heard = Errors.Pass((byte)(address << 1)) == (byte)(address << 1);
        return !IsStuck && heard && _chips.TryGetValue(address, out II2cChip? chip)
            ? chip
            : throw new IOException($"The device at 0x{address:x2} did not acknowledge.");
    }

    private void Write(int address, ReadOnlySpan<byte> data)
    {
        II2cChip chip = Address(address);
        for (int i = 0; i < data.Length; i++)
        {
            Elapse();
            if (!chip.TryTake(Errors.Pass(data[i]), i))
            {
                throw new IOException($"The device at 0x{address:x2} did not acknowledge octet {i}.");
            }
        }
    }

    private void Read(int address, Span<byte> buffer)
    {
        II2cChip chip = Address(address);
        for (int i = 0; i < buffer.Length; i++)
        {
            Elapse();
            buffer[i] = Errors.Pass(chip.Give(i));
        }
    }

    private void Elapse()
    {
        if (_time is EmulatedTime emulated)
        {
            emulated.Advance(BitsPerOctet * 1_000_000_000L / ClockFrequency);
        }
    }

    private sealed class Port(BoardI2cBus bus, I2cConnectionSettings settings) : I2cDevice
    {
        public override I2cConnectionSettings ConnectionSettings { get; } = settings;

        public override void Read(Span<byte> buffer) => bus.Read(ConnectionSettings.DeviceAddress, buffer);

        public override void Write(ReadOnlySpan<byte> buffer) => bus.Write(ConnectionSettings.DeviceAddress, buffer);

        public override void WriteRead(ReadOnlySpan<byte> writeBuffer, Span<byte> readBuffer)
        {
            bus.Write(ConnectionSettings.DeviceAddress, writeBuffer);
            bus.Read(ConnectionSettings.DeviceAddress, readBuffer);
        }

        public override void WriteByte(byte value) => Write([value]);

        public override byte ReadByte()
        {
            Span<byte> buffer = stackalloc byte[1];
            Read(buffer);
            return buffer[0];
        }
    }
}
