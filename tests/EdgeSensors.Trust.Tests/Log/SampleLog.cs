using System.Text;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Trust.Tests.Log;

/// <summary>A log in memory with a key, and witnesses that cosign whatever they are asked to.</summary>
internal sealed class SampleLog : IDisposable
{
    public const string Origin = "hub.example/log";

    private readonly List<byte[]> _leaves = [];
    private readonly List<NoteSigner> _witnesses = [];

    public SampleLog(int witnesses = 1)
    {
        Prover = new MerkleProver(Whole);
        for (var i = 1; i <= witnesses; i++)
        {
            _witnesses.Add(NoteSigner.Create($"oversight.example/w{i}", NoteKeyKind.Cosignature));
        }
    }

    public NoteSigner Signer { get; } = NoteSigner.Create(Origin, NoteKeyKind.Ed25519);

    public IReadOnlyList<NoteSigner> Witnesses => _witnesses;

    public MerkleProver Prover { get; }

    public long Size => _leaves.Count;

    public long Append(byte[] entry)
    {
        _leaves.Add(MerkleTree.LeafHash(entry));
        return _leaves.Count - 1;
    }

    public SampleLog Fill(int count)
    {
        while (_leaves.Count < count)
        {
            Append(Encoding.ASCII.GetBytes($"entry {_leaves.Count}"));
        }

        return this;
    }

    public Checkpoint Head(params int[] cosigners)
    {
        var head = Checkpoint.Sign(Signer, Size, Prover.Root(Size));
        return head.WithCosignatures(string.Concat(cosigners.Select(i => _witnesses[i].Cosign(head, Now))), cosigners.Select(i => _witnesses[i].Key));
    }

    public LogProof Prove(long index, params int[] cosigners) => LogProof.Of(index, Prover.Inclusion(index, Size), Head(cosigners));

    public WitnessPolicy Policy(int quorum)
    {
        Assert.True(WitnessPolicy.TryCreate([Signer.Key], [.. _witnesses.Select(witness => witness.Key)], quorum, out var policy));
        return policy;
    }

    public static DateTimeOffset Now => new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public void Dispose()
    {
        Signer.Dispose();
        _witnesses.ForEach(witness => witness.Dispose());
    }

    // The plainest reading of RFC 6962 §2.1, to hold the prover against.
    private byte[] Whole(int level, long index) => level == 0
        ? _leaves[(int)index]
        : MerkleTree.NodeHash(Whole(level - 1, 2 * index), Whole(level - 1, 2 * index + 1));
}
