using System.Device.Spi;
using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Tests.Devices;

/// <summary>A W5500's SPI side and the receiving half of socket 0, as its datasheet describes them; keeps account of each octet of the buffer that is read.</summary>
internal sealed class SimulatedW5500 : SpiDevice
{
    private const int Size = 16 * 1024;
    private readonly byte[] _memory = new byte[Size];
    private readonly byte[] _common = new byte[64];
    private readonly byte[] _socket = new byte[64];
    private int _written;
    private int _releasedTo;
    private int _readPointer;
    private bool _open;

    /// <summary>The time that the chip and the program share.</summary>
    public ManualClock Clock { get; } = new();

    /// <summary>What the chip's version register says.</summary>
    public byte Version { get; set; } = 4;

    /// <summary>Frames dropped for want of room: what the real chip does not count.</summary>
    public int Dropped { get; private set; }

    /// <summary>Frames that arrived while the gate was open and were kept.</summary>
    public int Kept { get; private set; }

    /// <summary>Octets of the receive buffer that crossed the bus.</summary>
    public long OctetsRead { get; private set; }

    /// <summary>Marks, by running position, of what was read.</summary>
    public HashSet<long> Crossed { get; } = [];

    /// <summary>Called at each transfer: time passes, frames arrive.</summary>
    public Action? OnTransfer { get; set; }

    public override SpiConnectionSettings ConnectionSettings { get; } = new(1, 10);

    private int Level => _written - _releasedTo;

    /// <summary>A frame arrives at the port; returns the running position of its first octet, or -1 if it was not kept.</summary>
    public long Deliver(byte[] frame)
    {
        if (!_open)
        {
            return -1;
        }

        if (Level + frame.Length + 2 > Size)
        {
            Dropped++;
            return -1;
        }

        Put((byte)((frame.Length + 2) >> 8));
        Put((byte)(frame.Length + 2));
        long at = _written;
        foreach (byte octet in frame)
        {
            Put(octet);
        }

        Kept++;
        return at;
    }

    /// <summary>Overwrites the next length prefix, as a broken bus or chip would.</summary>
    public void BreakLength()
    {
        _memory[_readPointer & (Size - 1)] = 0xff;
    }

    public override void TransferFullDuplex(ReadOnlySpan<byte> writeBuffer, Span<byte> readBuffer)
    {
        OnTransfer?.Invoke();
        int address = (writeBuffer[0] << 8) | writeBuffer[1];
        int block = writeBuffer[2] >> 3;
        bool write = (writeBuffer[2] & 4) != 0;
        for (int i = 3; i < writeBuffer.Length; i++, address++)
        {
            if (write)
            {
                WriteRegister(block, address, writeBuffer[i]);
            }
            else
            {
                readBuffer[i] = ReadRegister(block, address);
            }
        }
    }

    public override void Read(Span<byte> buffer) => throw new NotSupportedException();

    public override byte ReadByte() => throw new NotSupportedException();

    public override void Write(ReadOnlySpan<byte> buffer) => throw new NotSupportedException();

    public override void WriteByte(byte value) => throw new NotSupportedException();

    private void Put(byte octet) => _memory[_written++ & (Size - 1)] = octet;

    private byte ReadRegister(int block, int address)
    {
        if (block == 3)
        {
            OctetsRead++;
            long position = _releasedTo + ((address - _releasedTo) & 0xffff);
            Crossed.Add(position);
            return _memory[address & (Size - 1)];
        }

        if (block == 0)
        {
            return address == 0x39 ? Version : _common[address];
        }

        if (block != 1)
        {
            return 0;
        }

        int value = address switch
        {
            0x01 => 0,
            0x03 => _open ? 0x42 : 0,
            0x26 => Level >> 8,
            0x27 => Level,
            0x28 => _readPointer >> 8,
            0x29 => _readPointer,
            0x2a => _written >> 8,
            0x2b => _written,
            _ => _socket[address],
        };
        return (byte)value;
    }

    private void WriteRegister(int block, int address, byte value)
    {
        if (block == 0)
        {
            _common[address] = address == 0 ? (byte)(value & 0x7f) : value;
        }
        else if (block == 1)
        {
            _socket[address] = value;
            switch (address)
            {
                case 0x28: _readPointer = (_readPointer & 0xff) | (value << 8); break;
                case 0x29: _readPointer = (_readPointer & 0xff00) | value; break;
                case 0x01 when value == 0x01 && _socket[0] == 4 && _socket[0x1e] == 16:
                    _open = true;
                    _releasedTo = _written;
                    _readPointer = _written & 0xffff;
                    break;
                case 0x01 when value == 0x10: _open = false; break;
                case 0x01 when value == 0x40: _releasedTo += (_readPointer - _releasedTo) & 0xffff; break;
            }
        }
    }
}

/// <summary>A clock that stands until it is moved.</summary>
internal sealed class ManualClock : IClock
{
    public long UnixMs => 1_790_000_000_000 + (Microseconds / 1_000);

    public long Microseconds { get; set; }
}
