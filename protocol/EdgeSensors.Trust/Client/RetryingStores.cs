using EdgeSensors.Trust.Log;

namespace EdgeSensors.Trust.Client;

/// <summary>
/// Stores for a sensor, which must hear the word to stop though its disk is full: what the disk does not take waits in memory, is read from there, and is tried again. So no version goes back while the
/// process lives, and when there is room the disk gets it in the order in which it verified, as if it had never been late. One caller at a time.
/// </summary>
/// <remarks>
/// All that verified counts from memory, new rules too, and not only what takes something back. To take away only would protect against one who replays, after a restart, what is newer than the stored
/// and older than what was known: he needs the hub's TLS key and a full disk and a restart, finds nothing but signed, witnessed and unexpired rules, and could have withheld the newer ones as long
/// (TUF's bound is the timestamp's expiry, for both). It would cost that whoever fills a disk, with a flood of log lines, is blocked no more. What a restart must not do is bring back by itself what was
/// taken back: while something waits, the stored timestamp lies without its proof. It still guards against rollback, and permits nothing until the repository was asked. To take a file away needs no room.
/// </remarks>
public sealed class RetryingStores
{
    private static readonly (bool IsTarget, string Name) s_proof = (false, TufClient.ProofRole);

    private readonly IMetadataStore _metadata;
    private readonly ITargetStore _targets;
    private readonly long _maxWaitingBytes;
    private readonly Func<string, bool> _mayWait;
    private readonly OrderedDictionary<(bool IsTarget, string Name), byte[]?> _waiting = [];

    /// <summary>Makes them.</summary>
    /// <param name="metadata">Keeps metadata on disk.</param>
    /// <param name="targets">Keeps targets on disk.</param>
    /// <param name="maxWaitingBytes">Most bytes that wait in memory; beyond them a write fails as the disk's does.</param>
    /// <param name="mayWait">Whether a target may wait in memory; where not, its write fails as the disk's does.</param>
    public RetryingStores(IMetadataStore metadata, ITargetStore targets, long maxWaitingBytes, Func<string, bool> mayWait)
    {
        (_metadata, _targets, _maxWaitingBytes, _mayWait) = (metadata, targets, maxWaitingBytes, mayWait);
        (Metadata, Targets) = (new MetadataStore(this), new TargetStore(this));
    }

    /// <summary>For the client's metadata.</summary>
    public IMetadataStore Metadata { get; }

    /// <summary>For the client's targets.</summary>
    public ITargetStore Targets { get; }

    /// <summary>Why the disk takes nothing, one line, the same for the same reason; null when it has everything.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Stores what waits, as far as the disk takes it.</summary>
    public void Retry()
    {
        try
        {
            foreach (var (file, bytes) in _waiting.OrderBy(file => file.Key == s_proof).ToList())
            {
                Store(file, bytes);
                _waiting.Remove(file);
            }

            Trouble = null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without the name of the file beside its place, which is another one each time.
            Trouble = exception is UnauthorizedAccessException ? "access is denied" : exception.Message.Split(" : '")[0].TrimEnd('.');
            WithholdProof();
        }
    }

    private void Store((bool IsTarget, string Name) file, byte[]? bytes)
    {
        if (file.IsTarget)
        {
            _targets.Write(file.Name, bytes);
        }
        else if (bytes is null)
        {
            _metadata.Delete(file.Name);
        }
        else
        {
            _metadata.Write(file.Name, bytes);
        }
    }

    private void WithholdProof()
    {
        try
        {
            if (!_waiting.ContainsKey(s_proof) && _metadata.Read(s_proof.Name, LogProof.MaxOctets) is { } proof)
            {
                _waiting.Add(s_proof, proof);
            }

            _metadata.Delete(s_proof.Name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A disk that can be read only: until the hub has answered, a restart goes by what is stored.
        }
    }

    private void Put((bool IsTarget, string Name) file, byte[]? bytes)
    {
        if (Trouble is not null && _waiting.Sum(other => other.Key == file ? 0L : other.Value?.Length ?? 0) + (bytes?.Length ?? 0) > _maxWaitingBytes)
        {
            // What waits under this name goes on waiting: it would be a step back to what is stored.
            throw new IOException($"{Trouble}, and no more than {_maxWaitingBytes} bytes can wait in memory");
        }

        _waiting.Remove(file);
        _waiting.Add(file, bytes);
        Retry();
    }

    private byte[]? Find((bool IsTarget, string Name) file, long maxBytes, Func<byte[]?> stored) =>
        !_waiting.TryGetValue(file, out var bytes) ? stored() : bytes?.Length <= maxBytes ? bytes : null;

    private sealed class MetadataStore(RetryingStores all) : IMetadataStore
    {
        public byte[]? Read(string role, int maxBytes) => all.Find((false, role), maxBytes, () => all._metadata.Read(role, maxBytes));

        public void Write(string role, ReadOnlySpan<byte> file) => all.Put((false, role), file.ToArray());

        public void Delete(string role) => all.Put((false, role), null);
    }

    private sealed class TargetStore(RetryingStores all) : ITargetStore
    {
        public byte[]? Read(string targetName, long maxBytes) => all.Find((true, targetName), maxBytes, () => all._targets.Read(targetName, maxBytes));

        public void Write(string targetName, ReadOnlySpan<byte> bytes)
        {
            if (all._mayWait(targetName))
            {
                all.Put((true, targetName), bytes.ToArray());
            }
            else
            {
                all._targets.Write(targetName, bytes);
            }
        }
    }
}
