namespace EdgeSensors.Protocol;

/// <summary>Why a payload is not a message.</summary>
/// <param name="Kind">The class of the fault.</param>
/// <param name="Offset">Octets read before it was found.</param>
/// <param name="Reason">One line for a person.</param>
public readonly record struct ProtocolError(ProtocolErrorKind Kind, int Offset, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Reason} (at octet {Offset})";
}

/// <summary>The classes of fault a payload can have.</summary>
public enum ProtocolErrorKind
{
    /// <summary>Longer than its topic allows; nothing of it was read.</summary>
    TooLong,

    /// <summary>Not deterministic CBOR (RFC 8949 §4.2), or cut short.</summary>
    Malformed,

    /// <summary>A version that this side does not speak.</summary>
    UnsupportedVersion,

    /// <summary>A field that must be there is not.</summary>
    MissingField,

    /// <summary>A field whose type or value the schema does not allow.</summary>
    InvalidField,
}
