using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <summary>Where a mitigation stands.</summary>
internal enum MitigationState
{
    /// <summary>Somebody asks for it.</summary>
    Proposed,

    /// <summary>A person or the policy said yes; it is being signed.</summary>
    Approved,

    /// <summary>It is in the signed rule set.</summary>
    Published,

    /// <summary>At least one sensor says that it carries it out.</summary>
    Enforced,

    /// <summary>Its time ran out.</summary>
    Expired,

    /// <summary>It was taken back, or turned down while proposed.</summary>
    Revoked,
}

/// <summary>One measure against an address, a prefix or a connection of one, from proposal to end.</summary>
internal sealed record Mitigation
{
    public required string Id { get; init; }

    public required SlpfTarget Target { get; init; }

    public SlpfDirection Direction { get; init; }

    public required MitigationStep Step { get; init; }

    /// <summary>Where it is to be carried out.</summary>
    public required IReadOnlyList<SensorPattern> Sensors { get; init; }

    public required string Reason { get; init; }

    /// <summary>The incident it rests on; null when a person proposed it without one.</summary>
    public long? Incident { get; init; }

    public IReadOnlyList<string> Alerts { get; init; } = [];

    /// <summary>The grant it rests on.</summary>
    public required GrantRef Grant { get; init; }

    /// <summary>How long it is to last from its approval.</summary>
    public required TimeSpan Duration { get; init; }

    public required MitigationState State { get; init; }

    /// <summary>A person's name, or <c>policy</c>.</summary>
    public required string ProposedBy { get; init; }

    public required UnixMilliseconds ProposedAt { get; init; }

    public string? ApprovedBy { get; init; }

    /// <summary>The moment of the approval: the rule's start.</summary>
    public UnixMilliseconds? ApprovedAt { get; init; }

    public UnixMilliseconds? PublishedAt { get; init; }

    /// <summary>The first revision of the rule set that holds it.</summary>
    public long? Revision { get; init; }

    public string? EndedBy { get; init; }

    public UnixMilliseconds? EndedAt { get; init; }

    public string? EndReason { get; init; }

    public IReadOnlyList<MitigationReceipt> Receipts { get; init; } = [];

    /// <summary>The first moment it holds no more; null before its approval.</summary>
    public UnixMilliseconds? StopTime => ApprovedAt is { } at ? new(at.Value + (long)Duration.TotalMilliseconds) : null;

    /// <summary>Whether it belongs in the rule set at a moment.</summary>
    public bool IsActive(UnixMilliseconds now) =>
        State is MitigationState.Approved or MitigationState.Published or MitigationState.Enforced && now < StopTime;

    public bool IsOpen => State is not (MitigationState.Expired or MitigationState.Revoked);

    /// <summary>Its place in the signed rule set; only for one that was approved.</summary>
    public MitigationRule ToRule() => new()
    {
        Id = DocumentId.Parse(Id),
        Grant = Grant,
        OpenC2 = new SlpfCommand
        {
            Target = Target,
            Direction = Direction,
            DropProcess = SlpfDropProcess.None,
            StartTime = ApprovedAt!.Value,
            StopTime = StopTime!.Value,
        },
        ReasonText = Reason,
        ReasonAlerts = [.. Alerts.Take(64)],
        Sensors = Sensors,
        Step = Step,
        ExpectedCollateral = Target.Net is { IsSingleAddress: true } ? "whoever else uses this one address"
            : Target.Net is not null ? $"whoever else uses an address of {Target}"
            : $"whoever else sends {Target}",
        NotAfter = StopTime!.Value,
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
}
