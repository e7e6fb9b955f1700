using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Store;

/// <summary>
/// Programs octets a page a step, erasing each sector as the octets reach its first one and not waiting for it, and reads back what it wrote.
/// </summary>
internal sealed class FlashWriter
{
    private readonly IFlash _flash;
    private readonly byte[] _page = new byte[FlashGeometry.PageSize];
    private byte[] _data;
    private int _address;
    private int _offset;
    private int _left;
    private int _erased = -1;

    /// <summary>Writes to a chip.</summary>
    public FlashWriter(IFlash flash)
    {
        _flash = flash;
        _data = _page;
    }

    /// <summary>Whether there is something left to write.</summary>
    public bool IsBusy => _left > 0;

    /// <summary>Whether the chip did not take what was last begun.</summary>
    public bool Failed { get; private set; }

    /// <summary>Octets programmed since the start.</summary>
    public long OctetsProgrammed { get; private set; }

    /// <summary>Sectors erased since the start.</summary>
    public long SectorsErased { get; private set; }

    /// <summary>Begins; the octets must stay as they are until it is done. What they are written over was erased, or begins a sector.</summary>
    public void Begin(int address, byte[] data, int offset, int count)
    {
        _address = address;
        _data = data;
        _offset = offset;
        _left = count;
        _erased = -1;
        Failed = false;
    }

    /// <summary>One page, or one erase begun. True when all is written or has failed.</summary>
    public bool Step()
    {
        if (_left == 0)
        {
            return true;
        }

        if (_flash.IsBusy)
        {
            return false;
        }

        if ((_address & (FlashGeometry.SectorSize - 1)) == 0 && _erased != _address)
        {
            _erased = _address;
            SectorsErased++;
            return !_flash.TryBeginErase(_address) && Fail();
        }

        int room = FlashGeometry.PageSize - (_address & (FlashGeometry.PageSize - 1));
        int count = _left < room ? _left : room;
        if (!_flash.TryProgram(_address, _data, _offset, count))
        {
            return Fail();
        }

        _flash.Read(_address, _page, 0, count);
        for (int i = 0; i < count; i++)
        {
            if (_page[i] != _data[_offset + i])
            {
                return Fail(); // a worn sector
            }
        }

        OctetsProgrammed += count;
        _address += count;
        _offset += count;
        _left -= count;
        return _left == 0;
    }

    private bool Fail()
    {
        Failed = true;
        _left = 0;
        return true;
    }
}
