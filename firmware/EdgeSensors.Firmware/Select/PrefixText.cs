namespace EdgeSensors.Firmware.Select;

/// <summary>Reads a prefix as documents write it: an address (RFC 5952 for IPv6), a slash, a length; host bits zero. Total.</summary>
internal sealed class PrefixText
{
    private readonly int[] _groups = new int[8];
    private byte[] _b = { };
    private int _at;
    private int _end;

    /// <summary>The address as a 128-bit number, IPv4 in the mapped form.</summary>
    public ulong High, Low;

    /// <summary>Leading bits; of IPv4 with 96 added.</summary>
    public int Length;

    /// <summary>Reads a text. False if it is no prefix.</summary>
    public bool TryParse(byte[] b, int start, int length)
    {
        _b = b;
        _at = start;
        _end = start + length;
        bool ipv4 = IsIPv4();
        if (!(ipv4 ? ReadIPv4() : ReadIPv6()))
        {
            return false;
        }

        int bits = ipv4 ? 32 : 128;
        int prefix = bits;
        if (_at < _end)
        {
            if (_b[_at] != (byte)'/')
            {
                return false;
            }

            _at++;
            prefix = ReadDecimal(bits);
            if (prefix < 0 || _at != _end)
            {
                return false;
            }
        }

        Length = prefix + 128 - bits;
        ulong hostHigh = Length >= 64 ? 0 : ulong.MaxValue >> Length;
        ulong hostLow = Length == 128 ? 0 : Length <= 64 ? ulong.MaxValue : ulong.MaxValue >> (Length - 64);
        return (High & hostHigh) == 0 && (Low & hostLow) == 0;
    }

    private bool IsIPv4()
    {
        for (int i = _at; i < _end; i++)
        {
            if (_b[i] == (byte)':')
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadIPv4()
    {
        High = 0;
        Low = 0;
        for (int i = 0; i < 4; i++)
        {
            if (i > 0 && !Take((byte)'.'))
            {
                return false;
            }

            int octet = ReadDecimal(255);
            if (octet < 0)
            {
                return false;
            }

            Low = (Low << 8) | (uint)octet;
        }

        Low |= 0xffff00000000UL;
        return true;
    }

    private bool ReadIPv6()
    {
        int count = 0;
        int gap = -1;
        if (Take((byte)':'))
        {
            if (!Take((byte)':'))
            {
                return false;
            }

            gap = 0;
        }

        while (_at < _end && _b[_at] != (byte)'/')
        {
            if (count == 8)
            {
                return false;
            }

            int group = ReadHex();
            if (group < 0)
            {
                return false;
            }

            _groups[count++] = group;
            if (_at == _end || _b[_at] == (byte)'/')
            {
                break;
            }

            if (!Take((byte)':'))
            {
                return false;
            }

            if (_at < _end && _b[_at] == (byte)':')
            {
                if (gap >= 0)
                {
                    return false;
                }

                _at++;
                gap = count;
            }
            else if (_at == _end || _b[_at] == (byte)'/')
            {
                return false;
            }
        }

        if (gap < 0 ? count != 8 : count > 7)
        {
            return false;
        }

        High = 0;
        Low = 0;
        for (int i = 0; i < 8; i++)
        {
            int from = gap < 0 || i < gap ? i : i - (8 - count);
            int value = gap >= 0 && i >= gap && i < gap + 8 - count ? 0 : _groups[from];
            if (i < 4)
            {
                High = (High << 16) | (uint)value;
            }
            else
            {
                Low = (Low << 16) | (uint)value;
            }
        }

        return true;
    }

    private bool Take(byte c)
    {
        if (_at == _end || _b[_at] != c)
        {
            return false;
        }

        _at++;
        return true;
    }

    private int ReadDecimal(int most)
    {
        int first = _at;
        int value = 0;
        while (_at < _end && _at - first < 3 && _b[_at] >= (byte)'0' && _b[_at] <= (byte)'9')
        {
            value = 10 * value + _b[_at] - (byte)'0';
            _at++;
        }

        return _at == first || value > most || (_b[first] == (byte)'0' && _at - first > 1) ? -1 : value;
    }

    private int ReadHex()
    {
        int first = _at;
        int value = 0;
        while (_at < _end && _at - first < 4)
        {
            byte c = _b[_at];
            int digit = c >= (byte)'0' && c <= (byte)'9' ? c - (byte)'0' : c >= (byte)'a' && c <= (byte)'f' ? c - (byte)'a' + 10 : -1;
            if (digit < 0)
            {
                break;
            }

            value = (value << 4) | digit;
            _at++;
        }

        return _at == first ? -1 : value;
    }
}
