using System;
using System.Device.Spi;
using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Devices;

/// <summary>
/// Winbond W25Q128JV: 16 MB of serial NOR flash. Every wait is bounded, every write is checked by reading it back, and a chip that is not there
/// or hangs is told from one that is ready.
/// </summary>
public sealed class W25Q128 : IFlash, IDisposable
{
    /// <summary>The fastest SPI clock for plain reads (section 9.6, fR), hertz.</summary>
    public const int MaxClockFrequency = 50_000_000;

    /// <summary>Octets of the chip.</summary>
    public const int Size = 16 * 1024 * 1024;

    private const int Winbond = 0xef;
    private const int TypeIq = 0x40;
    private const int TypeIm = 0x70;
    private const int Capacity128Mbit = 0x18;
    private const int Header = 4;

    // A status transfer repeats the register, so that a wait takes few turns of the interpreter. At 20 MHz it takes 26 µs, at 50 MHz 10:
    // 512 of them outlast the 3 ms of a page (section 9.6, tPP), also with nothing between them.
    private const int StatusRepeats = 64;
    private const int PageWaits = 512;
    private const int StatusWriteWaits = 2_048; // 15 ms, tW
    private const int PowerUpTries = 1_024; // 5 ms during which writes are not heeded after power-up (section 9.3, tPUW)

    private readonly SpiDevice _spi;
    private readonly byte[] _out = new byte[Header + FlashGeometry.PageSize];
    private readonly byte[] _in = new byte[Header + FlashGeometry.PageSize];

    /// <summary>A chip on a bus: mode 0, most significant bit first.</summary>
    /// <param name="spi">The bus; disposed of with this.</param>
    public W25Q128(SpiDevice spi)
    {
        _spi = spi ?? throw new ArgumentNullException(nameof(spi));
    }

    /// <inheritdoc/>
    public int Capacity => Size;

    /// <inheritdoc/>
    public bool IsBusy => (ReadStatus() & W25Q128Status.Busy) != 0;

    /// <summary>
    /// Wakes the chip, resets it, and makes sure that it is the one, that it is ready and that nothing in it is protected. False if not. An erase
    /// that was under way when the module was reset is broken off: its sector holds anything.
    /// </summary>
    public bool TryInitialize()
    {
        Command(W25Q128Instruction.ReleasePowerDown);
        Transfer(W25Q128Instruction.ReadStatusRegister1, StatusRepeats); // passes the 3 µs of the release
        Command(W25Q128Instruction.EnableReset);
        Command(W25Q128Instruction.ResetDevice);
        for (int i = 0; i < 8; i++)
        {
            Transfer(W25Q128Instruction.ReadStatusRegister1, StatusRepeats); // passes the 30 µs of the reset
        }

        Transfer(W25Q128Instruction.JedecId, 3);
        if (_in[1] != Winbond || (_in[2] != TypeIq && _in[2] != TypeIm) || _in[3] != Capacity128Mbit || !TryWait(PageWaits) || !TryEnableEarly())
        {
            return false;
        }

        if ((ReadStatus() & (W25Q128Status.BlockProtect | W25Q128Status.StatusRegisterProtect)) == 0)
        {
            Command(W25Q128Instruction.WriteDisable);
            return true;
        }

        _out[1] = 0;
        _out[2] = 0;
        Command(W25Q128Instruction.WriteStatusRegister1, 3);
        return TryWait(StatusWriteWaits) && ReadStatus() == W25Q128Status.None;
    }

    /// <inheritdoc/>
    public void Read(int address, byte[] buffer, int offset, int count)
    {
        while (count > 0)
        {
            int part = count < FlashGeometry.PageSize ? count : FlashGeometry.PageSize;
            SetAddress(address);
            Transfer(W25Q128Instruction.ReadData, Header - 1 + part);
            Array.Copy(_in, Header, buffer, offset, part);
            address += part;
            offset += part;
            count -= part;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// False too when what is read back is not what was given: a worn cell, a bus error, or octets that were not erased. A bus error that another
    /// on the way back undoes bit for bit is not seen: what is stored has checksums of its own.
    /// </remarks>
    public bool TryProgram(int address, byte[] data, int offset, int count)
    {
        if (count < 1 || (address & (FlashGeometry.PageSize - 1)) + count > FlashGeometry.PageSize || (uint)address >= Size || !TryEnable())
        {
            return false;
        }

        SetAddress(address);
        Array.Copy(data, offset, _out, Header, count);
        Command(W25Q128Instruction.PageProgram, Header + count);
        return TryWait(PageWaits) && (IsAsGiven(address, data, offset, count) || IsAsGiven(address, data, offset, count));
    }

    /// <inheritdoc/>
    public bool TryBeginErase(int address)
    {
        if ((uint)address >= Size || !TryEnable())
        {
            return false;
        }

        SetAddress(address & ~(FlashGeometry.SectorSize - 1));
        Command(W25Q128Instruction.SectorErase, Header);

        // An erase takes 45 ms: a chip that is not busy now has not heeded it, and one that answers all ones is not there.
        W25Q128Status status = ReadStatus();
        return (status & W25Q128Status.Busy) != 0 && (int)status != 0xff;
    }

    /// <summary>Sends the chip to sleep until <see cref="TryInitialize"/>; nothing else wakes it.</summary>
    public void PowerDown()
    {
        Command(W25Q128Instruction.PowerDown);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _spi.Dispose();
    }

    /// <summary>Both lines of the bus can fail: a mismatch is looked at twice before the chip is blamed.</summary>
    private bool IsAsGiven(int address, byte[] data, int offset, int count)
    {
        SetAddress(address);
        Transfer(W25Q128Instruction.ReadData, Header - 1 + count);
        for (int i = 0; i < count; i++)
        {
            if (_in[Header + i] != data[offset + i])
            {
                return false;
            }
        }

        return true;
    }

    private bool TryEnable()
    {
        Command(W25Q128Instruction.WriteEnable);
        return ReadStatus() == W25Q128Status.WriteEnableLatch;
    }

    private bool TryEnableEarly()
    {
        for (int tries = 0; tries < PowerUpTries; tries++)
        {
            Command(W25Q128Instruction.WriteEnable);
            W25Q128Status status = ReadStatus();
            if ((status & (W25Q128Status.WriteEnableLatch | W25Q128Status.Busy)) == W25Q128Status.WriteEnableLatch)
            {
                return true;
            }

            Transfer(W25Q128Instruction.ReadStatusRegister1, StatusRepeats); // passes a little time
        }

        return false;
    }

    private bool TryWait(int waits)
    {
        for (int i = 0; i < waits; i++)
        {
            Transfer(W25Q128Instruction.ReadStatusRegister1, StatusRepeats);
            int last = _in[StatusRepeats];
            if (last == 0xff)
            {
                return false; // no chip drives the line
            }

            if ((last & (int)W25Q128Status.Busy) == 0)
            {
                return true;
            }
        }

        return false;
    }

    private W25Q128Status ReadStatus()
    {
        Transfer(W25Q128Instruction.ReadStatusRegister1, 1);
        return (W25Q128Status)_in[1];
    }

    private void SetAddress(int address)
    {
        _out[1] = (byte)(address >> 16);
        _out[2] = (byte)(address >> 8);
        _out[3] = (byte)address;
    }

    private void Command(W25Q128Instruction instruction, int length = 1)
    {
        _out[0] = (byte)instruction;
        _spi.Write(new SpanByte(_out, 0, length));
    }

    private void Transfer(W25Q128Instruction instruction, int more)
    {
        _out[0] = (byte)instruction;
        _spi.TransferFullDuplex(new SpanByte(_out, 0, 1 + more), new SpanByte(_in, 0, 1 + more));
    }
}
