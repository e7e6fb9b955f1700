namespace EdgeSensors.Firmware.Update;

/// <summary>What an update is doing.</summary>
internal enum UpdateStage
{
    /// <summary>Nothing.</summary>
    Idle,

    /// <summary>The metadata: its checks, and which file comes next.</summary>
    Metadata,

    /// <summary>A file comes out of flash into the buffer.</summary>
    Loading,

    /// <summary>A file comes from the hub into the buffer.</summary>
    Fetching,

    /// <summary>A metadata file that verified goes into the half that is not in force.</summary>
    KeepingMetadata,

    /// <summary>The authorisation's hash.</summary>
    HashingDocument,

    /// <summary>The authorisation.</summary>
    ReadingDocument,

    /// <summary>Its pseudonym key.</summary>
    OpeningKey,

    /// <summary>The authorisation goes into flash.</summary>
    KeepingDocument,

    /// <summary>The blocklist comes from the hub, piece by piece into flash.</summary>
    FetchingList,

    /// <summary>The newer blocklist is made from the one in force and a delta.</summary>
    ApplyingDelta,

    /// <summary>What was made is hashed, and written if it is the one that is signed.</summary>
    KeepingList,

    /// <summary>The blocklist comes out of flash into memory.</summary>
    LoadingList,

    /// <summary>One record says what is in force now.</summary>
    Saving,
}
