namespace EdgeSensors.Trust.Blocklists;

/// <summary>The classes of fault a blocklist file can have.</summary>
public enum BlocklistFault
{
    /// <summary>Longer than its kind may be; nothing of it was read.</summary>
    TooLong,

    /// <summary>Of another format, or of a version of it that this side does not read.</summary>
    UnknownFormat,

    /// <summary>Cut short, followed by more, or a value is not allowed.</summary>
    Malformed,

    /// <summary>More sections or entries than the bounds.</summary>
    TooMany,

    /// <summary>A delta for another base than the one at hand: the snapshot is to be fetched.</summary>
    OtherBase,

    /// <summary>What the file makes is not what it says it makes.</summary>
    OtherState,
}

/// <summary>Why bytes are not the blocklist file they should be.</summary>
/// <param name="Fault">The class of the fault.</param>
/// <param name="Offset">Octets read before it was found.</param>
/// <param name="Reason">One line for a person.</param>
public sealed record BlocklistError(BlocklistFault Fault, int Offset, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"blocklist: {Reason} (at octet {Offset})";
}
