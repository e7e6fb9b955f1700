namespace EdgeSensors.Hardware.Chips;

/// <summary>What the chip does by itself, in its own time: programs and erases, and what becomes of them when the supply goes.</summary>
public sealed partial class W25Q128Chip
{
    // Typical times, page 85; the longest are several times as long, and now and then taken.
    private const long FirstOctetNs = 30_000;
    private const long NextOctetNs = 2_500;
    private const long LongestPageNs = 3_000_000;
    private const long SectorEraseNs = 45_000_000;
    private const long LongestSectorEraseNs = 400_000_000;
    private const long Block32EraseNs = 120_000_000;
    private const long Block64EraseNs = 150_000_000;
    private const long ChipEraseNs = 40_000_000_000;
    private const long WriteStatusNs = 10_000_000;
    private const long PowerDownNs = 3_000;
    private const long ReleaseNs = 3_000;
    private const long ResetNs = 30_000;
    private const long PowerUpReadNs = 20_000; // tVSL, page 81
    private const long PowerUpWriteNs = 5_000_000; // tPUW, page 81
    private const double OnceInAWhile = 0.01;

    private readonly (int Address, byte Value)[] _pending = new (int, byte)[FlashArray.PageSize];
    private readonly List<WornArea> _worn = [];
    private int _pendingCount;
    private int _eraseAddress;
    private int _eraseSize;
    private byte _pendingStatus1;
    private byte _pendingStatus2;
    private bool _statusPending;
    private long _busyUntil;
    private long _deafUntil;
    private long _writesFrom;
    private bool _busy;
    private bool _asleep;
    private bool _writeEnabled;
    private bool _resetEnabled;
    private byte _status1;
    private byte _status2;
    private long _cutAfter = -1;
    private double _cutShare;
    private bool _brownOut;

    /// <summary>Called when a program or an erase begins: what, and its first address.</summary>
    public Action<FlashOperation, int>? OnWrite { get; set; }

    /// <summary>Programs and erases begun so far: the numbers that <see cref="CutDuringWrite"/> counts on from.</summary>
    public long Writes { get; private set; }

    /// <summary>Programs and erases in the middle of which the supply went.</summary>
    public long WritesCut { get; private set; }

    /// <summary>
    /// Below its threshold the chip heeds no write (VWI, page 81), and a running one fails as if the supply had gone: a brown-out.
    /// </summary>
    public bool WritesAreInhibited => _brownOut || Time.GetTimestamp() < _writesFrom;

    private bool IsBusy => _busy;

    /// <summary>Cuts the supply in the middle of a program or an erase.</summary>
    /// <param name="writes">How many more writes go well before it; 0 is the next.</param>
    /// <param name="share">How far into the write's time, 0 to 1.</param>
    public void CutDuringWrite(long writes, double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(writes);
        _cutAfter = writes;
        _cutShare = Math.Clamp(share, 0, 1);
    }

    /// <summary>The voltage dips below what writes need, or is well again.</summary>
    public void BrownOut(bool low)
    {
        Settle();
        _brownOut = low;
        if (low)
        {
            Tear();
            _writeEnabled = false;
        }
    }

    /// <summary>Wears the sector at an address out: some of its cells stay as they are.</summary>
    public void WearOut(int address, int zeros = 3, int ones = 3)
    {
        Array.WearOut(address / FlashArray.SectorSize, zeros, ones, _random);
    }

    /// <summary>About every other sector that is erased next within an area turns out to be worn, until so many are.</summary>
    /// <param name="from">The area's first address.</param>
    /// <param name="octets">Its length.</param>
    /// <param name="sectors">How many.</param>
    public void WearOutNext(int from, int octets, int sectors) => _worn.Add(new WornArea(from, octets, sectors));

    private bool TryBeginProgram()
    {
        int page = Address & ~(FlashArray.PageSize - 1);
        if (IsProtected(page, FlashArray.PageSize))
        {
            return false;
        }

        _pendingCount = Math.Min(_count - 4, FlashArray.PageSize);
        int first = (Address + _count - 4 - _pendingCount) & (FlashArray.PageSize - 1);
        for (int i = 0; i < _pendingCount; i++)
        {
            int offset = (first + i) % FlashArray.PageSize;
            _pending[i] = (page + offset, _page[offset]);
        }

        Array.CountProgram();
        Begin(FlashOperation.Program, Address, Duration(FirstOctetNs + NextOctetNs * (_pendingCount - 1), LongestPageNs));
        return true;
    }

    private bool TryBeginErase(int size, long typicalNs)
    {
        int address = Address & ~(size - 1);
        if (IsProtected(address, size))
        {
            return false;
        }

        _eraseAddress = address;
        _eraseSize = size;
        for (int at = address; at < address + size; at += FlashArray.SectorSize)
        {
            Array.CountErase(at / FlashArray.SectorSize);
            if (_worn.Exists(w => w.Takes(at, _random)))
            {
                WearOut(at);
            }
        }

        Begin(FlashOperation.Erase, address, Duration(typicalNs, size == FlashArray.SectorSize ? LongestSectorEraseNs : typicalNs * 5));
        return true;
    }

    private void BeginWriteStatus()
    {
        _pendingStatus1 = (byte)(_in[1] & 0xfc);
        _pendingStatus2 = _count == 3 ? _in[2] : _status2;
        _statusPending = true;
        _busy = true;
        _busyUntil = After(WriteStatusNs);
    }

    private void Begin(FlashOperation operation, int address, long nanoseconds)
    {
        Writes++;
        _busy = true;
        _busyUntil = After(nanoseconds);
        OnWrite?.Invoke(operation, address);
        if (_cutAfter == 0)
        {
            Supply.CutAt(After((long)(nanoseconds * _cutShare)));
        }

        _cutAfter--;
    }

    /// <summary>Ends the work whose time is over.</summary>
    private void Settle() => Settle(Time.GetTimestamp());

    private void Settle(long now)
    {
        if (!_busy || now < _busyUntil)
        {
            return;
        }

        for (int i = 0; i < _pendingCount; i++)
        {
            Array.Program(_pending[i].Address, _pending[i].Value);
        }

        for (int at = _eraseAddress; at < _eraseAddress + _eraseSize; at += FlashArray.SectorSize)
        {
            EraseSector(at / FlashArray.SectorSize);
        }

        if (_statusPending)
        {
            (_status1, _status2) = (_pendingStatus1, _pendingStatus2);
        }

        _writeEnabled = false; // pages 16 and 30
        Forget();
    }

    private void EraseSector(int sector)
    {
        if (Array.ErasesOf(sector) > Endurance)
        {
            Array.WearOut(sector, 1, 0, _random);
        }

        Array.Erase(sector);
    }

    private void LosePower(long at)
    {
        Settle(at);
        WritesCut += _busy ? 1 : 0;
        Tear();
        _asleep = false;
        _writeEnabled = false;
        _resetEnabled = false;
        _cutAfter = -1;
        Unhang();
    }

    private void PowerUp()
    {
        _deafUntil = After(PowerUpReadNs);
        _writesFrom = After(PowerUpWriteNs);
    }

    /// <summary>Breaks off what is under way; data may be corrupted (page 79).</summary>
    private void Reset()
    {
        Settle();
        Tear();
        _writeEnabled = false;
        _asleep = false;
        _deafUntil = After(ResetNs);
    }

    private void Tear()
    {
        if (!_busy)
        {
            return;
        }

        if (_pendingCount > 0)
        {
            TornWrite.Program(Array, _pending.AsSpan(0, _pendingCount), _random);
        }

        for (int at = _eraseAddress; at < _eraseAddress + _eraseSize; at += FlashArray.SectorSize)
        {
            TornWrite.Erase(Array, at / FlashArray.SectorSize, _random);
        }

        Forget();
    }

    private void Forget()
    {
        _busy = false;
        _pendingCount = 0;
        _eraseSize = 0;
        _statusPending = false;
    }

    private long Duration(long typicalNs, long longestNs)
    {
        double chance = _random.NextDouble();
        return chance < OnceInAWhile ? longestNs : (long)(typicalNs * (0.8 + 0.6 * _random.NextDouble()));
    }

    private long After(long nanoseconds) => Time.GetTimestamp() + (long)(nanoseconds * (Time.TimestampFrequency / 1e9));

    /// <summary>The table of page 21, with SEC and TB; CMP of page 22 turns it over.</summary>
    private bool IsProtected(int address, int size)
    {
        int bits = (_status1 >> 2) & 7;
        bool complement = (_status2 & 0x40) != 0;
        bool sectors = (_status1 & 0x40) != 0;
        bool bottom = (_status1 & 0x20) != 0;
        int length = bits switch
        {
            0 => 0,
            7 => Capacity,
            _ => sectors ? Math.Min(4096 << (bits - 1), 32 * 1024) : (Capacity / 64) << (bits - 1),
        };
        int from = bottom ? 0 : Capacity - length;
        bool touches = length > 0 && address < from + length && address + size > from;
        bool within = length > 0 && address >= from && address + size <= from + length;
        return complement ? !within : touches;
    }
}
