namespace EdgeSensors.Firmware.Trust;

/// <summary>The kinds of metadata, in the order in which a client reads them.</summary>
internal enum MetadataKind
{
    /// <summary>Names the keys of the top-level roles.</summary>
    Root,

    /// <summary>Names the snapshot.</summary>
    Timestamp,

    /// <summary>Names every targets role.</summary>
    Snapshot,

    /// <summary>The top-level targets: they delegate.</summary>
    Targets,

    /// <summary>A delegated role: it lists targets.</summary>
    Delegated,
}
