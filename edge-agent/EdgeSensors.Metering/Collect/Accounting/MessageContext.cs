namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>What a message's header says that its records need.</summary>
internal readonly record struct MessageContext
{
    public required ExporterDomain Domain { get; init; }

    /// <summary>Which message of the domain it is, counted here.</summary>
    public required long Serial { get; init; }

    /// <summary>When it arrived, nanoseconds since the Unix epoch.</summary>
    public required long ReceivedNs { get; init; }

    /// <summary>When it was sent by the exporter's clock, nanoseconds since the Unix epoch.</summary>
    public required long ExportNs { get; init; }

    /// <summary>NetFlow: milliseconds since the exporter's start; null in IPFIX.</summary>
    public uint? UptimeMs { get; init; }

    /// <summary>Whether it came over a stream (TCP), where template withdrawals count (RFC 7011 §8.1).</summary>
    public bool IsStream { get; init; }
}
