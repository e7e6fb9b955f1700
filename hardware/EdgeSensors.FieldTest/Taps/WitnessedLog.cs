using EdgeSensors.Trust.Log;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>A transparency log in memory, and witnesses that cosign whatever they are asked to.</summary>
internal sealed class WitnessedLog : IDisposable
{
    private readonly List<byte[]> _leaves = [];
    private readonly List<NoteSigner> _witnesses;
    private readonly NoteSigner _signer;
    private readonly MerkleProver _prover;

    /// <summary>A log with some entries.</summary>
    /// <param name="signer">Makes a signer of a name and a kind.</param>
    /// <param name="witnesses">How many.</param>
    /// <param name="entries">Entries that are there already.</param>
    public WitnessedLog(Func<string, NoteKeyKind, NoteSigner> signer, int witnesses, int entries = 0)
    {
        _prover = new MerkleProver(Whole);
        _signer = signer("hub.example/log", NoteKeyKind.Ed25519);
        _witnesses = [.. Enumerable.Range(1, witnesses).Select(i => signer(FormattableString.Invariant($"oversight.example/w{i}"), NoteKeyKind.Cosignature))];
        for (var i = 0; i < entries; i++)
        {
            Append();
        }
    }

    /// <summary>What sensors ask of a proof.</summary>
    /// <param name="quorum">So many witnesses.</param>
    public WitnessPolicy Policy(int quorum) => WitnessPolicy.TryCreate([_signer.Key], [.. _witnesses.Select(w => w.Key)], quorum, out var policy)
        ? policy : throw new ArgumentOutOfRangeException(nameof(quorum), quorum, "Not so many witnesses.");

    /// <summary>Logs a metadata file among other entries, and proves that it is there and was seen.</summary>
    /// <param name="file">The file's octets.</param>
    /// <param name="at">When the first of the witnesses saw it; each next one a second later.</param>
    /// <param name="cosigners">Which witnesses, from 0.</param>
    public byte[] Prove(byte[] file, DateTimeOffset at, params int[] cosigners)
    {
        Append();
        _leaves.Add(LogEntry.OfMetadata(file).LeafHash());
        long index = _leaves.Count - 1;
        Append();
        var head = Checkpoint.Sign(_signer, _leaves.Count, _prover.Root(_leaves.Count));
        var lines = string.Concat(cosigners.Select(i => _witnesses[i].Cosign(head, at.AddSeconds(i))));
        return LogProof.Of(index, _prover.Inclusion(index, _leaves.Count), head.WithCosignatures(lines, _witnesses.Select(w => w.Key))).ToBytes();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _signer.Dispose();
        _witnesses.ForEach(w => w.Dispose());
    }

    private void Append() => _leaves.Add(LogEntry.Of(LogEntryKind.Decision, BitConverter.GetBytes(_leaves.Count)).LeafHash());

    private byte[] Whole(int level, long index) => level == 0
        ? _leaves[(int)index]
        : MerkleTree.NodeHash(Whole(level - 1, 2 * index), Whole(level - 1, (2 * index) + 1));
}
