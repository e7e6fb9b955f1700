namespace EdgeSensors.Firmware.Outbox;

/// <summary>What a numbered message is; the last level of its topic.</summary>
internal enum OutboxChannel
{
    /// <summary>What the tap is, retained.</summary>
    Status,

    /// <summary>A window.</summary>
    Report,

    /// <summary>A finding.</summary>
    Alert,

    /// <summary>What became of an update.</summary>
    Receipt,
}
