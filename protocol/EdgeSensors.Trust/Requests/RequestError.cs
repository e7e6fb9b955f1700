namespace EdgeSensors.Trust.Requests;

/// <summary>What is wrong with a signing request.</summary>
public enum RequestFault
{
    /// <summary>The octets are no signing request.</summary>
    Malformed,

    /// <summary>It says something that does not hold together: a version that does not follow, a target without its content, words that are not what it does.</summary>
    Inconsistent,

    /// <summary>It is for another repository than the root that is trusted here, or for an older state of it.</summary>
    OtherRepository,

    /// <summary>The key signs nothing of it, or has signed it already.</summary>
    NotAsked,

    /// <summary>Its version of a role goes back behind what was signed here, or is another of the same number.</summary>
    RolledBack,

    /// <summary>What was signed here cannot be read.</summary>
    MemoryDamaged,

    /// <summary>Another process is signing here.</summary>
    Busy,
}

/// <summary>Why a signing request is not signed.</summary>
/// <param name="Fault">The kind.</param>
/// <param name="Role">The role at hand; empty when it is the whole.</param>
/// <param name="Message">What happened, for a person.</param>
public sealed record RequestError(RequestFault Fault, string Role, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Role.Length == 0 ? Message : $"{Role}: {Message}";
}
