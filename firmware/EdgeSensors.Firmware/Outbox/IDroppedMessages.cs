namespace EdgeSensors.Firmware.Outbox;

/// <summary>Counts messages that are lost.</summary>
internal interface IDroppedMessages
{
    /// <summary>A message leaves the outbox, acknowledged or not.</summary>
    void Drop(OutboxChannel channel, ulong sequence);
}
