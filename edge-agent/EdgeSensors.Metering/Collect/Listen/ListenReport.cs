using EdgeSensors.Metering.Collect.Accounting;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>How listening goes: all that could make a figure wrong, in figures.</summary>
public sealed record ListenReport
{
    /// <summary>Where is listened, with the ports in use.</summary>
    public required IReadOnlyList<ListenUrl> Urls { get; init; }

    /// <summary>Threads that receive datagrams.</summary>
    public required int Workers { get; init; }

    /// <summary>What the kernel holds for each socket, in octets; the least of them. 0 without a UDP port.</summary>
    public required int ReceiveBufferOctets { get; init; }

    /// <summary>Datagrams that the kernel dropped for want of room in the buffer; null when it does not say.</summary>
    public required long? KernelDroppedCount { get; init; }

    /// <summary>What was read in all.</summary>
    public required CollectorTotals Totals { get; init; }

    /// <summary>Exporters' domains, as they were within the last second.</summary>
    public required IReadOnlyList<ExporterReport> Exporters { get; init; }

    /// <summary>The newest counters of sFlow agents' interfaces.</summary>
    public required IReadOnlyList<InterfaceCounters> Interfaces { get; init; }

    /// <summary>TCP and TLS sessions.</summary>
    public required StreamCounts Streams { get; init; }

    /// <summary>Flows that nobody took, because the listener was closed.</summary>
    public required long AbandonedFlowCount { get; init; }

    /// <summary>Datagrams of no known version, malformed or truncated.</summary>
    public long UnreadableCount => Totals.Count(CollectStatus.UnknownVersion) + Totals.Count(CollectStatus.HeaderTruncated) + Totals.Count(CollectStatus.Truncated) + Totals.Count(CollectStatus.Malformed);

    /// <summary>Records, datagrams or samples that never came: by exporters' numbers, by the kernel's count, by what sFlow agents say.</summary>
    public long MissingCount => Exporters.Sum(exporter => exporter.MissingCount + exporter.SampleDropCount) + (KernelDroppedCount ?? 0);

    /// <summary>Why templates could not be kept; null when they could.</summary>
    public required string? TemplateTrouble { get; init; }
}

/// <summary>TCP and TLS sessions.</summary>
/// <param name="Open">Open now.</param>
/// <param name="Opened">Opened in all.</param>
/// <param name="Refused">Closed at once: too many, or of an address that is not heard.</param>
/// <param name="Untrusted">TLS: without a certificate of the exporters' authority.</param>
/// <param name="TooSlow">Ended because a handshake, a message or the next one did not come in time.</param>
/// <param name="Malformed">Ended because what came is no IPFIX message.</param>
public readonly record struct StreamCounts(int Open, long Opened, long Refused, long Untrusted, long TooSlow, long Malformed);
