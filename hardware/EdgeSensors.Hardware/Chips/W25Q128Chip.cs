using System.Device.Spi;
using EdgeSensors.Hardware.Buses;
using EdgeSensors.Hardware.Power;

namespace EdgeSensors.Hardware.Chips;

/// <summary>
/// Winbond W25Q128JV: 16 MB of serial NOR flash. Pages cited are those of the W25Q128FV's datasheet, revision M, whose single-wire instructions
/// the JV has unchanged; the ID and the page time are the JV's. Not emulated: dual, quad and QPI modes, suspend, security registers, SFDP.
/// </summary>
public sealed partial class W25Q128Chip : SpiChip
{
    /// <summary>Octets of the array (page 5).</summary>
    public const int Capacity = 16 * 1024 * 1024;

    /// <summary>Erases that each sector stands, at least (page 5).</summary>
    public const int Endurance = 100_000;

    private const int FastestRead = 50_000_000; // fR, page 84
    private const int FastestOther = 104_000_000; // FR, page 84
    private const int LongestInstruction = 4 + FlashArray.PageSize;

    private readonly Random _random;
    private readonly byte[] _in = new byte[LongestInstruction];
    private readonly byte[] _page = new byte[FlashArray.PageSize];
    private int _count;
    private bool _heeded;

    /// <summary>A chip as it leaves the factory: erased, nothing protected.</summary>
    /// <param name="settings">The bus as the program has set it up.</param>
    /// <param name="time">The board's time.</param>
    /// <param name="supply">What the chip is fed from.</param>
    /// <param name="seed">For times within their limits, torn writes and worn cells.</param>
    public W25Q128Chip(SpiConnectionSettings settings, TimeProvider time, Supply supply, int seed)
        : base(settings, time, supply, seed)
    {
        _random = new Random(seed);
        supply.Lost += LosePower;
        supply.Restored += PowerUp;
        _writesFrom = Time.GetTimestamp();
    }

    /// <summary>The cells, which outlive the supply.</summary>
    public FlashArray Array { get; } = new FlashArray(Capacity);

    /// <summary>Instructions that the chip did not heed: unknown, of a wrong length, without write enable, or while it was busy or asleep.</summary>
    public long Ignored { get; private set; }

    /// <inheritdoc/>
    protected override int FastestClock => _count > 0 && _in[0] == (byte)Instruction.ReadData ? FastestRead : FastestOther;

    /// <inheritdoc/>
    protected override void BeginTransfer()
    {
        Settle();
        _count = 0;
        _heeded = false;
    }

    /// <inheritdoc/>
    protected override byte Exchange(byte octet)
    {
        Settle(); // the status can be read on and on while work ends (page 30)
        byte answer = _count == 0 ? (byte)0xff : Answer();
        if (_count == 0)
        {
            _in[0] = octet;
            _heeded = Heeds((Instruction)octet);
        }
        else if (_count < 4)
        {
            _in[_count] = octet;
        }
        else if (_in[0] == (byte)Instruction.PageProgram)
        {
            // More than a page's end wraps to its beginning (page 49).
            _page[(_in[3] + _count - 4) % FlashArray.PageSize] = octet;
        }

        _count++;
        return answer;
    }

    /// <inheritdoc/>
    protected override void EndTransfer()
    {
        if (_count > 0 && !(_heeded && TryExecute()))
        {
            Ignored++;
        }
    }

    private int Address => ((_in[1] << 16) | (_in[2] << 8) | _in[3]) % Capacity;

    private bool Heeds(Instruction instruction)
    {
        if (Time.GetTimestamp() < _deafUntil)
        {
            return false;
        }

        if (_asleep)
        {
            return instruction == Instruction.ReleasePowerDown; // page 59
        }

        // While busy only the status can be read (page 16); the chip's reset breaks in as well (page 79).
        return !IsBusy || instruction is Instruction.ReadStatus1 or Instruction.ReadStatus2 or Instruction.ReadStatus3
            or Instruction.EnableReset or Instruction.ResetDevice;
    }

    private byte Answer()
    {
        if (!_heeded)
        {
            return 0xff; // DO is high impedance, pulled up on the board
        }

        switch ((Instruction)_in[0])
        {
            case Instruction.ReadStatus1:
                return (byte)((_status1 & 0xfc) | (_writeEnabled ? 2 : 0) | (IsBusy ? 1 : 0));
            case Instruction.ReadStatus2:
                return _status2;
            case Instruction.ReadStatus3:
                return 0;
            case Instruction.JedecId:
                return _count switch { 1 => 0xef, 2 => 0x40, 3 => 0x18, _ => 0xff }; // page 66; the IQ type's 4018h
            case Instruction.ManufacturerId:
                return _count < 4 ? (byte)0xff : ((_count ^ _in[3]) & 1) == 0 ? (byte)0xef : (byte)0x17; // page 62
            case Instruction.ReleasePowerDown:
                return _count < 4 ? (byte)0xff : (byte)0x17; // page 60
            case Instruction.ReadData:
                return _count < 4 ? (byte)0xff : Array[(Address + _count - 4) % Capacity]; // page 34: on over the end
            case Instruction.FastRead:
                return _count < 5 ? (byte)0xff : Array[(Address + _count - 5) % Capacity]; // page 35: one dummy octet
            default:
                return 0xff;
        }
    }

    /// <summary>Executes what came while the line was low, if it has the length that the instruction asks for (pages 29, 49, 52).</summary>
    private bool TryExecute()
    {
        Instruction instruction = (Instruction)_in[0];
        bool resetEnabled = _resetEnabled;
        _resetEnabled = false;
        switch (instruction)
        {
            case Instruction.WriteEnable when _count == 1:
                _writeEnabled = !WritesAreInhibited;
                return _writeEnabled;
            case Instruction.WriteDisable when _count == 1:
                _writeEnabled = false;
                return true;
            case Instruction.WriteStatus1 when _count is 2 or 3 && _writeEnabled:
                BeginWriteStatus();
                return true;
            case Instruction.PageProgram when _count >= 5 && _writeEnabled:
                return TryBeginProgram();
            case Instruction.SectorErase when _count == 4 && _writeEnabled:
                return TryBeginErase(FlashArray.SectorSize, SectorEraseNs);
            case Instruction.BlockErase32 when _count == 4 && _writeEnabled:
                return TryBeginErase(32 * 1024, Block32EraseNs);
            case Instruction.BlockErase64 when _count == 4 && _writeEnabled:
                return TryBeginErase(64 * 1024, Block64EraseNs);
            case Instruction.ChipErase or Instruction.ChipErase60 when _count == 1 && _writeEnabled:
                _in[1] = _in[2] = _in[3] = 0;
                return TryBeginErase(Capacity, ChipEraseNs);
            case Instruction.PowerDown when _count == 1:
                _asleep = true;
                _deafUntil = After(PowerDownNs);
                return true;
            case Instruction.ReleasePowerDown:
                _deafUntil = _asleep ? After(ReleaseNs) : _deafUntil;
                _asleep = false;
                return true;
            case Instruction.EnableReset when _count == 1:
                _resetEnabled = true;
                return true;
            case Instruction.ResetDevice when _count == 1 && resetEnabled:
                Reset();
                return true;
            case Instruction.ReadData or Instruction.FastRead or Instruction.ReadStatus1 or Instruction.ReadStatus2 or Instruction.ReadStatus3
                or Instruction.JedecId or Instruction.ManufacturerId:
                return true;
            default:
                return false;
        }
    }

    /// <summary>What the chip is told by the first octet (pages 25 and 26).</summary>
    private enum Instruction : byte
    {
        WriteStatus1 = 0x01,
        PageProgram = 0x02,
        ReadData = 0x03,
        WriteDisable = 0x04,
        ReadStatus1 = 0x05,
        WriteEnable = 0x06,
        FastRead = 0x0b,
        ReadStatus3 = 0x15,
        SectorErase = 0x20,
        ReadStatus2 = 0x35,
        BlockErase32 = 0x52,
        ChipErase60 = 0x60,
        EnableReset = 0x66,
        ManufacturerId = 0x90,
        ResetDevice = 0x99,
        JedecId = 0x9f,
        ReleasePowerDown = 0xab,
        PowerDown = 0xb9,
        ChipErase = 0xc7,
        BlockErase64 = 0xd8,
    }
}
