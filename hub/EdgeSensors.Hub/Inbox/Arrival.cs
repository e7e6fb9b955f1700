using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Inbox;

/// <summary>A message on its way from the broker to the commit.</summary>
/// <param name="Sensor">Who sent it, by its certificate.</param>
/// <param name="Channel">On which of its topics.</param>
/// <param name="Id">Its epoch and sequence.</param>
/// <param name="Payload">The octets as they came.</param>
/// <param name="ReceivedAt">By the hub's clock.</param>
/// <param name="Rejection">Why it is no message; null when it is one. A rejected one is kept apart and acknowledged, or its sender's outbox would stand still.</param>
internal sealed record Arrival(
    SensorName Sensor,
    Channel Channel,
    MessageId Id,
    ReadOnlyMemory<byte> Payload,
    UnixMilliseconds ReceivedAt,
    string? Rejection = null);
