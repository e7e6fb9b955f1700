namespace EdgeSensors.Protocol;

/// <summary>Packets, octets and flows counted together.</summary>
/// <param name="Packets">packetDeltaCount (IPFIX 2).</param>
/// <param name="Octets">octetDeltaCount (IPFIX 1): octets of the IP datagrams, headers included.</param>
/// <param name="Flows">deltaFlowCount (IPFIX 3): biflows first seen in the window.</param>
public readonly record struct Counters(ulong Packets, ulong Octets, ulong Flows)
{
    /// <summary>The sum of two counts.</summary>
    public static Counters operator +(Counters a, Counters b) => new(a.Packets + b.Packets, a.Octets + b.Octets, a.Flows + b.Flows);

    /// <summary>The sum of two counts.</summary>
    public static Counters Add(Counters a, Counters b) => a + b;
}
