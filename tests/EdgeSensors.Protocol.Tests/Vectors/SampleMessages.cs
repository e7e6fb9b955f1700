namespace EdgeSensors.Protocol.Tests.Vectors;

/// <summary>One message of each shape, with the name of its rule in the CDDL: what the files of protocol/vectors hold.</summary>
internal static class SampleMessages
{
    private static readonly MessageId Id = new(0x0123_4567_89ab_cdef, 42);
    private static readonly UnixMilliseconds Start = new(1_790_000_000_000);
    private static readonly UnixMilliseconds End = new(1_790_000_060_000);
    private static readonly FlowEnd Attacker = FlowEnd.Clear(Prefix.Parse("198.51.100.7"));
    private static readonly FlowEnd Own = FlowEnd.Protected(Convert.FromHexString("00112233445566778899aabbccddeeff"));

    public static IReadOnlyDictionary<string, (string Rule, byte[] Cbor)> All { get; } = new Dictionary<string, (string, byte[])>
    {
        ["status-agent"] = ("status", StatusCodec.Encode(Status)),
        ["status-without-authorisation"] = ("status", StatusCodec.Encode(Status with
        {
            Kind = SensorKind.Tap, Authorization = null, BlocklistVersion = null, TimestampVersion = null, RulesRevision = null, Enforcer = "observe-only", Capabilities = [],
        })),
        ["status-will"] = ("will", Topics.OfflineWill.ToArray()),
        ["report-broad"] = ("report", ReportCodec.Encode(Report)),
        ["report-concern"] = ("report", ReportCodec.Encode(Report with { Cardinalities = [], Flows = [Flow, FlowIPv6] })),
        ["report-health-only"] = ("report", ReportCodec.Encode(new ReportMessage
        {
            Id = Id, WindowStart = Start, WindowEnd = End, Measurement = new MeasurementQuality { PreviousWindowLost = true, ClockOffsetMs = -12 },
        })),
        ["report-empty-window"] = ("report", ReportCodec.Encode(new ReportMessage
        {
            Id = Id, WindowStart = Start, WindowEnd = End, AuthorizationId = "auth-1", Measurement = new MeasurementQuality { DroppedPackets = 0 }, Total = default(Counters),
        })),
        ["report-exports"] = ("report", ReportCodec.Encode(new ReportMessage
        {
            Id = Id, WindowStart = Start, WindowEnd = End, AuthorizationId = "auth-1", Total = new Counters(123_456, 98_765_432, 789),
            Measurement = new MeasurementQuality { SamplingPopulation = 1024, UnknownSamplingPackets = 77, MissingExports = 6 },
        })),
        ["report-sampled"] = ("report", ReportCodec.Encode(new ReportMessage
        {
            Id = Id, WindowStart = Start, WindowEnd = End, AuthorizationId = "auth-1", Total = new Counters(2_700, 1_350_000, 31),
            Measurement = new MeasurementQuality { SamplingSize = 2_700, SamplingPopulation = 330_000, DroppedPackets = 0, Bounds = new(9_876, 160_000_000, 5_432_100) },
        })),
        ["alert-scan"] = ("alert", AlertCodec.Encode(Alert)),
        ["alert-flood"] = ("alert", AlertCodec.Encode(Alert with
        {
            Detector = DetectorKind.Flood, Technique = "T1498.001", Indicator = Own,
            Evidence = Alert.Evidence with { SourceProven = false, PeakPacketsPerSecond = 22_322, Sampled = true },
        })),
        ["receipt-applied"] = ("receipt", ReceiptCodec.Encode(Receipt)),
        ["receipt-refused"] = ("receipt", ReceiptCodec.Encode(Receipt with { Refusal = "tuf-rollback", Rules = [], TimestampVersion = null })),
        ["ack"] = ("ack", AckCodec.Encode(new AckMessage(Id))),
        ["fetch"] = ("fetch", FetchCodec.Encode(new FetchMessage(new byte[32], 8192, 8192))),
        ["chunk"] = ("chunk", FetchCodec.Encode(new ChunkMessage(new byte[32], 0, 5, "hello"u8.ToArray()))),
    };

    private static StatusMessage Status => new()
    {
        Id = Id,
        ObservedAt = End,
        Kind = SensorKind.Agent,
        SoftwareVersion = "0.1.0",
        Capabilities = ["nftables", "af-packet-v3"],
        Authorization = new AuthorizationInForce("auth-1", CollectionLevel.Concern, new UnixMilliseconds(1_800_000_000_000)),
        BlocklistVersion = 7,
        TimestampVersion = 1234,
        RulesRevision = 9,
        Witness = "none",
        Enforcer = "nftables",
        Outbox = new OutboxHealth(3, 4096, 0, 0, 0),
    };

    private static ReportMessage Report => new()
    {
        Id = Id,
        WindowStart = Start,
        WindowEnd = End,
        AuthorizationId = "auth-1",
        Measurement = new MeasurementQuality
        {
            SamplingSize = 1, SamplingPopulation = 100, DroppedPackets = 3, ClockOffsetMs = 15, MalformedPackets = 2, EvictedFlows = 1, DomesticPackets = 1000, PrefixesBelowK = 4,
            FlowsOutOfScope = 5,
        },
        Total = new Counters(123_456, 98_765_432, 789),
        Directions = [new(TrafficDirection.Inbound, new(100_000, 90_000_000, 700)), new(TrafficDirection.Transit, new(1, 40, 1))],
        Protocols = [new(6, new(100_000, 90_000_000, 700)), new(17, new(20_000, 8_000_000, 80))],
        Services = [new(6, 443, new(90_000, 89_000_000, 600))],
        Cardinalities = [new() { Name = "other-addresses", Hash = "xxh3-64", Seed = 1, Precision = 4, Registers = new byte[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } }],
        Entropies = [new(7, 15_321), new(11, 2_040)],
        PacketSizes = [1, 2, 3, 4, 5, 6, 7, 8],
        TcpFlags = [8, 7, 6, 5, 4, 3, 2, 1],
        TopPrefixes = [new(Prefix.Parse("203.0.113.0/24"), 12, new(500, 40_000, 20)), new(Prefix.Parse("2001:db8:1::/48"), 11, new(5, 400, 2))],
    };

    private static PickedFlow Flow => new()
    {
        Reason = DetectorKind.PortFanOut,
        Direction = TrafficDirection.Inbound,
        Source = Attacker,
        Destination = Own,
        ProtocolIdentifier = 6,
        SourcePort = 40_000,
        DestinationPort = 22,
        Start = Start,
        End = End,
        Packets = 1,
        Octets = 44,
        ReversePackets = 1,
        ReverseOctets = 40,
        TcpControlBits = 0x02,
        ReverseTcpControlBits = 0x14,
        EndReason = 3,
    };

    private static PickedFlow FlowIPv6 => Flow with
    {
        Source = Own, Destination = FlowEnd.Clear(Prefix.Parse("2001:db8::1")), Direction = TrafficDirection.Outbound, ProtocolIdentifier = 58, SourcePort = 0, DestinationPort = 0,
        TcpControlBits = 0, ReverseTcpControlBits = 0, ReversePackets = 0, ReverseOctets = 0, EndReason = 0,
    };

    private static AlertMessage Alert => new()
    {
        Id = Id,
        ObservedAt = End,
        AuthorizationId = "auth-1",
        EventId = 5,
        Detector = DetectorKind.PortFanOut,
        Technique = "T1046",
        Indicator = Attacker,
        Direction = TrafficDirection.Inbound,
        Confidence = 95,
        Evidence = new AlertEvidence
        {
            FirstSeen = Start, LastSeen = End, Packets = 1000, Octets = 44_000, Attempts = 1000, FailedAttempts = 998, DistinctAddresses = 1, DistinctPorts = 1000, PeakPacketsPerSecond = 400,
            SourceProven = true,
        },
    };

    private static ReceiptMessage Receipt => new()
    {
        Id = Id,
        ObservedAt = End,
        TimestampVersion = 1234,
        RulesRevision = 9,
        Witness = "none",
        Enforcer = "nftables",
        Rules =
        [
            new() { RuleId = "rule-1", State = RuleState.Enforced, HitPackets = 17, HitOctets = 748 },
            new() { RuleId = "rule-2", State = RuleState.Refused, Reason = "owner-allowlist" },
        ],
    };
}
