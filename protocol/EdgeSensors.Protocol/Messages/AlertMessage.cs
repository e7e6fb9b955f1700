namespace EdgeSensors.Protocol;

/// <summary>A detector's finding; sent at once, and again with the same <see cref="EventId"/> while it grows.</summary>
public sealed record AlertMessage
{
    /// <summary>Its place in the sensor's outbox.</summary>
    public required MessageId Id { get; init; }

    /// <summary>When the detector decided, by the clock of the packets.</summary>
    public required UnixMilliseconds ObservedAt { get; init; }

    /// <summary>The authorisation under which it is reported.</summary>
    public required string AuthorizationId { get; init; }

    /// <summary>One number for all messages about one happening on this sensor.</summary>
    public required ulong EventId { get; init; }

    /// <summary>Which detector.</summary>
    public required DetectorKind Detector { get; init; }

    /// <summary>MITRE ATT&amp;CK technique, such as <c>T1595.001</c>.</summary>
    public required string Technique { get; init; }

    /// <summary>Whom it is about: the attacking address of a fan-out, the struck one of a flood, the listed one of a contact.</summary>
    public required FlowEnd Indicator { get; init; }

    /// <summary>Which way the traffic runs.</summary>
    public required TrafficDirection Direction { get; init; }

    /// <summary>How sure the detector is, 0 to 100.</summary>
    public required byte Confidence { get; init; }

    /// <summary>Why.</summary>
    public required AlertEvidence Evidence { get; init; }
}

/// <summary>The figures an alert rests on.</summary>
public sealed record AlertEvidence
{
    /// <summary>First packet that counts.</summary>
    public required UnixMilliseconds FirstSeen { get; init; }

    /// <summary>Last packet that counts.</summary>
    public required UnixMilliseconds LastSeen { get; init; }

    /// <summary>Packets that count.</summary>
    public ulong Packets { get; init; }

    /// <summary>Their octets.</summary>
    public ulong Octets { get; init; }

    /// <summary>Flows opened.</summary>
    public ulong Attempts { get; init; }

    /// <summary>Those that failed: unanswered, refused, unreachable, or opened and left without a word.</summary>
    public ulong FailedAttempts { get; init; }

    /// <summary>Distinct addresses at the other side of the indicator.</summary>
    public ulong DistinctAddresses { get; init; }

    /// <summary>Distinct ports tried.</summary>
    public ulong DistinctPorts { get; init; }

    /// <summary>The most packets in one second.</summary>
    public ulong PeakPacketsPerSecond { get; init; }

    /// <summary>
    /// Whether the source proved that it receives what is sent to it (it went on after an answer). Where false the source may be
    /// spoofed, and only a person may propose to block it.
    /// </summary>
    public bool SourceProven { get; init; }

    /// <summary>Whether the packets were a sample.</summary>
    public bool Sampled { get; init; }
}
