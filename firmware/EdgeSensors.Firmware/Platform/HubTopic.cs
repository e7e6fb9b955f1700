namespace EdgeSensors.Firmware.Platform;

/// <summary>The topics of a tap and its hub, by their last level; the hub's are the last three.</summary>
public enum HubTopic
{
    /// <summary>Retained; the Last Will is said here.</summary>
    Status,

    /// <summary>A window.</summary>
    Report,

    /// <summary>A finding.</summary>
    Alert,

    /// <summary>What became of an update.</summary>
    Receipt,

    /// <summary>A request for a part of an update.</summary>
    Fetch,

    /// <summary>What the hub has committed.</summary>
    Ack,

    /// <summary>A part of an update.</summary>
    Chunk,

    /// <summary><c>edgesensors/1/updates/timestamp.json</c>.</summary>
    Timestamp,
}
