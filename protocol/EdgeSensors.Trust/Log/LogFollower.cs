using EdgeSensors.Trust.Client;

namespace EdgeSensors.Trust.Log;

/// <summary>
/// Reads a log from outside and believes nothing of it: entries are taken only when they hash to the root of a checkpoint that the caller has verified.
/// </summary>
/// <param name="fetch">Brings a file by its path below the log's prefix, with a bound on its octets.</param>
public sealed class LogFollower(Func<string, long, CancellationToken, Task<FetchOutcome>> fetch)
{
    /// <summary>The most entries that are read in one go.</summary>
    public const int MaxEntriesAtOnce = 1 << 20;

    private const int MaxBundleOctets = LogTile.FullWidth * 1024;

    private MerkleFrontier _frontier = new();

    /// <summary>Entries read and verified.</summary>
    public long Size => _frontier.Size;

    /// <summary>Takes up where an earlier follower was: its entries, from the first.</summary>
    public void Resume(IEnumerable<byte[]> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        foreach (var entry in entries)
        {
            _frontier.Append(MerkleTree.LeafHash(entry));
        }
    }

    /// <summary>The log's newest checkpoint, not yet verified.</summary>
    public async Task<(Checkpoint? Checkpoint, string? Error)> ReadCheckpointAsync(CancellationToken cancellationToken)
    {
        var outcome = await fetch("checkpoint", Checkpoint.MaxOctets, cancellationToken).ConfigureAwait(false);
        return outcome.Status != FetchStatus.Fetched ? (null, $"its checkpoint cannot be fetched: {outcome.Message}")
            : Checkpoint.TryParse(outcome.Bytes.Span, out var checkpoint, out var error) ? (checkpoint, null)
            : (null, error.ToString());
    }

    /// <summary>The entries from those read before up to a checkpoint, which must be verified; none, and why, when they do not hash to its root.</summary>
    public async Task<(IReadOnlyList<byte[]> Entries, string? Error)> ReadEntriesAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (checkpoint.Size < Size || checkpoint.Size - Size > MaxEntriesAtOnce)
        {
            return ([], checkpoint.Size < Size ? $"it has {checkpoint.Size} entries, and had {Size}: it was cut off" : $"it has grown by more than {MaxEntriesAtOnce} entries");
        }

        var next = _frontier.Copy();
        var entries = new List<byte[]>();
        while (next.Size < checkpoint.Size)
        {
            var bundle = LogTile.BundleOf(next.Size, checkpoint.Size);
            var outcome = await fetch(bundle.ToString(), MaxBundleOctets, cancellationToken).ConfigureAwait(false);
            if (outcome.Status != FetchStatus.Fetched)
            {
                return ([], $"{bundle} cannot be fetched: {outcome.Message}");
            }

            if (!LogTile.TryReadBundle(outcome.Bytes.Span, bundle.Width, out var read))
            {
                return ([], $"{bundle} is no bundle of {bundle.Width} entries");
            }

            foreach (var entry in read.Skip((int)(next.Size % LogTile.FullWidth)))
            {
                next.Append(MerkleTree.LeafHash(entry));
                entries.Add(entry);
            }
        }

        if (!checkpoint.Root.Span.SequenceEqual(next.Root()))
        {
            return ([], $"its entries do not hash to the root of its checkpoint at size {checkpoint.Size}");
        }

        _frontier = next;
        return (entries, null);
    }

    /// <summary>Fetches the preimage of an entry. One with another hash is as good as none: it is not found.</summary>
    public async Task<FetchOutcome> FetchPreimageAsync(LogEntry entry, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var outcome = await fetch($"preimage/{entry.Sha256}", TufLimits.Default.MaxTargetBytes + 1024, cancellationToken).ConfigureAwait(false);
        return outcome.Status == FetchStatus.Fetched && LogEntry.Of(entry.Kind, outcome.Bytes.Span) != entry
            ? new FetchOutcome(FetchStatus.NotFound, default, "what the log gives for it has another hash")
            : outcome;
    }
}
