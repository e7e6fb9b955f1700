namespace EdgeSensors.Protocol;

/// <summary>One window of one sensor. Without an authorisation only <see cref="Measurement"/> is filled: health and nothing else.</summary>
public sealed record ReportMessage
{
    /// <summary>Most entries of <see cref="Services"/>.</summary>
    public const int MaxServices = 64;

    /// <summary>Most entries of <see cref="TopPrefixes"/>.</summary>
    public const int MaxTopPrefixes = 64;

    /// <summary>Most entries of <see cref="Flows"/>; more picked flows go into further reports of the same window.</summary>
    public const int MaxFlows = 1024;

    /// <summary>Its place in the sensor's outbox.</summary>
    public required MessageId Id { get; init; }

    /// <summary>Start of the window, by the clock of the packets (flowStartMilliseconds, IPFIX 152).</summary>
    public required UnixMilliseconds WindowStart { get; init; }

    /// <summary>End of the window, exclusive (flowEndMilliseconds, IPFIX 153).</summary>
    public required UnixMilliseconds WindowEnd { get; init; }

    /// <summary>The authorisation under which all but <see cref="Measurement"/> is reported.</summary>
    public string? AuthorizationId { get; init; }

    /// <summary>How the figures were come by.</summary>
    public required MeasurementQuality Measurement { get; init; }

    /// <summary>The window's traffic, domestic traffic included.</summary>
    public Counters? Total { get; init; }

    /// <summary>By direction; domestic-to-domestic traffic on a carrier's network is in <see cref="Total"/> only.</summary>
    public IReadOnlyList<DirectionCount> Directions { get; init; } = [];

    /// <summary>By protocolIdentifier.</summary>
    public IReadOnlyList<ProtocolCount> Protocols { get; init; } = [];

    /// <summary>By service port, the largest first.</summary>
    public IReadOnlyList<ServiceCount> Services { get; init; } = [];

    /// <summary>Distinct-count sketches.</summary>
    public IReadOnlyList<CardinalitySketch> Cardinalities { get; init; } = [];

    /// <summary>Empirical entropies.</summary>
    public IReadOnlyList<FieldEntropy> Entropies { get; init; } = [];

    /// <summary>Packets by IP length: up to 63, 127, 255, 511, 1023, 1279, 1500 and more octets; empty or 8 counts.</summary>
    public IReadOnlyList<ulong> PacketSizes { get; init; } = [];

    /// <summary>TCP packets with FIN, SYN, RST, PSH, ACK, URG, ECE, CWR set; empty or 8 counts.</summary>
    public IReadOnlyList<ulong> TcpFlags { get; init; } = [];

    /// <summary>Other-end prefixes (/24, /48) that at least k own addresses spoke with, the largest first.</summary>
    public IReadOnlyList<PrefixCount> TopPrefixes { get; init; } = [];

    /// <summary>Flows that a detector, the blocklist or a selector picked.</summary>
    public IReadOnlyList<PickedFlow> Flows { get; init; } = [];
}

/// <summary>What a reader must know to trust a window's figures.</summary>
public sealed record MeasurementQuality
{
    /// <summary>Packets looked at out of each <see cref="SamplingPopulation"/> (samplingSize, IPFIX 309).</summary>
    public uint SamplingSize { get; init; } = 1;

    /// <summary>See <see cref="SamplingSize"/> (samplingPopulation, IPFIX 310).</summary>
    public uint SamplingPopulation { get; init; } = 1;

    /// <summary>Packets the kernel or chip dropped in the window (droppedPacketDeltaCount, IPFIX 133); none means unknown.</summary>
    public ulong? DroppedPackets { get; init; }

    /// <summary>The sensor's clock less true time, in milliseconds; none means unknown.</summary>
    public long? ClockOffsetMs { get; init; }

    /// <summary>Frames that could not be decoded to the end of their headers.</summary>
    public ulong MalformedPackets { get; init; }

    /// <summary>Flows that left the table early for want of room.</summary>
    public ulong EvictedFlows { get; init; }

    /// <summary>True in the first report after a start that found an unfinished window: what that window held is lost.</summary>
    public bool PreviousWindowLost { get; init; }

    /// <summary>Packets counted in the total only, because both ends are domestic.</summary>
    public ulong DomesticPackets { get; init; }

    /// <summary>Other-end prefixes left out because fewer than k own addresses spoke with them.</summary>
    public ulong PrefixesBelowK { get; init; }

    /// <summary>Flows that were picked and left out, because the authorisation does not cover their direction or level.</summary>
    public ulong FlowsOutOfScope { get; init; }

    /// <summary>Packets of exporters whose sampling rate is unknown; they are counted as seen, and <see cref="SamplingPopulation"/> says nothing of them.</summary>
    public ulong UnknownSamplingPackets { get; init; }

    /// <summary>Exporters' records, datagrams or samples that never came, by their numbers or by the kernel's count.</summary>
    public ulong MissingExports { get; init; }

    /// <summary>How far off the sampled totals may be; none where the sensor does not say.</summary>
    public SamplingBounds? Bounds { get; init; }
}

/// <summary>
/// What the totals of a sampled window are worth: in 95 % of windows the packets in all are within <paramref name="PacketsWithin"/> of what
/// <see cref="MeasurementQuality.SamplingPopulation"/> out of <see cref="MeasurementQuality.SamplingSize"/> makes of the total.
/// </summary>
/// <param name="PacketsWithin">Half the width of the packets' interval.</param>
/// <param name="Octets">The octets in all, as estimated.</param>
/// <param name="OctetsWithin">Half the width of the octets' interval.</param>
public readonly record struct SamplingBounds(ulong PacketsWithin, ulong Octets, ulong OctetsWithin);

/// <summary>What ran one way.</summary>
public readonly record struct DirectionCount(TrafficDirection Direction, Counters Count);

/// <summary>What ran over one protocol (protocolIdentifier, IPFIX 4).</summary>
public readonly record struct ProtocolCount(byte ProtocolIdentifier, Counters Count);

/// <summary>What ran to one service port: the destination port of the flow's opener.</summary>
public readonly record struct ServiceCount(byte ProtocolIdentifier, ushort Port, Counters Count);

/// <summary>What an other-end prefix exchanged with own addresses.</summary>
/// <param name="Prefix">A /24 or /48.</param>
/// <param name="OwnAddresses">How many own addresses it spoke with, at least k.</param>
/// <param name="Count">The traffic.</param>
public readonly record struct PrefixCount(Prefix Prefix, uint OwnAddresses, Counters Count);

/// <summary>The entropy of a field over packets, in thousandths of a bit.</summary>
/// <param name="Element">The IPFIX element, such as 7 for sourceTransportPort.</param>
/// <param name="Millibits">Shannon entropy times 1,000.</param>
public readonly record struct FieldEntropy(ushort Element, uint Millibits);

/// <summary>A HyperLogLog sketch (Flajolet et al. 2007): 2^precision registers of one octet.</summary>
public sealed record CardinalitySketch
{
    /// <summary>What is counted: <c>own-addresses</c>, <c>other-addresses</c>, <c>other-ports</c>, <c>pairs</c>, as a token.</summary>
    public required string Name { get; init; }

    /// <summary>The hash function, as a token.</summary>
    public required string Hash { get; init; }

    /// <summary>Its seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>4 to 14.</summary>
    public required byte Precision { get; init; }

    /// <summary>2^<see cref="Precision"/> octets.</summary>
    public required ReadOnlyMemory<byte> Registers { get; init; }
}
