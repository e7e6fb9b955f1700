namespace EdgeSensors.Protocol.Encoding;

/// <summary>
/// Map keys. Below 40,000: an IPFIX information element's number (IANA), negative for its reverse (RFC 5103). Above: ours.
/// A key is never given a second meaning.
/// </summary>
internal static class Keys
{
    public const int OctetDeltaCount = 1;
    public const int PacketDeltaCount = 2;
    public const int DeltaFlowCount = 3;
    public const int ProtocolIdentifier = 4;
    public const int TcpControlBits = 6;
    public const int SourceTransportPort = 7;
    public const int SourceIPv4Address = 8;
    public const int DestinationTransportPort = 11;
    public const int DestinationIPv4Address = 12;
    public const int SourceIPv6Address = 27;
    public const int DestinationIPv6Address = 28;
    public const int DroppedPacketDeltaCount = 133;
    public const int FlowEndReason = 136;
    public const int FlowStartMilliseconds = 152;
    public const int FlowEndMilliseconds = 153;
    public const int SamplingSize = 309;
    public const int SamplingPopulation = 310;
    public const int ObservationTimeMilliseconds = 323;

    // Every message from a sensor
    public const int Version = 40_000;
    public const int Epoch = 40_001;
    public const int Sequence = 40_002;
    public const int AuthorizationId = 40_003;
    public const int Direction = 40_004;

    // status
    public const int Kind = 40_010;
    public const int SoftwareVersion = 40_011;
    public const int Capabilities = 40_012;
    public const int Authorization = 40_013;
    public const int BlocklistVersion = 40_014;
    public const int TimestampVersion = 40_015;
    public const int RulesRevision = 40_016;
    public const int Witness = 40_017;
    public const int Enforcer = 40_018;
    public const int Outbox = 40_019;
    public const int BlocklistCapacity = 40_020;

    // report
    public const int Measurement = 40_030;
    public const int Total = 40_031;
    public const int Directions = 40_032;
    public const int Protocols = 40_033;
    public const int Services = 40_034;
    public const int Cardinalities = 40_035;
    public const int Entropies = 40_036;
    public const int PacketSizes = 40_037;
    public const int TcpFlags = 40_038;
    public const int TopPrefixes = 40_039;
    public const int Flows = 40_040;
    public const int ClockOffset = 40_041;
    public const int MalformedPackets = 40_042;
    public const int EvictedFlows = 40_043;
    public const int PreviousWindowLost = 40_044;
    public const int DomesticPackets = 40_045;
    public const int PrefixesBelowK = 40_046;
    public const int FlowsOutOfScope = 40_047;
    public const int UnknownSamplingPackets = 40_048;
    public const int MissingExports = 40_049;
    public const int SketchName = 40_050;
    public const int SketchHash = 40_051;
    public const int SketchSeed = 40_052;
    public const int SketchPrecision = 40_053;
    public const int SketchRegisters = 40_054;
    public const int SamplingBounds = 40_055;

    // picked flow
    public const int Reason = 40_060;
    public const int SourcePseudonym = 40_061;
    public const int DestinationPseudonym = 40_062;

    // alert
    public const int EventId = 40_070;
    public const int Detector = 40_071;
    public const int Technique = 40_072;
    public const int IndicatorAddress = 40_073;
    public const int IndicatorPseudonym = 40_074;
    public const int Confidence = 40_075;
    public const int Evidence = 40_076;
    public const int Attempts = 40_077;
    public const int FailedAttempts = 40_078;
    public const int DistinctAddresses = 40_079;
    public const int DistinctPorts = 40_080;
    public const int PeakPacketsPerSecond = 40_081;
    public const int SourceProven = 40_082;
    public const int Sampled = 40_083;

    // receipt
    public const int Refusal = 40_090;
    public const int Rules = 40_091;
    public const int RuleId = 40_092;
    public const int RuleState = 40_093;
    public const int RuleReason = 40_094;

    // fetch and chunk
    public const int Sha256 = 40_100;
    public const int Offset = 40_101;
    public const int Length = 40_102;
    public const int TotalLength = 40_103;
    public const int Data = 40_104;
}
