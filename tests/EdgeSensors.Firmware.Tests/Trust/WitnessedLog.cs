using EdgeSensors.Trust.Log;

namespace EdgeSensors.Firmware.Tests.Trust;

/// <summary>A transparency log in memory, and witnesses that cosign whatever they are asked to.</summary>
internal sealed class WitnessedLog : IDisposable
{
    private readonly List<byte[]> _leaves = [];
    private readonly List<NoteSigner> _witnesses = [];
    private readonly NoteSigner _signer = NoteSigner.Create("hub.example/log", NoteKeyKind.Ed25519);
    private readonly MerkleProver _prover;

    public WitnessedLog(int witnesses, int entries = 0)
    {
        for (int i = 0; i < entries; i++)
        {
            _leaves.Add(LogEntry.Of(LogEntryKind.Decision, BitConverter.GetBytes(i)).LeafHash());
        }

        _prover = new MerkleProver(Whole);
        for (int i = 1; i <= witnesses; i++)
        {
            _witnesses.Add(NoteSigner.Create($"oversight.example/w{i}", NoteKeyKind.Cosignature));
        }
    }

    public WitnessPolicy Policy(int quorum)
    {
        Assert.True(WitnessPolicy.TryCreate([_signer.Key], [.. _witnesses.Select(w => w.Key)], quorum, out WitnessPolicy? policy));
        return policy;
    }

    /// <summary>Logs a metadata file among others, and proves it by some of the witnesses.</summary>
    public byte[] Prove(byte[] file, DateTimeOffset at, params int[] cosigners)
    {
        for (int i = 0; i < 3; i++)
        {
            _leaves.Add(LogEntry.Of(LogEntryKind.Decision, [(byte)_leaves.Count]).LeafHash());
        }

        _leaves.Add(LogEntry.OfMetadata(file).LeafHash());
        long index = _leaves.Count - 1;
        _leaves.Add(LogEntry.Of(LogEntryKind.Decision, [(byte)_leaves.Count]).LeafHash());
        Checkpoint head = Checkpoint.Sign(_signer, _leaves.Count, _prover.Root(_leaves.Count));
        string lines = string.Concat(cosigners.Select(i => _witnesses[i].Cosign(head, at.AddSeconds(i))));
        return LogProof.Of(index, _prover.Inclusion(index, _leaves.Count), head.WithCosignatures(lines, _witnesses.Select(w => w.Key))).ToBytes();
    }

    public void Dispose()
    {
        _signer.Dispose();
        _witnesses.ForEach(w => w.Dispose());
    }

    private byte[] Whole(int level, long index) => level == 0
        ? _leaves[(int)index]
        : MerkleTree.NodeHash(Whole(level - 1, 2 * index), Whole(level - 1, (2 * index) + 1));
}
