namespace EdgeSensors.Firmware.Blocklist;

/// <summary>Sorted prefixes of one family and length, to be found by halving: for what is not a single IPv4 address.</summary>
internal sealed class PrefixGroup
{
    private readonly uint[] _narrow;
    private readonly ulong[] _high;
    private readonly ulong[] _low;

    /// <summary>Room for <paramref name="capacity"/> prefixes: 4 octets each for IPv4, 16 for IPv6.</summary>
    public PrefixGroup(int family, int length, int capacity)
    {
        Family = family;
        Length = length;
        _narrow = new uint[family == 4 ? capacity : 0];
        _high = new ulong[family == 6 ? capacity : 0];
        _low = new ulong[family == 6 ? capacity : 0];
    }

    /// <summary>4 or 6.</summary>
    public readonly int Family;

    /// <summary>Bits of a prefix.</summary>
    public readonly int Length;

    /// <summary>Prefixes.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a prefix's number, which must be above the one before.</summary>
    public void Append(ulong high, ulong low)
    {
        if (Family == 4)
        {
            _narrow[Count++] = (uint)low;
            return;
        }

        _high[Count] = high;
        _low[Count++] = low;
    }

    /// <summary>Whether an address of the family lies within one of them; of IPv4 it is in the lowest 32 bits.</summary>
    public bool Contains(ulong high, ulong low)
    {
        int shift = (Family == 4 ? 32 : 128) - Length;
        if (Family == 4)
        {
            return Find(0, (uint)low >> shift);
        }

        if (shift >= 64)
        {
            return Find(0, shift == 64 ? high : high >> (shift - 64));
        }

        return shift == 0 ? Find(high, low) : Find(high >> shift, (low >> shift) | (high << (64 - shift)));
    }

    private bool Find(ulong high, ulong low)
    {
        int from = 0, to = Count - 1;
        while (from <= to)
        {
            int middle = (from + to) >> 1;
            ulong h = Family == 4 ? 0 : _high[middle];
            ulong l = Family == 4 ? _narrow[middle] : _low[middle];
            if (h == high && l == low)
            {
                return true;
            }

            if (h < high || (h == high && l < low))
            {
                from = middle + 1;
            }
            else
            {
                to = middle - 1;
            }
        }

        return false;
    }
}
