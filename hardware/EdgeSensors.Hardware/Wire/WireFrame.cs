namespace EdgeSensors.Hardware.Wire;

/// <summary>A frame on a wire, without its check sequence.</summary>
/// <param name="AtNs">When its sender would like to begin, nanoseconds since the wire's start.</param>
/// <param name="Octets">From the destination address on.</param>
/// <param name="IsDamaged">Whether its check sequence is wrong: the receiver drops it.</param>
public readonly record struct WireFrame(long AtNs, ReadOnlyMemory<byte> Octets, bool IsDamaged = false);
