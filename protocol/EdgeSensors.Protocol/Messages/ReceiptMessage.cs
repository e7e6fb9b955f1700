namespace EdgeSensors.Protocol;

/// <summary>What a sensor made of an update, and how often its rules have hit.</summary>
public sealed record ReceiptMessage
{
    /// <summary>Most entries of <see cref="Rules"/>.</summary>
    public const int MaxRules = 512;

    /// <summary>Its place in the sensor's outbox.</summary>
    public required MessageId Id { get; init; }

    /// <summary>When it was written, by the sensor's clock.</summary>
    public required UnixMilliseconds ObservedAt { get; init; }

    /// <summary>Version of the TUF timestamp that it answers; none when only hits are told.</summary>
    public ulong? TimestampVersion { get; init; }

    /// <summary>Revision of the rule set in force after it; none when none is.</summary>
    public ulong? RulesRevision { get; init; }

    /// <summary>The witness whose cosignature was checked, as a token; <c>none</c> until there is one.</summary>
    public required string Witness { get; init; }

    /// <summary>What carried the rules out, as a token.</summary>
    public required string Enforcer { get; init; }

    /// <summary>Set when the update as a whole was refused: why, as a token such as <c>tuf-expired</c>.</summary>
    public string? Refusal { get; init; }

    /// <summary>What became of each rule.</summary>
    public IReadOnlyList<RuleOutcome> Rules { get; init; } = [];
}

/// <summary>What became of one rule on one sensor.</summary>
public sealed record RuleOutcome
{
    /// <summary>The rule's id: <c>a-z0-9-</c>, at most 64.</summary>
    public required string RuleId { get; init; }

    /// <summary>What became of it.</summary>
    public required RuleState State { get; init; }

    /// <summary>Why it was refused or lifted, as a token such as <c>owner-allowlist</c>; none when it stands.</summary>
    public string? Reason { get; init; }

    /// <summary>Packets it has hit.</summary>
    public ulong HitPackets { get; init; }

    /// <summary>Their octets.</summary>
    public ulong HitOctets { get; init; }
}

/// <summary>The states of a rule on a sensor.</summary>
public enum RuleState
{
    /// <summary>Carried out.</summary>
    Enforced = 1,

    /// <summary>Counted, not carried out.</summary>
    Observed = 2,

    /// <summary>Not applied; the reason says why.</summary>
    Refused = 3,

    /// <summary>Ran out.</summary>
    Expired = 4,

    /// <summary>Taken back.</summary>
    Revoked = 5,
}
