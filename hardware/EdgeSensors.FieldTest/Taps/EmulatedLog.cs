using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>A transparency log in memory, and three witnesses of which two must have seen what a sensor is to believe.</summary>
internal sealed class EmulatedLog : IDisposable
{
    private const int Witnesses = 3;
    private const int Quorum = 2;

    private readonly List<byte[]> _leaves = [];
    private readonly List<NoteSigner> _witnesses = [];
    private readonly NoteSigner _signer;
    private readonly MerkleProver _prover;

    /// <summary>An empty log whose keys are the seed's.</summary>
    public EmulatedLog(RunSeed seed)
    {
        _prover = new MerkleProver(Whole);
        _signer = NoteSigner.Of(SeededKey(seed, "log"), "hub.example/log", NoteKeyKind.Ed25519);
        for (var i = 1; i <= Witnesses; i++)
        {
            _witnesses.Add(NoteSigner.Of(SeededKey(seed, $"witness/{i}"), $"oversight.example/w{i}", NoteKeyKind.Cosignature));
        }

        Policy = WitnessPolicy.TryCreate([_signer.Key], [.. _witnesses.Select(w => w.Key)], Quorum, out var policy)
            ? policy : throw new InvalidOperationException("The witnesses' policy is none.");
    }

    /// <summary>What sensors ask of a proof.</summary>
    public WitnessPolicy Policy { get; }

    /// <summary>A signing key that is the seed's.</summary>
    public static SigningKey SeededKey(RunSeed seed, string name) => SigningKey.Of(seed.Octets("key/" + name));

    /// <summary>Logs a metadata file among other entries, and proves that it is there and was seen.</summary>
    public byte[] Prove(byte[] file, DateTimeOffset at)
    {
        _leaves.Add(LogEntry.Of(LogEntryKind.Decision, [(byte)_leaves.Count]).LeafHash());
        _leaves.Add(LogEntry.OfMetadata(file).LeafHash());
        long index = _leaves.Count - 1;
        _leaves.Add(LogEntry.Of(LogEntryKind.Decision, [(byte)_leaves.Count]).LeafHash());
        var head = Checkpoint.Sign(_signer, _leaves.Count, _prover.Root(_leaves.Count));
        var lines = string.Concat(_witnesses.Take(Quorum).Select(w => w.Cosign(head, at)));
        return LogProof.Of(index, _prover.Inclusion(index, _leaves.Count), head.WithCosignatures(lines, _witnesses.Select(w => w.Key))).ToBytes();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _signer.Dispose();
        _witnesses.ForEach(w => w.Dispose());
    }

    private byte[] Whole(int level, long index) => level == 0
        ? _leaves[(int)index]
        : MerkleTree.NodeHash(Whole(level - 1, 2 * index), Whole(level - 1, (2 * index) + 1));
}
