namespace EdgeSensors.Metering.Detect;

/// <summary>
/// Remembers fingerprints for one to two spans in fixed memory: two generations, the older forgotten whole when the younger is a span old or full.
/// A 64-bit fingerprint is taken for what it names; two that meet by chance are one in 2^64.
/// </summary>
internal sealed class RecentSet(int capacity, long spanNs)
{
    private ulong[] _young = new ulong[capacity];
    private ulong[] _old = new ulong[capacity];
    private int _count;
    private long _sinceNs = long.MinValue;

    /// <summary>Generations that filled up before their span was over.</summary>
    public long OverflowCount { get; private set; }

    /// <summary>Adds one; false when it is remembered already.</summary>
    public bool Add(ulong fingerprint, long nowNs)
    {
        fingerprint |= 1; // 0 marks an empty place
        Turn(nowNs);
        if (!Find(_young, fingerprint, out var place))
        {
            var known = Find(_old, fingerprint, out _);
            _young[place] = fingerprint;
            _count++;
            return !known;
        }

        return false;
    }

    public bool Contains(ulong fingerprint) => Find(_young, fingerprint | 1, out _) || Find(_old, fingerprint | 1, out _);

    private void Turn(long nowNs)
    {
        var full = _count * 4 >= _young.Length * 3;
        if (_sinceNs == long.MinValue || nowNs < _sinceNs)
        {
            _sinceNs = nowNs;
        }

        if (!full && nowNs - _sinceNs < spanNs)
        {
            return;
        }

        OverflowCount += full ? 1 : 0;
        (_young, _old) = (_old, _young);
        Array.Clear(_young);
        _count = 0;
        _sinceNs = nowNs;
    }

    private static bool Find(ulong[] table, ulong fingerprint, out int place)
    {
        var mask = table.Length - 1;
        for (place = (int)(fingerprint >> 20) & mask; table[place] != 0; place = (place + 1) & mask)
        {
            if (table[place] == fingerprint)
            {
                return true;
            }
        }

        return false;
    }
}
