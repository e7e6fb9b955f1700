using System.Numerics;
using System.Security.Cryptography;

namespace EdgeSensors.Trust.Log;

/// <summary>The Merkle tree of RFC 6962 §2.1 with SHA-256: its hashes, and the checks of its proofs (RFC 9162 §2.1.3.2 and §2.1.4.2).</summary>
public static class MerkleTree
{
    /// <summary>Octets of a hash.</summary>
    public const int HashLength = SHA256.HashSizeInBytes;

    /// <summary>No proof has more hashes: one a level, for sizes below 2^63.</summary>
    public const int MaxProofLength = 63;

    /// <summary>The root of the empty tree.</summary>
    public static ReadOnlyMemory<byte> EmptyRoot { get; } = SHA256.HashData([]);

    /// <summary>The hash of an entry.</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([0]);
        hash.AppendData(entry);
        return hash.GetHashAndReset();
    }

    /// <summary>The hash over two subtrees.</summary>
    public static byte[] NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> node = stackalloc byte[1 + 2 * HashLength];
        node[0] = 1;
        left.CopyTo(node[1..]);
        right.CopyTo(node[(1 + HashLength)..]);
        return SHA256.HashData(node);
    }

    /// <summary>Whether a proof leads from an entry to the root of a tree.</summary>
    /// <param name="index">The entry's, from 0.</param>
    /// <param name="size">Entries of the tree.</param>
    /// <param name="leaf">The entry's hash.</param>
    /// <param name="proof">From the leaf's sibling upward.</param>
    /// <param name="root">The tree's.</param>
    public static bool IsIncluded(long index, long size, ReadOnlySpan<byte> leaf, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index < 0 || index >= size)
        {
            return false;
        }

        var (fn, sn) = (index, size - 1);
        var hash = leaf.ToArray();
        foreach (var sibling in proof)
        {
            if (sn == 0)
            {
                return false;
            }

            if ((fn & 1) == 1 || fn == sn)
            {
                hash = NodeHash(sibling, hash);
                Rise(ref fn, ref sn);
            }
            else
            {
                hash = NodeHash(hash, sibling);
            }

            fn >>= 1;
            sn >>= 1;
        }

        return sn == 0 && root.SequenceEqual(hash);
    }

    /// <summary>Whether a proof shows that a tree begins with all entries of an older one.</summary>
    public static bool IsConsistent(long oldSize, ReadOnlySpan<byte> oldRoot, long size, ReadOnlySpan<byte> root, IReadOnlyList<byte[]> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (oldSize < 0 || oldSize > size)
        {
            return false;
        }

        if (oldSize == 0 || oldSize == size)
        {
            return proof.Count == 0 && (oldSize == 0 ? oldRoot.SequenceEqual(EmptyRoot.Span) && (size > 0 || root.SequenceEqual(oldRoot)) : oldRoot.SequenceEqual(root));
        }

        // A whole subtree begins the path itself.
        var path = BitOperations.IsPow2(oldSize) ? [oldRoot.ToArray(), .. proof] : proof;
        if (proof.Count == 0)
        {
            return false;
        }

        var (fn, sn) = (oldSize - 1, size - 1);
        while ((fn & 1) == 1)
        {
            fn >>= 1;
            sn >>= 1;
        }

        var (before, now) = (path[0], path[0]);
        foreach (var hash in path.Skip(1))
        {
            if (sn == 0)
            {
                return false;
            }

            if ((fn & 1) == 1 || fn == sn)
            {
                before = NodeHash(hash, before);
                now = NodeHash(hash, now);
                Rise(ref fn, ref sn);
            }
            else
            {
                now = NodeHash(now, hash);
            }

            fn >>= 1;
            sn >>= 1;
        }

        return sn == 0 && oldRoot.SequenceEqual(before) && root.SequenceEqual(now);
    }

    private static void Rise(ref long fn, ref long sn)
    {
        while ((fn & 1) == 0 && fn != 0)
        {
            fn >>= 1;
            sn >>= 1;
        }
    }
}
