namespace EdgeSensors.Metering.Sketches;

/// <summary>
/// The keys that make up most of a stream, in 1 MiB whatever the stream: a Count-Min sketch (Cormode, Muthukrishnan 2005) for each of the eight lengths of a key's beginning in octets,
/// so that heavy keys are found by descending from heavy beginnings and none need be remembered. The counters are sums: merged sketches give the very answer of one that saw both
/// streams, which Space-Saving, whose answer depends on the order, does not.
/// </summary>
/// <remarks>
/// A count is never too low. It is too high by more than e/4096 (0.07 %) of the total weight with a probability of at most e⁻⁴ (1.8 %) for each key, over the choice of the
/// seed; so every key above the threshold is found, and what is found beside them is within that of it. An attacker who does not know the seed cannot choose keys that meet.
/// </remarks>
/// <param name="seed">Keys the hashes; sketches of one seed can be merged.</param>
public sealed class HeavyHitters(ulong seed)
{
    private const int Levels = 8;
    private const int Rows = 4;
    private const int WidthBits = 12;
    private const int Width = 1 << WidthBits;

    private readonly ulong[] _counts = new ulong[Levels * Rows * Width];
    private readonly ulong _seed = seed;

    /// <summary>The weight of all keys.</summary>
    public ulong Total { get; private set; }

    /// <summary>Counts a key.</summary>
    /// <param name="key">Any number; related keys should share their upper octets.</param>
    /// <param name="weight">How much, for instance a packet's octets.</param>
    public void Add(ulong key, uint weight)
    {
        Total += weight;
        for (var level = 0; level < Levels; level++)
        {
            var hash = HashOf(level, key);
            for (var row = 0; row < Rows; row++)
                _counts[Place(level, row, hash)] += weight;
        }
    }

    /// <summary>A key's weight: not too low, and rarely much too high.</summary>
    public ulong Estimate(ulong key) => Estimate(Levels - 1, key);

    /// <summary>The keys whose weight is at least a threshold, the heaviest first, equals by their number.</summary>
    /// <param name="threshold">At least a thousandth of <see cref="Total"/>, so that few beginnings are looked into; what is below is taken for that.</param>
    public IReadOnlyList<(ulong Key, ulong Weight)> Above(ulong threshold)
    {
        threshold = Math.Max(Math.Max(threshold, Total / 1000), 1);
        List<ulong> heavy = [0];
        for (var level = 0; level < Levels; level++)
        {
            var next = new List<ulong>();
            foreach (var beginning in heavy)
            {
                for (var octet = 0UL; octet < 256; octet++)
                {
                    var longer = beginning | (octet << (8 * (Levels - 1 - level)));
                    if (Estimate(level, longer) >= threshold)
                        next.Add(longer);
                }
            }

            heavy = next;
        }

        return [.. heavy.Select(key => (Key: key, Weight: Estimate(key))).OrderByDescending(found => found.Weight).ThenBy(found => found.Key)];
    }

    /// <summary>Takes in what another sketch has seen: afterwards this one is what it would be had it seen both streams, in any order.</summary>
    /// <param name="other">Of the same seed.</param>
    public void Merge(HeavyHitters other)
    {
        ArgumentNullException.ThrowIfNull(other);
        ArgumentOutOfRangeException.ThrowIfNotEqual(other._seed, _seed);
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        Total += other.Total;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        Total = 0;
    }

    private static int Place(int level, int row, ulong hash) => (((level * Rows) + row) << WidthBits) + (int)((hash >> (row * WidthBits)) & (Width - 1));

    private ulong HashOf(int level, ulong key) => SketchHash.Of(_seed + (ulong)level, key >> (8 * (Levels - 1 - level)));

    private ulong Estimate(int level, ulong key)
    {
        var hash = HashOf(level, key);
        var least = ulong.MaxValue;
        for (var row = 0; row < Rows; row++)
            least = Math.Min(least, _counts[Place(level, row, hash)]);
        return least;
    }
}
