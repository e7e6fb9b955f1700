namespace EdgeSensors.Firmware.Trust;

/// <summary>Why an update was refused. The words of <see cref="TufFaults"/> are those of every sensor's receipts.</summary>
internal enum TufFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>No root is trusted, or the stored one is not signed by its own keys.</summary>
    NoTrustedRoot,

    /// <summary>The hub has no such file.</summary>
    NotFound,

    /// <summary>Longer than what is signed, or than the tap has room for.</summary>
    TooLarge,

    /// <summary>Not canonical metadata, or a member is wrong or missing.</summary>
    Malformed,

    /// <summary>Metadata of another role.</summary>
    WrongType,

    /// <summary>Of another specification.</summary>
    UnsupportedSpecVersion,

    /// <summary>A key under an id that is not its own.</summary>
    KeyIdMismatch,

    /// <summary>Two signatures under one key id.</summary>
    DuplicateSignature,

    /// <summary>Too few good signatures, or one that is not good.</summary>
    ThresholdUnmet,

    /// <summary>Not the version that was asked for.</summary>
    WrongVersion,

    /// <summary>Older than what was trusted before.</summary>
    Rollback,

    /// <summary>Expired.</summary>
    Expired,

    /// <summary>Length or hash is not the signed one.</summary>
    HashMismatch,

    /// <summary>A role that the snapshot does not list.</summary>
    NotInSnapshot,

    /// <summary>A delegation that does not end the search, which a tap cannot follow.</summary>
    TooManyDelegations,

    /// <summary>A signed document that cannot be read.</summary>
    DocumentMalformed,

    /// <summary>The flash did not take it.</summary>
    Store,

    /// <summary>The hub did not answer.</summary>
    Unreachable,

    /// <summary>The root names no witnesses.</summary>
    NoWitnessPolicy,

    /// <summary>There is no proof that the file was logged and witnessed.</summary>
    ProofMissing,

    /// <summary>The proof does not show it.</summary>
    ProofRefused,
}
