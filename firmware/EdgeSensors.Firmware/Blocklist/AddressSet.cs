namespace EdgeSensors.Firmware.Blocklist;

/// <summary>
/// A sorted set of IPv4 addresses near its entropy (Elias-Fano): of each the lower 16 bits as they are, and of the upper 16 a bit string that
/// holds for each of the 65,536 values as many ones as there are addresses with it, and then a zero. A directory gives the rank at every
/// sixteenth value, so that a lookup reads sixteen values' bits at most. Exact: no address is taken for a listed one.
/// </summary>
internal sealed class AddressSet
{
    /// <summary>The most addresses a set can have: ranks are 16 bits.</summary>
    public const int MaxCapacity = 65_535;

    private const int Buckets = 65_536;
    private const int DirectoryShift = 4;

    private static readonly byte[] Ones = CountOnes();

    private readonly ushort[] _lower;
    private readonly byte[] _upper;
    private readonly ushort[] _directory = new ushort[Buckets >> DirectoryShift];
    private int _bucket;
    private uint _last;

    /// <summary>Room for <paramref name="capacity"/> addresses: 2.125 octets each, and 16 KiB.</summary>
    public AddressSet(int capacity)
    {
        if (capacity > MaxCapacity)
        {
            throw new System.ArgumentOutOfRangeException(nameof(capacity));
        }

        _lower = new ushort[capacity];
        _upper = new byte[((capacity + Buckets) >> 3) + 1];
    }

    /// <summary>Addresses in the set.</summary>
    public int Count { get; private set; }

    /// <summary>Octets of the arrays.</summary>
    public int Octets => 2 * _lower.Length + _upper.Length + 2 * _directory.Length;

    /// <summary>Empties the set, to be filled anew.</summary>
    public void Clear()
    {
        System.Array.Clear(_upper, 0, _upper.Length);
        System.Array.Clear(_directory, 0, _directory.Length);
        Count = 0;
        _bucket = 0;
        _last = 0;
    }

    /// <summary>Adds an address, which must be above the one before. False, and nothing done, if it is not or there is no room.</summary>
    public bool TryAppend(uint address)
    {
        if (Count == _lower.Length || (Count > 0 && address <= _last))
        {
            return false;
        }

        int bucket = (int)(address >> 16);
        while (_bucket < bucket)
        {
            _bucket++;
            if ((_bucket & ((1 << DirectoryShift) - 1)) == 0)
            {
                _directory[_bucket >> DirectoryShift] = (ushort)Count;
            }
        }

        int bit = Count + bucket;
        _upper[bit >> 3] |= (byte)(1 << (bit & 7));
        _lower[Count] = (ushort)address;
        _last = address;
        Count++;
        return true;
    }

    /// <summary>Closes the set after its last address. Until then lookups are not to be made.</summary>
    public void Complete()
    {
        while (_bucket < Buckets - 1)
        {
            _bucket++;
            if ((_bucket & ((1 << DirectoryShift) - 1)) == 0)
            {
                _directory[_bucket >> DirectoryShift] = (ushort)Count;
            }
        }
    }

    /// <summary>Whether the address is in the set.</summary>
    public bool Contains(uint address)
    {
        int bucket = (int)(address >> 16);
        int lower = (int)(address & 0xffff);
        byte[] upper = _upper;
        int rank = _directory[bucket >> DirectoryShift];
        int skip = bucket & ((1 << DirectoryShift) - 1);
        int bit = rank + bucket - skip;

        // Over the ones and zeros of the values before ours, an octet at a time as long as it ends before ours begins...
        byte[] ones = Ones;
        int at = bit >> 3;
        int left = 8 - (bit & 7);
        int word = upper[at] >> (bit & 7);
        int zeros = left - ones[word];
        while (skip > zeros)
        {
            skip -= zeros;
            rank += left - zeros;
            at++;
            word = upper[at];
            left = 8;
            zeros = 8 - ones[word];
        }

        while (skip > 0)
        {
            if ((word & 1) == 0)
            {
                skip--;
            }
            else
            {
                rank++;
            }

            word >>= 1;
            left--;
        }

        // ...to our own ones, each of which is an address.
        while (true)
        {
            if (left == 0)
            {
                at++;
                word = upper[at];
                left = 8;
            }

            if ((word & 1) == 0)
            {
                return false;
            }

            int found = _lower[rank];
            if (found >= lower)
            {
                return found == lower;
            }

            rank++;
            word >>= 1;
            left--;
        }
    }

    private static byte[] CountOnes()
    {
        byte[] ones = new byte[256];
        for (int i = 1; i < ones.Length; i++)
        {
            ones[i] = (byte)(ones[i >> 1] + (i & 1));
        }

        return ones;
    }
}
