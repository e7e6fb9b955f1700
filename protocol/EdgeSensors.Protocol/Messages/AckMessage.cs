namespace EdgeSensors.Protocol;

/// <summary>The hub's word that every message of an epoch up to a sequence number is committed.</summary>
/// <param name="UpTo">The epoch, and the last sequence number of its unbroken run from the first one still held.</param>
public sealed record AckMessage(MessageId UpTo);
