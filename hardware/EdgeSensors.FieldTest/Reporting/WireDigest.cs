namespace EdgeSensors.FieldTest.Reporting;

/// <summary>What a sensor said to its hub in a run, so that two runs can be compared.</summary>
/// <param name="Sensor">Which.</param>
/// <param name="Sha256">In hex, over its messages in their order: topic, a zero octet, the payload's length in 4 octets (big endian), payload.</param>
/// <param name="Messages">How many.</param>
internal sealed record WireDigest(string Sensor, string Sha256, long Messages);
