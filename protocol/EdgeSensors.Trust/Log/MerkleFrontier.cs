namespace EdgeSensors.Trust.Log;

/// <summary>The right edge of a Merkle tree: enough to append to it and to know its root, in one hash a level.</summary>
public sealed class MerkleFrontier
{
    // The roots of the whole subtrees that the tree is made of, the largest first; the bits of the size tell their heights.
    private readonly List<byte[]> _subtrees = [];

    /// <summary>Entries.</summary>
    public long Size { get; private set; }

    /// <summary>Appends an entry by its leaf hash.</summary>
    public void Append(byte[] leaf)
    {
        _subtrees.Add(leaf);
        for (var size = Size; (size & 1) == 1; size >>= 1)
        {
            var joined = MerkleTree.NodeHash(_subtrees[^2], _subtrees[^1]);
            _subtrees.RemoveAt(_subtrees.Count - 1);
            _subtrees[^1] = joined;
        }

        Size++;
    }

    /// <summary>The root of what was appended.</summary>
    public byte[] Root()
    {
        if (_subtrees.Count == 0)
        {
            return MerkleTree.EmptyRoot.ToArray();
        }

        var root = _subtrees[^1];
        for (var i = _subtrees.Count - 2; i >= 0; i--)
        {
            root = MerkleTree.NodeHash(_subtrees[i], root);
        }

        return root;
    }

    /// <summary>An independent copy.</summary>
    public MerkleFrontier Copy()
    {
        var copy = new MerkleFrontier { Size = Size };
        copy._subtrees.AddRange(_subtrees);
        return copy;
    }
}
