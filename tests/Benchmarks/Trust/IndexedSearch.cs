namespace EdgeSensors.Benchmarks.Trust;

/// <summary>The yardstick: one sorted array, and where each first half begins in it.</summary>
internal sealed class IndexedSearch
{
    private readonly uint[] _sorted;
    private readonly int[] _starts = new int[(1 << 16) + 1];

    public IndexedSearch(IEnumerable<uint> addresses)
    {
        _sorted = [.. addresses.Order()];
        foreach (var address in _sorted)
        {
            _starts[(address >> 16) + 1]++;
        }

        for (var bucket = 0; bucket < 1 << 16; bucket++)
        {
            _starts[bucket + 1] += _starts[bucket];
        }
    }

    public bool Contains(uint address)
    {
        var (start, end) = (_starts[address >> 16], _starts[(address >> 16) + 1]);
        return Array.BinarySearch(_sorted, start, end - start, address) >= 0;
    }
}
