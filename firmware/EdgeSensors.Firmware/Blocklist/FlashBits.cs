using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Blocklist;

/// <summary>Reads octets and bits of a file in flash through a small window, the first bit from the top of an octet. Beyond the end there are zeros.</summary>
internal sealed class FlashBits
{
    private const int WindowSize = 64;

    private readonly IFlash _flash;
    private readonly byte[] _window = new byte[WindowSize];
    private int _windowAt = -1;
    private int _address;
    private int _end;
    private ulong _bits;
    private int _held;

    /// <summary>Reads from a chip.</summary>
    public FlashBits(IFlash flash)
    {
        _flash = flash;
    }

    /// <summary>The next octet's address; of bits that are held back, those are before it.</summary>
    public int Address => _address;

    /// <summary>Whether more was read than there is.</summary>
    public bool IsPastEnd { get; private set; }

    /// <summary>Whether nothing is left but zeros that fill up the last octet.</summary>
    public bool IsAtEnd => !IsPastEnd && _address == _end && _held < 8 && (_bits & ((1UL << _held) - 1)) == 0;

    /// <summary>Begins at an address; there are octets up to <paramref name="end"/>.</summary>
    public void Begin(int address, int end)
    {
        _address = address;
        _end = end;
        _bits = 0;
        _held = 0;
        _windowAt = -1;
        IsPastEnd = false;
    }

    /// <summary>The next octet.</summary>
    public int Octet()
    {
        if (_address >= _end)
        {
            IsPastEnd = true;
            return 0;
        }

        int at = _address - _windowAt;
        if (_windowAt < 0 || at < 0 || at >= WindowSize)
        {
            int count = _end - _address < WindowSize ? _end - _address : WindowSize;
            _flash.Read(_address, _window, 0, count);
            _windowAt = _address;
            at = 0;
        }

        _address++;
        return _window[at];
    }

    /// <summary>A big-endian number of some octets.</summary>
    public ulong Number(int octets)
    {
        ulong value = 0;
        for (int i = 0; i < octets; i++)
        {
            value = (value << 8) | (uint)Octet();
        }

        return value;
    }

    /// <summary>The next bits, 0 to 32.</summary>
    public uint Bits(int count)
    {
        while (_held < count)
        {
            _bits = (_bits << 8) | (uint)Octet();
            _held += 8;
        }

        _held -= count;
        return (uint)((_bits >> _held) & ((1UL << count) - 1));
    }

    /// <summary>Ones up to the first zero, which is read too, or up to <paramref name="limit"/> of them.</summary>
    public int Ones(int limit)
    {
        int ones = 0;
        while (ones < limit)
        {
            if (_held == 0)
            {
                _bits = (uint)Octet();
                _held = 8;
            }

            _held--;
            if (((_bits >> _held) & 1) == 0)
            {
                return ones;
            }

            ones++;
        }

        return ones;
    }
}
