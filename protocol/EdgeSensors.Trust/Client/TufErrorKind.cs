namespace EdgeSensors.Trust.Client;

/// <summary>What went wrong in an update, by the attack or fault that it is.</summary>
public enum TufErrorKind
{
    /// <summary>There is no trusted root: the client was never initialised, or its root does not verify.</summary>
    NoTrustedRoot,

    /// <summary>The repository could not be reached, or broke off.</summary>
    Unreachable,

    /// <summary>The repository has no such file.</summary>
    NotFound,

    /// <summary>A file is longer than its signed length or the client's bound (endless data).</summary>
    TooLarge,

    /// <summary>A file came slower than the client's bound (slow retrieval).</summary>
    TooSlow,

    /// <summary>Not TUF metadata, or a member is wrong.</summary>
    Malformed,

    /// <summary>Metadata of another role.</summary>
    WrongType,

    /// <summary>Written for a specification that this client does not know.</summary>
    UnsupportedSpecVersion,

    /// <summary>A key is listed under an id that is not its own.</summary>
    KeyIdMismatch,

    /// <summary>Two signatures under one key id.</summary>
    DuplicateSignature,

    /// <summary>Fewer good signatures than the role's threshold (arbitrary software, wrong keys).</summary>
    ThresholdUnmet,

    /// <summary>Not the version that was asked for (mix and match).</summary>
    WrongVersion,

    /// <summary>Older than what was trusted before (rollback), or a role has left the snapshot.</summary>
    Rollback,

    /// <summary>Expired (freeze).</summary>
    Expired,

    /// <summary>Length or hash differs from what is signed (mix and match; arbitrary software).</summary>
    HashMismatch,

    /// <summary>A delegated role that the snapshot does not list.</summary>
    NotInSnapshot,

    /// <summary>The search met more delegated roles than the client's bound.</summary>
    TooManyDelegations,

    /// <summary>No role that may speak of the target lists it.</summary>
    TargetNotFound,

    /// <summary>A target or role name that cannot safely name a file or a URL.</summary>
    UnsafeName,

    /// <summary>The root says no witness policy, or a new one would drop it: nothing could be proved to have been logged.</summary>
    NoWitnessPolicy,

    /// <summary>There is no proof that the metadata was logged.</summary>
    ProofMissing,

    /// <summary>The proof does not show that the metadata was logged and that enough witnesses saw it.</summary>
    ProofRefused,

    /// <summary>The client's own store on disk failed.</summary>
    Store,
}
