namespace EdgeSensors.Firmware.Blocklist;

/// <summary>
/// Codes ascending numbers by their gaps as the hub does (docs/protocol.md, "Blocklist file", Numbers): of each group the parameter that takes the fewest
/// bits, the larger one where two do. So a list that was made here of the same entries has the same octets as the one that is signed.
/// </summary>
internal sealed class GapWriter
{
    private readonly ulong[] _gapHigh = new ulong[GapReader.GroupSize];
    private readonly ulong[] _gapLow = new ulong[GapReader.GroupSize];
    private readonly byte[] _to;
    private ulong _high, _low;
    private bool _any;
    private int _held;
    private int _width;
    private int _bit;
    private int _bits;

    /// <summary>Writes into a buffer.</summary>
    public GapWriter(byte[] to)
    {
        _to = to;
    }

    /// <summary>Octets from the buffer's begin to the end of what was written.</summary>
    public int Length { get; private set; }

    /// <summary>Numbers written.</summary>
    public int Count { get; private set; }

    /// <summary>Whether something found no room.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>Begins a series at a place in the buffer.</summary>
    public void Begin(int at, int width)
    {
        Length = at;
        Count = 0;
        Overflowed = false;
        _width = width;
        _any = false;
        _held = 0;
        _bit = 0;
        _bits = 0;
    }

    /// <summary>Appends a number above the one before. False if it is not.</summary>
    public bool TryAppend(ulong high, ulong low)
    {
        if (_any)
        {
            if (high < _high || (high == _high && low <= _low))
            {
                return false;
            }

            // The difference less 1; borrows from the upper half.
            ulong gapLow = low - _low;
            ulong gapHigh = high - _high - (low < _low ? 1UL : 0UL);
            _gapHigh[_held] = gapLow == 0 ? gapHigh - 1 : gapHigh;
            _gapLow[_held] = gapLow - 1;
        }
        else
        {
            _gapHigh[_held] = high;
            _gapLow[_held] = low;
        }

        _any = true;
        _high = high;
        _low = low;
        _held++;
        Count++;
        if (_held == GapReader.GroupSize)
        {
            WriteGroup();
        }

        return true;
    }

    /// <summary>Writes what is held back and fills up the last octet with zeros.</summary>
    public void Finish()
    {
        if (_held > 0)
        {
            WriteGroup();
        }

        if (_bits > 0)
        {
            Put((byte)(_bit << (8 - _bits)));
            _bits = 0;
            _bit = 0;
        }
    }

    private void WriteGroup()
    {
        int parameter = BestParameter();
        WriteBits(0, (ulong)parameter, GapReader.ParameterBits);
        for (int i = 0; i < _held; i++)
        {
            int quotient = Quotient(_gapHigh[i], _gapLow[i], parameter);
            if (quotient == GapReader.Escape)
            {
                WriteBits(0, (1UL << GapReader.Escape) - 1, GapReader.Escape);
                WriteBits(_gapHigh[i], _gapLow[i], _width);
            }
            else
            {
                WriteBits(0, (2UL << quotient) - 2, quotient + 1);
                WriteBits(_gapHigh[i], _gapLow[i], parameter);
            }
        }

        _held = 0;
    }

    private int BestParameter()
    {
        ulong allHigh = 0, allLow = 0;
        for (int i = 0; i < _held; i++)
        {
            allHigh |= _gapHigh[i];
            allLow |= _gapLow[i];
        }

        int first = allHigh != 0 ? 64 + BitLength(allHigh) : BitLength(allLow);
        if (first > _width - 1)
        {
            first = _width - 1;
        }

        int best = 0, bestCost = int.MaxValue;
        for (int parameter = first; parameter >= 0; parameter--)
        {
            int cost = 0;
            for (int i = 0; i < _held && cost < bestCost; i++)
            {
                int quotient = Quotient(_gapHigh[i], _gapLow[i], parameter);
                cost += quotient == GapReader.Escape ? GapReader.Escape + _width : quotient + 1 + parameter;
            }

            if (cost < bestCost)
            {
                best = parameter;
                bestCost = cost;
            }
        }

        return best;
    }

    /// <summary>A gap without its lowest bits, at most the escape.</summary>
    private static int Quotient(ulong high, ulong low, int parameter)
    {
        ulong left;
        if (parameter >= 64)
        {
            left = high >> (parameter - 64);
        }
        else if (parameter == 0)
        {
            left = high != 0 ? GapReader.Escape : low;
        }
        else
        {
            left = (high >> parameter) != 0 ? GapReader.Escape : (low >> parameter) | (high << (64 - parameter));
        }

        return left >= GapReader.Escape ? GapReader.Escape : (int)left;
    }

    private static int BitLength(ulong value)
    {
        int length = 0;
        while (value != 0)
        {
            value >>= 1;
            length++;
        }

        return length;
    }

    /// <summary>The lowest bits of a number, the highest of them first.</summary>
    private void WriteBits(ulong high, ulong low, int count)
    {
        for (int i = count - 1; i >= 0; i--)
        {
            ulong bit = i >= 64 ? high >> (i - 64) : low >> i;
            _bit = (_bit << 1) | (int)(bit & 1);
            _bits++;
            if (_bits == 8)
            {
                Put((byte)_bit);
                _bit = 0;
                _bits = 0;
            }
        }
    }

    private void Put(byte value)
    {
        if (Length == _to.Length)
        {
            Overflowed = true;
            return;
        }

        _to[Length++] = value;
    }
}
