namespace EdgeSensors.Metering.Export;

/// <summary>How an <see cref="IpfixExporter"/> sends.</summary>
public sealed record IpfixExporterOptions
{
    /// <summary>Octets that a message can have at most (RFC 7011 §3.1).</summary>
    public const int LongestMessage = ushort.MaxValue;

    /// <summary>observationDomainId of the flows (RFC 7011 §3.1). Default 1; not 0, which means the exporting process as a whole.</summary>
    public uint ObservationDomainId { get; init; } = 1;

    /// <summary>
    /// One record for both directions (RFC 5103). Default false: two records, because there are collectors that read over the reverse elements (nfacctd) or keep only part of them (nfcapd).
    /// </summary>
    public bool Biflows { get; init; }

    /// <summary>Over a lossy transport templates and options are sent again after this long (RFC 7011 §8.4). Default 60 s.</summary>
    public TimeSpan TemplateInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Over a lossy transport templates and options are sent again after this many messages. Default 256.</summary>
    public int TemplateMessages { get; init; } = 256;

    /// <summary>
    /// Over a lossy transport the selection options (no sampling) are sent again after this long. Default 10 minutes: nfcapd does not count options records, and takes each for a missing flow.
    /// </summary>
    public TimeSpan SelectionInterval { get; init; } = TimeSpan.FromMinutes(10);
}
