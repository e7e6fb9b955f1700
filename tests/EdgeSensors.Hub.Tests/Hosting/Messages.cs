using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Tests.Hosting;

/// <summary>Messages with just what a test looks at.</summary>
internal static class Messages
{
    public static UnixMilliseconds Now => UnixMilliseconds.Now(TimeProvider.System);

    public static byte[] Report(ulong epoch, ulong sequence, params PickedFlow[] flows) => ReportCodec.Encode(new ReportMessage
    {
        Id = new(epoch, sequence),
        WindowStart = new(1_000_000 + ((long)sequence * 1000)),
        WindowEnd = new(1_001_000 + ((long)sequence * 1000)),
        AuthorizationId = "test",
        Measurement = new MeasurementQuality { DroppedPackets = 0 },
        Total = new Counters(10, 1000, 2),
        Flows = flows,
    });

    public static byte[] Alert(
        ulong epoch, ulong sequence, string indicator, bool proven = true, byte confidence = 95, DetectorKind detector = DetectorKind.AddressFanOut, ulong eventId = 1) =>
        AlertCodec.Encode(new AlertMessage
        {
            Id = new(epoch, sequence),
            ObservedAt = Now,
            AuthorizationId = "test",
            EventId = eventId,
            Detector = detector,
            Technique = "T1595.001",
            Indicator = FlowEnd.Clear(Prefix.Parse(indicator)),
            Direction = TrafficDirection.Inbound,
            Confidence = confidence,
            Evidence = new AlertEvidence { FirstSeen = Now, LastSeen = Now, Packets = 100, Attempts = 100, FailedAttempts = 99, DistinctAddresses = 80, SourceProven = proven },
        });

    public static byte[] Receipt(ulong epoch, ulong sequence, string rule, RuleState state, ulong hits) => ReceiptCodec.Encode(new ReceiptMessage
    {
        Id = new(epoch, sequence),
        ObservedAt = Now,
        TimestampVersion = 3,
        RulesRevision = 1,
        Witness = "none",
        Enforcer = "nftables",
        Rules = [new RuleOutcome { RuleId = rule, State = state, HitPackets = hits, HitOctets = hits * 60 }],
    });

    public static byte[] Status(ulong epoch, ulong sequence) => StatusCodec.Encode(new StatusMessage
    {
        Id = new(epoch, sequence),
        ObservedAt = Now,
        Kind = SensorKind.Agent,
        SoftwareVersion = "0.1.0",
        Witness = "none",
        Enforcer = "observe-only",
        Outbox = new OutboxHealth(1, 100, 0, 0, 0),
    });

    public static PickedFlow Flow(string source, string destination, DetectorKind reason = DetectorKind.AddressFanOut) => new()
    {
        Reason = reason,
        Direction = TrafficDirection.Inbound,
        Source = FlowEnd.Clear(Prefix.Parse(source)),
        Destination = FlowEnd.Clear(Prefix.Parse(destination)),
        ProtocolIdentifier = 6,
        SourcePort = 40_000,
        DestinationPort = 23,
        Start = new(1_000_000),
        End = new(1_000_500),
        Packets = 3,
        Octets = 180,
        ReversePackets = 1,
        ReverseOctets = 60,
        TcpControlBits = 2,
    };
}
