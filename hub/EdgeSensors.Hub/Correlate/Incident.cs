using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Correlate;

/// <summary>What several sensors' alerts about one address amount to.</summary>
internal sealed record Incident
{
    /// <summary>Its number; 0 before it is saved.</summary>
    public long Id { get; init; }

    /// <summary>The address, or <c>~</c> and the pseudonym of a protected one.</summary>
    public required string Indicator { get; init; }

    /// <summary>When the hub opened it.</summary>
    public required UnixMilliseconds OpenedAt { get; init; }

    /// <summary>When the hub last added to it.</summary>
    public required UnixMilliseconds UpdatedAt { get; init; }

    /// <summary>One entry per happening and sensor, the oldest first.</summary>
    public required IReadOnlyList<Evidence> Evidence { get; init; }

    /// <summary>The address as one that can be mitigated; null for a pseudonym.</summary>
    public Prefix? Address => Prefix.TryParse(Indicator, out var prefix) ? prefix : null;

    public UnixMilliseconds FirstSeen => Evidence.Min(e => e.FirstSeen);

    public UnixMilliseconds LastSeen => Evidence.Max(e => e.LastSeen);

    /// <summary>MITRE ATT&amp;CK techniques.</summary>
    public IReadOnlyList<string> Techniques => [.. Evidence.Select(e => e.Technique).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>
    /// 0 to 100: the strongest single finding, and each further sensor that saw the same leaves half of the doubt (independent observers).
    /// </summary>
    public int Confidence
    {
        get
        {
            var doubt = 1.0;
            foreach (var sensor in Evidence.Where(e => e.AccusesIndicator).GroupBy(e => e.Sensor).Select(g => g.Max(e => e.Confidence)).OrderDescending())
            {
                doubt = doubt >= 1.0 ? 1 - (sensor / 100.0) : doubt * Math.Max(0.5, 1 - (sensor / 100.0));
            }

            return (int)Math.Round(100 * (1 - doubt));
        }
    }

    /// <summary>Whether any sensor saw the source go on after an answer, so that its address is no forgery.</summary>
    public bool SourceProven => Evidence.Any(e => e.AccusesIndicator && e.SourceProven);
}

/// <summary>One happening as one sensor saw it, at its latest growth.</summary>
internal sealed record Evidence
{
    public required SensorName Sensor { get; init; }

    /// <summary>The sensor's own number for the happening.</summary>
    public required ulong EventId { get; init; }

    /// <summary>Names the alert in rules and exports: its row in the inbox.</summary>
    public required string AlertId { get; init; }

    public required DetectorKind Detector { get; init; }

    public required string Technique { get; init; }

    public required TrafficDirection Direction { get; init; }

    public required string AuthorizationId { get; init; }

    public required int Confidence { get; init; }

    public required bool SourceProven { get; init; }

    public required UnixMilliseconds FirstSeen { get; init; }

    public required UnixMilliseconds LastSeen { get; init; }

    /// <summary>When the sensor decided, by the clock of the packets.</summary>
    public required UnixMilliseconds ObservedAt { get; init; }

    /// <summary>When the hub had it, by the hub's clock.</summary>
    public required UnixMilliseconds ReceivedAt { get; init; }

    public ulong Packets { get; init; }

    public ulong Octets { get; init; }

    public ulong Attempts { get; init; }

    public ulong FailedAttempts { get; init; }

    public ulong DistinctAddresses { get; init; }

    public ulong DistinctPorts { get; init; }

    public ulong PeakPacketsPerSecond { get; init; }

    /// <summary>Whether the indicator is who does it. A flood's indicator is whom it strikes.</summary>
    public bool AccusesIndicator => Detector is not DetectorKind.Flood;
}
