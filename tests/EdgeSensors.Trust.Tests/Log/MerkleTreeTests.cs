using EdgeSensors.Trust.Log;

namespace EdgeSensors.Trust.Tests.Log;

public sealed class MerkleTreeTests
{
    // RFC 6962 in certificate-transparency's reference tests: the roots of the first n of these eight entries.
    private static readonly string[] Entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    private static readonly string[] Roots =
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void Roots_are_those_of_the_reference()
    {
        using var log = new SampleLog();
        for (var i = 0; i < Entries.Length; i++)
        {
            log.Append(Convert.FromHexString(Entries[i]));
            Assert.Equal(Roots[i], Convert.ToHexStringLower(log.Prover.Root(i + 1)));
        }

        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Convert.ToHexStringLower(log.Prover.Root(0)));
    }

    [Fact]
    public void Every_inclusion_proof_holds_and_no_other_does()
    {
        using var log = new SampleLog().Fill(70);
        foreach (var size in new long[] { 1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 65, 70 })
        {
            var root = log.Prover.Root(size);
            for (var index = 0L; index < size; index++)
            {
                var proof = log.Prover.Inclusion(index, size);
                var leaf = Leaf(index);
                Assert.True(MerkleTree.IsIncluded(index, size, leaf, proof, root));
                Assert.False(MerkleTree.IsIncluded(index, size, Leaf(index + 1), proof, root));
                Assert.False(MerkleTree.IsIncluded(index, size, leaf, [.. proof, leaf], root));
                Assert.False(MerkleTree.IsIncluded(size, size, leaf, proof, root));
                Assert.False(proof.Count > 0 && MerkleTree.IsIncluded(index, size, leaf, [.. proof.Skip(1)], root));
                Assert.False(size > 1 && MerkleTree.IsIncluded((index + 1) % size, size, leaf, proof, root));
            }
        }
    }

    [Fact]
    public void Every_consistency_proof_holds_and_no_other_does()
    {
        using var log = new SampleLog().Fill(40);
        for (var size = 1L; size <= 40; size++)
        {
            for (var old = 0L; old <= size; old++)
            {
                var proof = log.Prover.Consistency(old, size);
                var (before, now) = (log.Prover.Root(old), log.Prover.Root(size));
                Assert.True(MerkleTree.IsConsistent(old, before, size, now, proof), $"{old} {size}");
                Assert.False(MerkleTree.IsConsistent(old, Leaf(99), size, now, proof));
                Assert.False(old > 0 && MerkleTree.IsConsistent(old, before, size, Leaf(99), proof));
                Assert.False(MerkleTree.IsConsistent(old, before, size, now, [.. proof, Leaf(99)]));
                Assert.False(proof.Count > 0 && MerkleTree.IsConsistent(old, before, size, now, [.. proof.Skip(1)]));
                Assert.False(MerkleTree.IsConsistent(size + 1, before, size, now, proof));
            }
        }
    }

    private static byte[] Leaf(long index) => MerkleTree.LeafHash(System.Text.Encoding.ASCII.GetBytes($"entry {index}"));
}
