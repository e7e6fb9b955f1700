using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Outbox;

/// <summary>A message that waits for the hub's <c>ack</c>.</summary>
/// <param name="Id">Its epoch and sequence, which are in the payload too.</param>
/// <param name="Channel">Where it is published.</param>
/// <param name="Payload">CBOR.</param>
internal sealed record OutboxMessage(MessageId Id, Channel Channel, byte[] Payload);

/// <summary>A message that is about to get its place.</summary>
/// <param name="Channel">Where it is published.</param>
/// <param name="Encode">Gives its CBOR, now that its place is known.</param>
internal readonly record struct OutboxEntry(Channel Channel, Func<MessageId, byte[]> Encode);
