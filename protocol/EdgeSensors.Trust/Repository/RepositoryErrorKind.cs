namespace EdgeSensors.Trust.Repository;

/// <summary>What stands in the way of a publication.</summary>
public enum RepositoryErrorKind
{
    /// <summary>There is no repository in the directory.</summary>
    NotARepository,

    /// <summary>There is one already where one was to be made.</summary>
    AlreadyExists,

    /// <summary>Another process is publishing and did not finish in time.</summary>
    Busy,

    /// <summary>The key ring holds fewer keys of a role than its threshold.</summary>
    KeysMissing,

    /// <summary>What was prepared for signing no longer follows what is published: something else was published in between.</summary>
    Outdated,

    /// <summary>What was prepared for signing cannot be published as it is.</summary>
    Refused,

    /// <summary>A file of the repository is missing or cannot be read as what it should be.</summary>
    Damaged,

    /// <summary>The disk refused.</summary>
    Disk,
}
