namespace EdgeSensors.Metering.Detect;

/// <summary>The way out of the detectors: opens the concern about a subject, and says what was found.</summary>
internal sealed class Findings(DetectorOptions options, IDetectionConsumer consumer)
{
    public ConcernTable Concern { get; } = new(options.MaxSubjects, options.FanOutSpan.Ticks * 100);

    public void Say(Subject subject, bool first, long nowNs, byte confidence)
    {
        Concern.Open(subject);
        var fanOut = subject.Kind is DetectionKind.AddressFanOut or DetectionKind.PortFanOut;
        consumer.OnDetection(new Detection
        {
            Kind = subject.Kind,
            EventId = subject.EventId,
            IsFirst = first,
            Subject = subject.Address,
            Peer = subject.Peer,
            Protocol = subject.Protocol,
            Port = subject.Port,
            Confidence = confidence,
            DecidedNs = nowNs,
            FirstNs = subject.FirstNs,
            LastNs = subject.LastNs,
            PacketCount = subject.PacketCount,
            OctetCount = subject.OctetCount,
            Attempts = fanOut ? subject.Count + subject.Successes : 0,
            FailedAttempts = fanOut ? subject.Count : 0,
            DistinctAddresses = subject.Kind == DetectionKind.PortFanOut ? 1 : subject.Distinct,
            DistinctPorts = subject.Kind == DetectionKind.PortFanOut ? subject.Distinct : 1,
            PeakPacketsPerSecond = subject.PeakPerSecond,
            SourceProven = fanOut && subject.Proven,
            Sampled = subject.Sampled,
        });
    }
}
