using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Log;

/// <summary>What a proof must show: a checkpoint of one of some logs, cosigned by at least k of n witnesses. Carried by the TUF root, so that it rotates with it.</summary>
public sealed record WitnessPolicy
{
    /// <summary>The most logs, and the most witnesses.</summary>
    public const string RootMember = "x-edgesensors-witness-policy";

    /// <summary>The most keys of each kind.</summary>
    public const int MaxKeys = 16;

    private WitnessPolicy(IReadOnlyList<NoteKey> logs, IReadOnlyList<NoteKey> witnesses, int quorum)
    {
        Logs = logs;
        Witnesses = witnesses;
        Quorum = quorum;
    }

    /// <summary>Keys of the logs; each name is the log's origin.</summary>
    public IReadOnlyList<NoteKey> Logs { get; }

    /// <summary>Keys of the witnesses.</summary>
    public IReadOnlyList<NoteKey> Witnesses { get; }

    /// <summary>How many of them must have cosigned, at least one.</summary>
    public int Quorum { get; }

    /// <summary>Makes a policy; false when a key is of the wrong kind or there twice, or the quorum is not between 1 and the number of witnesses.</summary>
    public static bool TryCreate(IReadOnlyList<NoteKey> logs, IReadOnlyList<NoteKey> witnesses, int quorum, [NotNullWhen(true)] out WitnessPolicy? policy)
    {
        ArgumentNullException.ThrowIfNull(logs);
        ArgumentNullException.ThrowIfNull(witnesses);
        var sound = logs.Count is >= 1 and <= MaxKeys && witnesses.Count is >= 1 and <= MaxKeys && quorum >= 1 && quorum <= witnesses.Count
            && logs.All(key => key.Kind == NoteKeyKind.Ed25519) && witnesses.All(key => key.Kind == NoteKeyKind.Cosignature)
            // One key under two names would count twice.
            && witnesses.Select(key => Convert.ToHexString(key.Public)).Distinct().Count() == witnesses.Count;
        policy = sound ? new WitnessPolicy(logs, witnesses, quorum) : null;
        return sound;
    }

    /// <summary>Verifies that an entry was logged and witnessed as the policy asks.</summary>
    public bool TryVerify(LogEntry entry, LogProof proof, [NotNullWhen(true)] out WitnessedEntry? witnessed, [NotNullWhen(false)] out LogError? error)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(proof);
        witnessed = null;
        if (!TryVerify(proof.Checkpoint, out var witnesses, out var time, out error))
        {
            return false;
        }

        if (!MerkleTree.IsIncluded(proof.Index, proof.Checkpoint.Size, entry.LeafHash(), proof.Hashes, proof.Checkpoint.Root.Span))
        {
            error = new LogError(LogFault.NotIncluded, $"it does not show the entry in the log {proof.Checkpoint.Origin} at size {proof.Checkpoint.Size}");
            return false;
        }

        witnessed = new WitnessedEntry(witnesses, time);
        return true;
    }

    /// <summary>Verifies that a checkpoint is a log's and was cosigned as the policy asks.</summary>
    public bool TryVerify(Checkpoint checkpoint, [NotNullWhen(false)] out LogError? error)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return TryVerify(checkpoint, out _, out _, out error);
    }

    /// <summary>Reads the policy that a root file carries; nothing of the file is verified. False, with one line, when there is none.</summary>
    public static bool TryReadRoot(ReadOnlyMemory<byte> rootFile, [NotNullWhen(true)] out WitnessPolicy? policy, out string reason)
    {
        policy = null;
        reason = "it names no witnesses";
        if (!MetadataReader.TryReadRoot(rootFile, TufLimits.Default.MaxRootBytes, out var root, out var fault))
        {
            reason = fault.Message;
            return false;
        }

        policy = root.Signed.WitnessPolicy;
        return policy is not null;
    }

    /// <summary>Verifies that a checkpoint is a log's and was cosigned as the policy asks.</summary>
    internal bool TryVerify(Checkpoint checkpoint, out IReadOnlyList<string> witnesses, out DateTimeOffset time, [NotNullWhen(false)] out LogError? error)
    {
        witnesses = [];
        time = default;
        if (Logs.FirstOrDefault(key => key.Name == checkpoint.Origin && checkpoint.Signatures.Any(signature => signature.IsBy(key))) is not { } log)
        {
            error = new LogError(LogFault.UnknownLog, $"its checkpoint is not signed by a log of the policy (origin {checkpoint.Origin})");
            return false;
        }

        if (!checkpoint.IsSignedBy(log))
        {
            error = new LogError(LogFault.BadSignature, $"the signature of the log {log.Name} does not verify");
            return false;
        }

        var cosigned = Witnesses.Select(key => (key.Name, Time: checkpoint.CosignedBy(key))).Where(one => one.Time is not null).OrderByDescending(one => one.Time).ToList();
        if (cosigned.Count < Quorum)
        {
            error = new LogError(LogFault.QuorumUnmet, $"{cosigned.Count} of the policy's witnesses cosigned it and {Quorum} must");
            return false;
        }

        // The time that a quorum vouches for: one witness whose clock runs ahead cannot move it.
        witnesses = [.. cosigned.Select(one => one.Name)];
        time = DateTimeOffset.FromUnixTimeSeconds(Math.Min(cosigned[Quorum - 1].Time!.Value, DateTimeOffset.MaxValue.ToUnixTimeSeconds()));
        error = null;
        return true;
    }
}

/// <summary>An entry whose proof a policy accepted.</summary>
/// <param name="Witnesses">Names of the witnesses that cosigned.</param>
/// <param name="Time">The time that as many of them as must have vouch for: not before it did the entry become visible.</param>
public sealed record WitnessedEntry(IReadOnlyList<string> Witnesses, DateTimeOffset Time);
