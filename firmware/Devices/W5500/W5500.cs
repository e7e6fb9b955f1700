using System;
using System.Device.Gpio;
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
    private const int Reset = 0x80;
    private const int NoPing = 0x10;
    private const int MacRaw = 0x04;
    private const int StatusMacRaw = 0x42;
    private const int Sockets = 8;
    private const int HeaderOctets = 3;
    private const int MostRead = 256;
    private const int Patience = 100;
    private const int Looks = 16;

    // Time is passed with transfers of 259 octets, 63 µs each at the fastest clock: the reset line must be low for 500 µs, and the PLL locks
    // within 1 ms after it (section 5.5.1, "Reset Timing").
    private const int ResetTransfers = 10;
    private const int LockTransfers = 40;

    // One burst from the status to the write pointer, and where in it things are.
    private const int BurstFrom = (int)W5500SocketRegister.Status;
    private const int BurstLength = (int)W5500SocketRegister.ReceiveWritePointer + 2 - BurstFrom;
    private const int AtSize = HeaderOctets + (int)W5500SocketRegister.ReceivedSize - BurstFrom;
    private const int AtRead = HeaderOctets + (int)W5500SocketRegister.ReceiveReadPointer - BurstFrom;
    private const int AtWrite = HeaderOctets + (int)W5500SocketRegister.ReceiveWritePointer - BurstFrom;
    private const int AtBufferSize = HeaderOctets + (int)W5500SocketRegister.ReceiveBufferSize - BurstFrom;

    // Control phase (section 2.2.2): block in bits 7 to 3, write in bit 2, variable length in bits 1 and 0.
    private const int CommonBlock = 0x00;
    private const int WriteBit = 0x04;

    private readonly SpiDevice _spi;
    private readonly GpioPin? _reset;
    private readonly byte[] _out = new byte[HeaderOctets + MostRead];
    private readonly byte[] _in = new byte[HeaderOctets + MostRead];
    private int _released;
    private int _constants;

    /// <summary>A chip on a bus: mode 0, most significant bit first.</summary>
    /// <param name="spi">The bus; disposed of with this.</param>
    /// <param name="reset">RSTn, an output; without it a chip that hangs stays so until the supply goes.</param>
    public W5500(SpiDevice spi, GpioPin? reset = null)
    {
        _spi = spi ?? throw new ArgumentNullException(nameof(spi));
        _reset = reset;
        _reset?.Write(PinValue.High);
    }

    /// <summary>Whether a link is up. False, too, if no W5500 answers.</summary>
    public bool IsLinkUp => TryReadLink(out bool isUp) && isUp;

    /// <summary>
    /// Looks whose octets that stay the same while the socket is open were not what they had been: bits turn over on the bus. Nothing protects headers on it but
    /// this: a look carries 35 such octets, more than half of what a frame's headers have, and there are looks without frames.
    /// </summary>
    public int Disturbances { get; private set; }

    /// <summary>Where the next frame's length prefix lies, modulo 65,536.</summary>
    public int ReadPointer { get; private set; }

    /// <summary>Resets the chip and gives all receive memory to socket 0. False if no W5500 answers, or it does not keep what it is told.</summary>
    public bool TryInitialize()
    {
        if (_reset != null)
        {
            _reset.Write(PinValue.Low);
            PassTime(ResetTransfers);
            _reset.Write(PinValue.High);
            PassTime(LockTransfers);
        }

        WriteCommon(W5500Register.Mode, Reset);
        int tries = 0;
        while ((ReadCommon(W5500Register.Mode) & Reset) != 0)
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

        // It has no address and is to answer nobody.
        WriteCommon(W5500Register.Mode, NoPing);
        for (int socket = Sockets - 1; socket >= 0; socket--)
        {
            WriteSocket(socket, W5500SocketRegister.TransmitBufferSize, 0);
            WriteSocket(socket, W5500SocketRegister.ReceiveBufferSize, socket == 0 ? BufferSize / 1024 : 0);
        }

        for (int socket = 0; socket < Sockets; socket++)
        {
            Transfer((int)W5500SocketRegister.ReceiveBufferSize, SocketBlock(socket), 2);
            if (_in[HeaderOctets] != (socket == 0 ? BufferSize / 1024 : 0) || _in[HeaderOctets + 1] != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a link is up. False, too, if no W5500 answers.</summary>
    /// <param name="isUp">PHYCFGR's link bit.</param>
    public bool TryReadLink(out bool isUp)
    {
        // One burst over both, as a bus without a chip reads as all ones, which is a link that is up.
        Transfer((int)W5500Register.PhyConfiguration, CommonBlock, W5500Register.Version - W5500Register.PhyConfiguration + 1);
        bool answers = _in[HeaderOctets + (int)(W5500Register.Version - W5500Register.PhyConfiguration)] == ChipVersion;
        isUp = answers && (_in[HeaderOctets] & 1) != 0;
        return answers;
    }

    /// <summary>Begins to receive every frame, its buffer empty. False if the chip does not.</summary>
    public bool TryOpen()
    {
        WriteSocket(0, W5500SocketRegister.Mode, MacRaw);
        if (!TryCommand(W5500SocketCommand.Open))
        {
            return false;
        }

        // The command is still being processed when its register reads zero (Sn_CR); and OPEN sets the pointers to what it likes (Sn_RX_RD).
        for (int tries = 0; tries < Looks; tries++)
        {
            if (TryReadBurst(out _))
            {
                ReadPointer = _released = Word(AtRead);
                _constants = Constants();
                return true;
            }
        }

        return false;
    }

    /// <summary>Receives no more; what was in the buffer is lost.</summary>
    public bool TryClose()
    {
        return TryCommand(W5500SocketCommand.Close);
    }

    /// <summary>
    /// Octets in the buffer that have not been given back. The chip may change them while they are read, so size, read and write pointer are
    /// taken at the end of one burst, in far less time than the shortest frame takes, and must agree.
    /// </summary>
    /// <param name="octets">At most <see cref="BufferSize"/>.</param>
    /// <returns>
    /// False when the chip does not answer, was reset by itself, or has another read pointer than it was given: nothing in its buffer can be
    /// relied on then, and it needs <see cref="TryInitialize"/>.
    /// </returns>
    public bool TryReadReceivedSize(out int octets)
    {
        for (int tries = 0; tries < Looks; tries++)
        {
            bool agrees = TryReadBurst(out octets) && Word(AtRead) == _released;
            int constants = Constants();
            if (constants != _constants)
            {
                _constants = constants;
                Disturbances++;
            }

            if (agrees)
            {
                return true;
            }
        }

        octets = 0;
        return false;
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
        _released = ReadPointer;
        return TryCommand(W5500SocketCommand.Receive);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _spi.Dispose();
        _reset?.Dispose();
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

    /// <summary>The socket's state, as a whole: open, all memory its own, and three figures that agree.</summary>
    private bool TryReadBurst(out int octets)
    {
        Transfer(BurstFrom, SocketBlock(0), BurstLength);
        octets = Word(AtSize);
        return _in[HeaderOctets] == StatusMacRaw && _in[AtBufferSize] == BufferSize / 1024
            && octets <= BufferSize && ((Word(AtWrite) - Word(AtRead)) & 0xffff) == octets;
    }

    /// <summary>A sum of what the burst holds before the figures that change: state, addresses, sizes and the transmitter's pointers.</summary>
    private int Constants()
    {
        int sum = 0;
        for (int i = HeaderOctets; i < AtSize; i++)
        {
            sum = 31 * sum + _in[i];
        }

        return sum;
    }

    private int Word(int at)
    {
        return (_in[at] << 8) | _in[at + 1];
    }

    private void PassTime(int transfers)
    {
        for (int i = 0; i < transfers; i++)
        {
            Transfer((int)W5500Register.Mode, CommonBlock, MostRead);
        }
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
