using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <summary>Where a mitigation stands.</summary>
internal enum MitigationState
{
    /// <summary>Somebody asks for it; it has not as many approvals as its tier asks for.</summary>
    Proposed,

    /// <summary>Enough said yes; it is being signed.</summary>
    Approved,

    /// <summary>It is in the signed rule set.</summary>
    Published,

    /// <summary>At least one sensor says that it carries it out.</summary>
    Enforced,

    /// <summary>Its time ran out.</summary>
    Expired,

    /// <summary>It was taken back, or turned down while proposed.</summary>
    Revoked,

    /// <summary>It took itself back: a signed bound was crossed, or its grant no longer covers it.</summary>
    Reverted,

    /// <summary>The next rung of the ladder took its place.</summary>
    Superseded,
}

/// <summary>One measure against an address, a prefix or a connection of one, from draft to end.</summary>
internal sealed record Mitigation
{
    public required string Id { get; init; }

    public required SlpfTarget Target { get; init; }

    public SlpfDirection Direction { get; init; }

    public required MitigationStep Step { get; init; }

    /// <summary>Why it is at this rung of the ladder; empty at the lowest only.</summary>
    public string Because { get; init; } = "";

    /// <summary>The mitigation whose place it takes; null when it begins anew.</summary>
    public string? Escalates { get; init; }

    /// <summary>Where it is to be carried out in the end.</summary>
    public required IReadOnlyList<SensorPattern> Sensors { get; init; }

    public required string Reason { get; init; }

    /// <summary>The incident it rests on; null when a person proposed it without one.</summary>
    public long? Incident { get; init; }

    public IReadOnlyList<string> Alerts { get; init; } = [];

    /// <summary>The grant it rests on.</summary>
    public required GrantRef Grant { get; init; }

    /// <summary>The tier of the grant that it keeps to.</summary>
    public required DocumentId Tier { get; init; }

    /// <summary>How long it is to last from its approval.</summary>
    public required TimeSpan Duration { get; init; }

    public required MitigationState State { get; init; }

    /// <summary>A person's name, or <c>policy</c>.</summary>
    public required string ProposedBy { get; init; }

    public required UnixMilliseconds ProposedAt { get; init; }

    /// <summary>What it would have hit; from its draft, then from its latest approval.</summary>
    public ImpactEstimate? Impact { get; init; }

    /// <summary>Everybody who said yes, the first first.</summary>
    public IReadOnlyList<Approval> Approvals { get; init; } = [];

    /// <summary>The moment of the last approval it needed: the rule's start.</summary>
    public UnixMilliseconds? ApprovedAt { get; init; }

    /// <summary>More hits than this take it back; null when hits do not.</summary>
    public long? HitBound { get; init; }

    /// <summary>The stage of canaries it is in; the number of the tier's stages at the fleet.</summary>
    public int Stage { get; init; }

    /// <summary>Where it is carried out in this stage: the canaries, or <see cref="Sensors"/> at the fleet. Empty while there is no canary to begin with.</summary>
    public IReadOnlyList<SensorPattern> StageSensors { get; init; } = [];

    /// <summary>When it entered this stage.</summary>
    public UnixMilliseconds? StageAt { get; init; }

    /// <summary>When this stage was signed, witnessed and announced; its soak time counts from there.</summary>
    public UnixMilliseconds? StagePublishedAt { get; init; }

    public UnixMilliseconds? PublishedAt { get; init; }

    /// <summary>The first revision of the rule set that holds it.</summary>
    public long? Revision { get; init; }

    public string? EndedBy { get; init; }

    public UnixMilliseconds? EndedAt { get; init; }

    public string? EndReason { get; init; }

    public IReadOnlyList<Complaint> Complaints { get; init; } = [];

    public IReadOnlyList<MitigationReceipt> Receipts { get; init; } = [];

    /// <summary>The first moment it holds no more; null before its approval.</summary>
    public UnixMilliseconds? StopTime => ApprovedAt is { } at ? new(at.Value + (long)Duration.TotalMilliseconds) : null;

    /// <summary>Whether it belongs in the rule set at a moment.</summary>
    public bool IsActive(UnixMilliseconds now) => IsRunning && StageSensors.Count > 0 && now < StopTime;

    /// <summary>Whether it was approved and has not ended.</summary>
    public bool IsRunning => State is MitigationState.Approved or MitigationState.Published or MitigationState.Enforced;

    public bool IsOpen => State is MitigationState.Proposed || IsRunning;

    /// <summary>Whether a partner asked for it and nobody has approved it: it counts to nothing, and stands in nobody's way.</summary>
    public bool IsMerelyAsked => State is MitigationState.Proposed && Approvals.Count == 0 && ProposedBy.StartsWith(Mitigations.PartnerPrefix, StringComparison.Ordinal);

    /// <summary>Packets that it has hit at all sensors, as far as they are believed.</summary>
    public ulong HitPackets => Hits.Sum(Receipts.Where(receipt => receipt.IsBelieved).Select(receipt => receipt.HitPackets));

    /// <summary>Their octets.</summary>
    public ulong HitOctets => Hits.Sum(Receipts.Where(receipt => receipt.IsBelieved).Select(receipt => receipt.HitOctets));

    public bool IsFor(SensorName sensor) => Sensors.Any(pattern => pattern.Matches(sensor.Operator, sensor.Sensor));

    /// <summary>Whether its rule went to a sensor: it is one of its stage, or was when it ended.</summary>
    public bool WasSentTo(SensorName sensor) => ApprovedAt is not null && StageSensors.Any(pattern => pattern.Matches(sensor.Operator, sensor.Sensor));

    public RuleApprovals ToRuleApprovals() => new(
        Math.Min(GrantTier.MaxApprovals, Approvals.Count(approval => !approval.By.IsPolicy)), Approvals.Any(approval => approval.By.IsPolicy));

    /// <summary>Its place in the signed rule set; only for one that was approved.</summary>
    public MitigationRule ToRule() => new()
    {
        Id = DocumentId.Parse(Id),
        Grant = Grant,
        Tier = Tier,
        Approvals = ToRuleApprovals(),
        Stage = Stage,
        OpenC2 = new SlpfCommand
        {
            Target = Target,
            Direction = Direction,
            DropProcess = SlpfDropProcess.None,
            StartTime = ApprovedAt!.Value,
            StopTime = StopTime!.Value,
        },
        ReasonText = Reason,
        Because = Because,
        ReasonAlerts = [.. Alerts.Take(64)],
        Sensors = StageSensors,
        Step = Step,
        ExpectedCollateral = Impact?.ToText() ?? "not estimated",
        NotAfter = StopTime!.Value,
        RevertAtHits = HitBound,
    };
}

/// <summary>What one sensor last said of one mitigation.</summary>
internal sealed record MitigationReceipt
{
    public required SensorName Sensor { get; init; }

    public required RuleState State { get; init; }

    public string? Reason { get; init; }

    public required string Enforcer { get; init; }

    /// <summary>By the sensor's clock.</summary>
    public required UnixMilliseconds ObservedAt { get; init; }

    /// <summary>By the hub's clock.</summary>
    public required UnixMilliseconds ReceivedAt { get; init; }

    public ulong HitPackets { get; init; }

    public ulong HitOctets { get; init; }

    /// <summary>Whether its figures count, see <see cref="Hits"/>.</summary>
    public bool IsBelieved => HitPackets != Hits.NotBelieved;

    /// <summary>Whether the sensor carries it out, or counts what it would hit.</summary>
    public bool IsApplied => State is RuleState.Enforced or RuleState.Observed;

    /// <summary>Whether the sensor would not carry it out. One that waits for its own clock has not refused.</summary>
    public bool IsRefused => State is RuleState.Refused && Reason != "not-started";

    /// <summary>Whether the sensor took it back by itself at its bound of hits.</summary>
    public bool IsAtHitBound => State is RuleState.Expired && Reason == "hit-bound";
}
