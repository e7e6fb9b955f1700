using System.Numerics;

namespace EdgeSensors.Trust.Log;

/// <summary>Makes roots and proofs (RFC 6962 §2.1.1 and §2.1.2) from the hashes of whole subtrees.</summary>
/// <param name="read">The hash of the whole subtree over the 2^level entries from index times 2^level on; asked only where level is a multiple of 8.</param>
public sealed class MerkleProver(Func<int, long, byte[]> read)
{
    /// <summary>Levels that a tile spans (C2SP tlog-tiles): the levels between are made of the ones below.</summary>
    public const int TileHeight = 8;

    /// <summary>The root of the first entries.</summary>
    public byte[] Root(long size) => size == 0 ? MerkleTree.EmptyRoot.ToArray() : Range(0, size);

    /// <summary>The proof that an entry is in the tree of the first entries.</summary>
    public IReadOnlyList<byte[]> Inclusion(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var path = new List<byte[]>();
        for (var (low, high) = (0L, size); high - low > 1;)
        {
            var split = low + LargestPowerBelow(high - low);
            path.Add(index < split ? Range(split, high) : Range(low, split));
            (low, high) = index < split ? (low, split) : (split, high);
        }

        path.Reverse();
        return path;
    }

    /// <summary>The proof that the tree of the first <paramref name="size"/> entries begins with that of the first <paramref name="oldSize"/>.</summary>
    public IReadOnlyList<byte[]> Consistency(long oldSize, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, size);
        var path = new List<byte[]>();
        if (oldSize == 0 || oldSize == size)
        {
            return path;
        }

        var (low, high) = (0L, size);
        while (oldSize != high)
        {
            var split = low + LargestPowerBelow(high - low);
            path.Add(oldSize <= split ? Range(split, high) : Range(low, split));
            (low, high) = oldSize <= split ? (low, split) : (split, high);
        }

        if (low > 0)
        {
            path.Add(Range(low, high));
        }

        path.Reverse();
        return path;
    }

    private byte[] Range(long low, long high)
    {
        var count = high - low;
        if (BitOperations.IsPow2(count))
        {
            return Subtree(BitOperations.Log2((ulong)count), low / count);
        }

        var split = low + LargestPowerBelow(count);
        return MerkleTree.NodeHash(Range(low, split), Range(split, high));
    }

    private byte[] Subtree(int level, long index) => level % TileHeight == 0
        ? read(level, index)
        : MerkleTree.NodeHash(Subtree(level - 1, 2 * index), Subtree(level - 1, 2 * index + 1));

    private static long LargestPowerBelow(long count) => 1L << BitOperations.Log2((ulong)count - 1);
}
