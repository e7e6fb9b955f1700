using System;
using System.Device.Spi;

namespace EdgeSensors.Firmware.Devices;

/// <summary>
/// WIZnet W5500 as a receiver of raw Ethernet frames: socket 0 in MACRAW mode with all of the chip's 16 KB. Reads as many octets of a frame as
/// it is asked for and skips the rest by moving the read pointer, so that payload never crosses the bus.
/// </summary>
public sealed class W5500 : IDisposable
{
    /// <summary>The fastest SPI clock that the datasheet guarantees (section 5.5.4), hertz.</summary>
    public const int MaxClockFrequency = 33_300_000;

    /// <summary>Octets of the receive buffer.</summary>
    public const int BufferSize = 16 * 1024;

    /// <summary>Octets before each frame in the buffer: its length with themselves, big-endian (section 4.2, MACRAW).</summary>
    public const int LengthPrefix = 2;

    /// <summary>The longest frame that is believed: 1,518 octets without its check sequence, and two VLAN tags.</summary>
    public const int LongestFrame = 1_522;

    private const int ChipVersion = 4;
    private const int MacRaw = 0x04;
    private const int StatusMacRaw = 0x42;
    private const int Sockets = 8;
    private const int HeaderOctets = 3;
    private const int MostRead = 256;
    private const int Patience = 100;

    // Control phase (section 2.2.2): block in bits 7 to 3, write in bit 2, variable length in bits 1 and 0.
    private const int CommonBlock = 0x00;
    private const int WriteBit = 0x04;

    private readonly SpiDevice _spi;
    private readonly byte[] _out = new byte[HeaderOctets + MostRead];
    private readonly byte[] _in = new byte[HeaderOctets + MostRead];

    /// <summary>A chip on a bus: mode 0, most significant bit first.</summary>
    /// <param name="spi">The bus; disposed of with this.</param>
    public W5500(SpiDevice spi)
    {
        _spi = spi ?? throw new ArgumentNullException(nameof(spi));
    }

    /// <summary>Whether a link is up.</summary>
    public bool IsLinkUp => (ReadCommon(W5500Register.PhyConfiguration) & 1) != 0;

    /// <summary>Where the next frame's length prefix lies, modulo 65,536.</summary>
    public int ReadPointer { get; private set; }

    /// <summary>Resets the chip and gives all receive memory to socket 0. False if no W5500 answers.</summary>
    public bool TryInitialize()
    {
        WriteCommon(W5500Register.Mode, 0x80);
        int tries = 0;
        while ((ReadCommon(W5500Register.Mode) & 0x80) != 0)
        {
            tries++;
            if (tries == Patience)
            {
                return false;
            }
        }

        if (ReadCommon(W5500Register.Version) != ChipVersion)
        {
            return false;
        }

        for (int socket = Sockets - 1; socket >= 0; socket--)
        {
            WriteSocket(socket, W5500SocketRegister.TransmitBufferSize, 0);
            WriteSocket(socket, W5500SocketRegister.ReceiveBufferSize, socket == 0 ? BufferSize / 1024 : 0);
        }

        return true;
    }

    /// <summary>Begins to receive every frame, its buffer empty. False if the chip does not.</summary>
    public bool TryOpen()
    {
        WriteSocket(0, W5500SocketRegister.Mode, MacRaw);
        if (!TryCommand(W5500SocketCommand.Open) || ReadSocket(W5500SocketRegister.Status) != StatusMacRaw)
        {
            return false;
        }

        ReadPointer = ReadSocket16(W5500SocketRegister.ReceiveReadPointer);
        return true;
    }

    /// <summary>Receives no more; what was in the buffer is lost.</summary>
    public bool TryClose()
    {
        return TryCommand(W5500SocketCommand.Close);
    }

    /// <summary>
    /// Octets in the buffer that have not been given back. The chip may change them while they are read, so size, read and write pointer are
    /// taken in one burst, far shorter than the shortest frame, and must agree.
    /// </summary>
    public int ReadReceivedSize()
    {
        for (int tries = 0; tries < Patience; tries++)
        {
            Transfer((int)W5500SocketRegister.ReceivedSize, SocketBlock(0), 6);
            int size = (_in[HeaderOctets] << 8) | _in[HeaderOctets + 1];
            int read = (_in[HeaderOctets + 2] << 8) | _in[HeaderOctets + 3];
            int written = (_in[HeaderOctets + 4] << 8) | _in[HeaderOctets + 5];
            if (((written - read) & 0xffff) == size)
            {
                return size;
            }
        }

        return BufferSize; // never still: as good as full
    }

    /// <summary>Reads octets of the frame at the read pointer, at most 256, without moving it.</summary>
    /// <param name="from">The first octet; 0 is the length prefix.</param>
    /// <param name="count">How many.</param>
    /// <param name="buffer">Takes them.</param>
    /// <param name="offset">Where the first goes.</param>
    public void Read(int from, int count, byte[] buffer, int offset)
    {
        Transfer((ReadPointer + from) & 0xffff, 0x18, count);
        Array.Copy(_in, HeaderOctets, buffer, offset, count);
    }

    /// <summary>Moves the read pointer over a whole frame, unread octets and all, without giving the room back yet.</summary>
    /// <param name="octets">The length in its prefix.</param>
    public void Skip(int octets)
    {
        ReadPointer = (ReadPointer + octets) & 0xffff;
    }

    /// <summary>Gives the room before the read pointer back to the chip. False if it does not take the command.</summary>
    public bool TryRelease()
    {
        _out[HeaderOctets] = (byte)(ReadPointer >> 8);
        _out[HeaderOctets + 1] = (byte)ReadPointer;
        Transfer((int)W5500SocketRegister.ReceiveReadPointer, SocketBlock(0) | WriteBit, 2);
        return TryCommand(W5500SocketCommand.Receive);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _spi.Dispose();
    }

    private static int SocketBlock(int socket)
    {
        return ((socket << 2) | 1) << 3;
    }

    private bool TryCommand(W5500SocketCommand command)
    {
        WriteSocket(0, W5500SocketRegister.Command, (int)command);
        for (int tries = 0; tries < Patience; tries++)
        {
            if (ReadSocket(W5500SocketRegister.Command) == 0)
            {
                return true;
            }
        }

        return false;
    }

    private int ReadCommon(W5500Register register)
    {
        Transfer((int)register, CommonBlock, 1);
        return _in[HeaderOctets];
    }

    private int ReadSocket(W5500SocketRegister register)
    {
        Transfer((int)register, SocketBlock(0), 1);
        return _in[HeaderOctets];
    }

    private int ReadSocket16(W5500SocketRegister register)
    {
        Transfer((int)register, SocketBlock(0), 2);
        return (_in[HeaderOctets] << 8) | _in[HeaderOctets + 1];
    }

    private void WriteCommon(W5500Register register, int value)
    {
        _out[HeaderOctets] = (byte)value;
        Transfer((int)register, CommonBlock | WriteBit, 1);
    }

    private void WriteSocket(int socket, W5500SocketRegister register, int value)
    {
        _out[HeaderOctets] = (byte)value;
        Transfer((int)register, SocketBlock(socket) | WriteBit, 1);
    }

    private void Transfer(int address, int control, int count)
    {
        _out[0] = (byte)(address >> 8);
        _out[1] = (byte)address;
        _out[2] = (byte)control;
        _spi.TransferFullDuplex(new SpanByte(_out, 0, HeaderOctets + count), new SpanByte(_in, 0, HeaderOctets + count));
    }
}
