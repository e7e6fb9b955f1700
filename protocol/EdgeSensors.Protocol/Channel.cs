namespace EdgeSensors.Protocol;

/// <summary>What a sensor and the hub say to one another, one topic level each.</summary>
public enum Channel
{
    /// <summary>Retained: versions, capabilities, what is in force; the Last Will says <c>offline</c>.</summary>
    Status,

    /// <summary>One window: totals, sketches, picked flows.</summary>
    Report,

    /// <summary>A detector's finding.</summary>
    Alert,

    /// <summary>What became of an update, and hits per rule.</summary>
    Receipt,

    /// <summary>Hub to sensor: committed up to here.</summary>
    Ack,

    /// <summary>Tap to hub: a range of an update by its hash.</summary>
    Fetch,

    /// <summary>Hub to tap: that range.</summary>
    Chunk,
}
