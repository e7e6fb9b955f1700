namespace EdgeSensors.Metering.Flows;

/// <summary>One of a biflow's first packets.</summary>
/// <param name="GapMicroseconds">Since the packet before, of either direction; 0 of the first, and of one that was overtaken. 2³² − 1 and more are one.</param>
/// <param name="IpLength">Octets by the IP header; 65,535 and more are one.</param>
/// <param name="FromInitiator">Which way it went.</param>
public readonly record struct FirstPacket(uint GapMicroseconds, ushort IpLength, bool FromInitiator);
