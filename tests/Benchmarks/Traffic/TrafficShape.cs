namespace EdgeSensors.Benchmarks.Traffic;

/// <summary>What a synthetic capture looks like.</summary>
/// <param name="Flows">Biflows.</param>
/// <param name="Packets">Packets, at least one a flow.</param>
/// <param name="SnapLength">Octets kept of each frame.</param>
/// <param name="Seed">The same seed gives the same capture.</param>
internal sealed record TrafficShape(int Flows, int Packets, int SnapLength, ulong Seed);
