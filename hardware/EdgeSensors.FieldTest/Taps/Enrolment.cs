using EdgeSensors.Protocol;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>What the hub knows of a tap before it has heard of it.</summary>
/// <param name="Operator">Who runs it.</param>
/// <param name="Sensor">Its name.</param>
/// <param name="SealingKey">What its pseudonym key is sealed to; the tap has it as well.</param>
/// <param name="Own">The owner's network.</param>
/// <param name="Level">How deep the authorisation goes.</param>
internal sealed record Enrolment(OperatorId Operator, SensorId Sensor, SealingKey SealingKey, IReadOnlyList<Prefix> Own, CollectionLevel Level);
