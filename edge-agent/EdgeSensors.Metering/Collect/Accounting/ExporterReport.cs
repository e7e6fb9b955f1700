using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>How one exporter's observation domain is doing: for the doctor's page and for metrics.</summary>
public sealed record ExporterReport
{
    /// <summary>Who sends.</summary>
    public required ExporterEndpoint Exporter { get; init; }

    /// <summary>In which protocol.</summary>
    public required ExportFormat Format { get; init; }

    /// <summary>The observation domain (source id, engine, sub-agent).</summary>
    public required uint ObservationDomainId { get; init; }

    /// <summary>sFlow: the agent named in the datagrams; else the exporter's address.</summary>
    public required HostAddress Agent { get; init; }

    /// <summary>Messages read.</summary>
    public required long MessageCount { get; init; }

    /// <summary>Flow records read.</summary>
    public required long FlowCount { get; init; }

    /// <summary>Packets in them, not scaled.</summary>
    public required long PacketCount { get; init; }

    /// <summary>Octets in them, not scaled.</summary>
    public required long OctetCount { get; init; }

    /// <summary>The sampling rate of the newest flow record.</summary>
    public required SamplingRate Sampling { get; init; }

    /// <summary>Packets scaled by the sampling rate, of the flow records whose rate is known.</summary>
    public required double ScaledPacketCount { get; init; }

    /// <summary>Octets scaled by the sampling rate, of the flow records whose rate is known.</summary>
    public required double ScaledOctetCount { get; init; }

    /// <summary>Flow records whose sampling rate is unknown.</summary>
    public required long UnknownSamplingFlowCount { get; init; }

    /// <summary>Records (IPFIX, NetFlow v5) or datagrams (v9, sFlow) that never came or could not be read for want of a template.</summary>
    public required long MissingCount { get; init; }

    /// <summary>Times that some were missing.</summary>
    public required long GapCount { get; init; }

    /// <summary>Messages that came late.</summary>
    public required long LateCount { get; init; }

    /// <summary>Messages that came twice.</summary>
    public required long DuplicateCount { get; init; }

    /// <summary>Steps in the sequence number that are no loss.</summary>
    public required long DiscontinuityCount { get; init; }

    /// <summary>Restarts of the exporter that were seen.</summary>
    public required long RestartCount { get; init; }

    /// <summary>Whether two exporters seem to share this address, port and domain.</summary>
    public required bool IsConflicting { get; init; }

    /// <summary>Templates known.</summary>
    public required int TemplateCount { get; init; }

    /// <summary>Octets of data sets that wait for a template, overhead included.</summary>
    public required long HeldOctets { get; init; }

    /// <summary>Data sets that were dropped because their template did not come in time, or for want of room to hold them.</summary>
    public required long DroppedSetCount { get; init; }

    /// <summary>sFlow: packets that the agent says it failed to sample, since it was first heard.</summary>
    public required long SampleDropCount { get; init; }

    /// <summary>sFlow: samples of packets that are not IP, which make no flow.</summary>
    public required long NotIpSampleCount { get; init; }

    /// <summary>Arrival less export time of the newest message: transit plus the exporter's clock error.</summary>
    public required TimeSpan ClockOffset { get; init; }

    /// <summary>The least such difference seen: the nearest to the clock error alone.</summary>
    public required TimeSpan LeastClockOffset { get; init; }

    /// <summary>When the newest message arrived, nanoseconds since the Unix epoch.</summary>
    public required long LastReceivedNs { get; init; }
}
