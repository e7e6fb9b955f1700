namespace EdgeSensors.Trust.Log;

/// <summary>What is wrong with a note, a checkpoint or a proof.</summary>
public enum LogFault
{
    /// <summary>Not of its format, or beyond its bounds.</summary>
    Malformed,

    /// <summary>From a log that the policy does not name.</summary>
    UnknownLog,

    /// <summary>No signature of the log, or one under a known key that does not verify.</summary>
    BadSignature,

    /// <summary>Fewer good cosignatures than the policy asks for.</summary>
    QuorumUnmet,

    /// <summary>The Merkle proof does not lead from the entry to the checkpoint's root.</summary>
    NotIncluded,
}

/// <summary>Why a note, a checkpoint or a proof is refused.</summary>
/// <param name="Fault">What is wrong.</param>
/// <param name="Reason">One line for a person.</param>
public sealed record LogError(LogFault Fault, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => Reason;
}
