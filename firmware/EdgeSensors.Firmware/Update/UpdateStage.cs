namespace EdgeSensors.Firmware.Update;

/// <summary>What an update is doing.</summary>
internal enum UpdateStage
{
    /// <summary>Nothing.</summary>
    Idle,

    /// <summary>The metadata: its checks, and which file comes next.</summary>
    Metadata,

    /// <summary>A metadata file or a proof comes out of flash into memory.</summary>
    Loading,

    /// <summary>A metadata file or a proof comes from the hub into memory.</summary>
    Fetching,

    /// <summary>A metadata file that verified goes into the half that is not in force.</summary>
    KeepingMetadata,

    /// <summary>The metadata is verified, and the authorisation begins within this step.</summary>
    Document,

    /// <summary>The authorisation comes out of flash into memory.</summary>
    LoadingDocument,

    /// <summary>The authorisation comes from the hub into memory.</summary>
    FetchingDocument,

    /// <summary>The authorisation's hash.</summary>
    HashingDocument,

    /// <summary>The authorisation.</summary>
    ReadingDocument,

    /// <summary>Its pseudonym key.</summary>
    OpeningKey,

    /// <summary>The authorisation goes into flash.</summary>
    KeepingDocument,

    /// <summary>The authorisation is there, or is none, and the blocklist begins within this step.</summary>
    List,

    /// <summary>The blocklist comes from the hub, piece by piece into flash.</summary>
    FetchingList,

    /// <summary>The newer blocklist is made from the one in force and a delta.</summary>
    ApplyingDelta,

    /// <summary>What was made is hashed, and written if it is the one that is signed.</summary>
    KeepingList,

    /// <summary>The blocklist comes out of flash into memory.</summary>
    LoadingList,

    /// <summary>All is there and verified, and the state says so within this step.</summary>
    Committing,

    /// <summary>One record says what is in force now.</summary>
    Saving,
}
