using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Tests.Documents;

/// <summary>One of each document, with every member in use.</summary>
internal static class Samples
{
    public static readonly UnixMilliseconds Start = new(1_900_000_000_000);
    public static readonly UnixMilliseconds End = new(1_900_003_600_000);

    public static CollectionAuthorization Authorization => new()
    {
        Id = DocumentId.Parse("auth-1"),
        Operator = OperatorId.Parse("carrier-a"),
        Sensor = SensorId.Parse("edge-01"),
        Basis = CollectionBasis.Authorization,
        Network = NetworkKind.Carrier,
        Level = CollectionLevel.Targeted,
        Directions = FlowDirections.Inbound | FlowDirections.Transit,
        OwnPrefixes = [Prefix.Parse("192.0.2.0/24"), Prefix.Parse("2001:db8::/32")],
        K = 5,
        Selectors =
        [
            new FlowSelector { End = SelectorEnd.Other, Prefix = Prefix.Parse("198.51.100.7"), Fields = ["sourceIPv4Address", "octetDeltaCount"] },
            new FlowSelector { End = SelectorEnd.Own, Port = 2323, Fields = ["protocolIdentifier"] },
        ],
        PseudonymKey = new SealedPseudonymKey(new byte[32], new byte[48]),
        NotBefore = Start,
        NotAfter = End,
    };

    public static DomesticPrefixTable Domestic => new() { Version = 3, Prefixes = [Prefix.Parse("203.0.113.0/24"), Prefix.Parse("2001:db8:1::/48")] };

    public static AddressList Listed => new()
    {
        Version = 9,
        Entries = [new ListedPrefix(Prefix.Parse("198.51.100.1"), DocumentId.Parse("c2")), new ListedPrefix(Prefix.Parse("2001:db8::1"), DocumentId.Parse("scanner"))],
    };

    public static Grant Grant => new()
    {
        Id = DocumentId.Parse("scanners"),
        Issuer = OperatorId.Parse("national-soc"),
        Actions = new HashSet<MitigationStep> { MitigationStep.Drop, MitigationStep.Observe },
        MinPrefixLengthV4 = 24,
        MinPrefixLengthV6 = 64,
        MaxDurationMs = 3_600_000,
        MaxRules = 2,
        Sensors = [SensorPattern.Parse("carrier-a/*"), SensorPattern.Parse("carrier-b/edge-09")],
        ExcludedPrefixes = [Prefix.Parse("203.0.113.0/24")],
        Tiers = [Single, Wide],
        NotBefore = Start,
        NotAfter = End,
    };

    /// <summary>One person, one proven attacker, at once.</summary>
    public static GrantTier Single => new()
    {
        Id = DocumentId.Parse("single"),
        Actions = new HashSet<MitigationStep> { MitigationStep.Drop, MitigationStep.RateLimit, MitigationStep.Observe },
        MinPrefixLengthV4 = 32,
        MinPrefixLengthV6 = 128,
        MaxDurationMs = 3_600_000,
        Proven = true,
        Approvals = 1,
        PolicyCounts = true,
        Bounds = new RevertBounds { Complaints = 2, RefusedPercent = 50, LostPercent = 50 },
    };

    /// <summary>Two persons, over two stages of canaries.</summary>
    public static GrantTier Wide => new()
    {
        Id = DocumentId.Parse("wide"),
        Actions = new HashSet<MitigationStep> { MitigationStep.Drop, MitigationStep.Observe },
        MinPrefixLengthV4 = 24,
        MinPrefixLengthV6 = 64,
        MaxDurationMs = 3_600_000,
        Approvals = 2,
        PolicyCounts = true,
        Approvers = [OperatorId.Parse("alice"), OperatorId.Parse("bob")],
        Stages =
        [
            new RolloutStage { SharePercent = 10, MaxSensors = 2, SoakMs = 60_000, AppliedPercent = 100, RefusedPercent = 0 },
            new RolloutStage { SharePercent = 50, MaxSensors = 4, Sensors = [SensorPattern.Parse("carrier-b/*")], SoakMs = 600_000, AppliedPercent = 80, RefusedPercent = 10 },
        ],
        Bounds = new RevertBounds { Complaints = 1, RefusedPercent = 20, LostPercent = 50, Hits = new HitBound(10, 100_000) },
    };

    public static MitigationRule Rule => new()
    {
        Id = DocumentId.Parse("rule-1"),
        Grant = new GrantRef(OperatorId.Parse("national-soc"), DocumentId.Parse("scanners")),
        OpenC2 = new SlpfCommand
        {
            Target = Prefix.Parse("198.51.100.7"),
            Direction = SlpfDirection.Ingress,
            DropProcess = SlpfDropProcess.None,
            StartTime = Start,
            StopTime = End,
        },
        Tier = Single.Id,
        Approvals = new RuleApprovals(1, true),
        Stage = 0,
        Because = "the source answered, so it is no forgery",
        ReasonText = "scanned 4,000 ports",
        ReasonAlerts = ["a-1", "a-2"],
        Sensors = [SensorPattern.Parse("carrier-a/*")],
        Step = MitigationStep.Drop,
        ExpectedCollateral = "none: one address, seen scanning only",
        NotAfter = End,
        RevertAtHits = 1_000_000,
    };

    public static BlocklistEnforcement Enforcement => new()
    {
        Version = 4,
        Categories =
        [
            new EnforcedCategory(DocumentId.Parse("c2"), MitigationStep.Drop, SlpfDirection.Both),
            new EnforcedCategory(DocumentId.Parse("scanner"), MitigationStep.Observe, SlpfDirection.Ingress),
        ],
        Sensors = [SensorPattern.Parse("carrier-a/*")],
        MaxEntries = 1_000_000,
        MinPrefixLengthV4 = 24,
        MinPrefixLengthV6 = 48,
        Tiers = [16_384, 262_144],
        NotBefore = Start,
        NotAfter = End,
    };

    public static RuleSet Connections => new()
    {
        Revision = 13,
        Rules = [Rule with { OpenC2 = Rule.OpenC2 with { Target = SlpfTarget.Parse("udp 198.51.100.7:53 > 192.0.2.0/24:4000") } }],
    };

    public static RuleSet Rules => new() { Revision = 12, Rules = [Rule, Rule with { Id = DocumentId.Parse("rule-2"), RevertAtHits = null }] };
}
