namespace EdgeSensors.Metering.Sketches;

/// <summary>
/// The empirical Shannon entropy of a field in fixed memory: things are counted by hash in 16,384 places. Two that share a place count as one, so
/// the value is never too high and never above log2(16,384) = 14 bits; of n distinct things it is too low by log2(1 + n / 16,384) bits at most in expectation (Jensen's inequality
/// over where each thing's neighbours fall), which is 0.09 for 1,000 and 0.7 for 10,000.
/// </summary>
public sealed class HashedEntropy
{
    private readonly long[] _counts = new long[1 << 14];
    private long _total;

    /// <summary>Counts one thing.</summary>
    /// <param name="hash">Its hash, good in the upper bits.</param>
    public void Add(ulong hash) => Add(hash, 1);

    /// <summary>Counts one thing several times.</summary>
    /// <param name="hash">Its hash, good in the upper bits.</param>
    /// <param name="times">How often.</param>
    public void Add(ulong hash, long times)
    {
        _counts[hash >> 50] += times;
        _total += times;
    }

    /// <summary>The entropy in bits; 0 of nothing.</summary>
    public double Bits()
    {
        if (_total == 0)
            return 0;
        var sum = 0.0;
        foreach (var count in _counts)
        {
            if (count > 0)
                sum += count * Math.Log2(count);
        }

        return Math.Max(0, Math.Log2(_total) - (sum / _total));
    }

    /// <summary>Takes in what another has counted by the same hash: afterwards this one is what it would be had it counted both streams, in any order.</summary>
    public void Merge(HashedEntropy other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        _total += other._total;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        _total = 0;
    }
}
