namespace EdgeSensors.EdgeAgent.Outbox;

/// <summary>What became of messages that were given to the outbox.</summary>
internal enum OutboxCommit
{
    /// <summary>They are on disk, and so is the input's position that came with them.</summary>
    Durable,

    /// <summary>The disk is full or fails: nothing of it was kept, the position neither. Give them again, or count them as dropped.</summary>
    DiskFailed,
}
