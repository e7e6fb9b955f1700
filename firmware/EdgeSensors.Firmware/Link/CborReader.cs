namespace EdgeSensors.Firmware.Link;

/// <summary>Reads deterministic CBOR (RFC 8949, section 4.2.1) in place: what the hub sends to taps. Total: what is not in shortest form, indefinite or cut is refused.</summary>
internal sealed class CborReader
{
    private const int MaxDepth = 4;

    private byte[] _b = { };
    private int _at;
    private int _end;

    /// <summary>Octets of what <see cref="TryBytes"/> read.</summary>
    public int BytesLength { get; private set; }

    /// <summary>Where they begin.</summary>
    public int BytesStart { get; private set; }

    /// <summary>Whether all was read.</summary>
    public bool IsAtEnd => _at == _end;

    /// <summary>Begins.</summary>
    public void Begin(byte[] buffer, int length)
    {
        _b = buffer;
        _at = 0;
        _end = length;
    }

    /// <summary>Reads a map's head; the value is its number of entries.</summary>
    public bool TryMap(out int entries)
    {
        bool read = TryHead(5, out ulong count) && count <= 64;
        entries = read ? (int)count : 0;
        return read;
    }

    /// <summary>Reads an unsigned integer of at most <paramref name="most"/>.</summary>
    public bool TryUInt(ulong most, out ulong value)
    {
        return TryHead(0, out value) && value <= most;
    }

    /// <summary>Reads octets.</summary>
    public bool TryBytes(int most)
    {
        return TryString(2, most);
    }

    /// <summary>Reads a text, whose octets are then where those of <see cref="TryBytes"/> would be.</summary>
    public bool TryText(int most)
    {
        return TryString(3, most);
    }

    private bool TryString(int major, int most)
    {
        if (!TryHead(major, out ulong length) || length > (ulong)most || (int)length > _end - _at)
        {
            return false;
        }

        BytesStart = _at;
        BytesLength = (int)length;
        _at += BytesLength;
        return true;
    }

    /// <summary>Reads a map's key. False at a key that is no integer.</summary>
    public bool TryKey(out long key)
    {
        key = 0;
        if (_at == _end)
        {
            return false;
        }

        bool negative = _b[_at] >> 5 == 1;
        if (!TryHead(negative ? 1 : 0, out ulong value) || value > int.MaxValue)
        {
            return false;
        }

        key = negative ? -1 - (long)value : (long)value;
        return true;
    }

    /// <summary>Passes over a value.</summary>
    public bool TrySkip()
    {
        return Skip(0);
    }

    private bool Skip(int depth)
    {
        if (_at == _end || depth > MaxDepth)
        {
            return false;
        }

        int major = _b[_at] >> 5;
        if (!TryHead(major, out ulong value))
        {
            return false;
        }

        if (major == 2 || major == 3)
        {
            if (value > (ulong)(_end - _at))
            {
                return false;
            }

            _at += (int)value;
            return true;
        }

        if (major == 4 || major == 5)
        {
            ulong items = major == 5 ? 2 * value : value;
            if (value > (ulong)(_end - _at))
            {
                return false; // each takes an octet at least
            }

            while (items > 0)
            {
                if (!Skip(depth + 1))
                {
                    return false;
                }

                items--;
            }
        }

        return major != 6;
    }

    private bool TryHead(int major, out ulong value)
    {
        value = 0;
        if (_at >= _end || _b[_at] >> 5 != major)
        {
            return false;
        }

        int info = _b[_at] & 31;
        _at++;
        if (info < 24)
        {
            value = (ulong)info;
            return true;
        }

        int octets = info == 24 ? 1 : info == 25 ? 2 : info == 26 ? 4 : info == 27 ? 8 : 0;
        if (octets == 0 || octets > _end - _at)
        {
            return false;
        }

        for (int i = 0; i < octets; i++)
        {
            value = (value << 8) | _b[_at++];
        }

        ulong least = octets == 1 ? 24UL : octets == 2 ? 0x100UL : octets == 4 ? 0x10000UL : 0x100000000UL;
        return major == 7 || value >= least;
    }
}
