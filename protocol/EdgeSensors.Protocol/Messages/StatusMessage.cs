namespace EdgeSensors.Protocol;

/// <summary>What a sensor is and what is in force on it; retained on its <c>status</c> topic.</summary>
public sealed record StatusMessage
{
    /// <summary>Its place in the sensor's outbox.</summary>
    public required MessageId Id { get; init; }

    /// <summary>When it was written, by the sensor's clock (observationTimeMilliseconds, IPFIX 323).</summary>
    public required UnixMilliseconds ObservedAt { get; init; }

    /// <summary>Which program it is.</summary>
    public required SensorKind Kind { get; init; }

    /// <summary>The program's version: letters, digits, <c>.</c>, <c>-</c>, <c>+</c>, at most 32.</summary>
    public required string SoftwareVersion { get; init; }

    /// <summary>What it can do, as tokens of <c>a-z0-9-</c>, at most 32 of at most 32 characters.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>The authorisation or consent in force; none means that only health is reported.</summary>
    public AuthorizationInForce? Authorization { get; init; }

    /// <summary>Version of the blocklist in force; none before the first.</summary>
    public ulong? BlocklistVersion { get; init; }

    /// <summary>Version of the newest TUF timestamp verified; none before the first.</summary>
    public ulong? TimestampVersion { get; init; }

    /// <summary>Revision of the rule set in force; none before the first.</summary>
    public ulong? RulesRevision { get; init; }

    /// <summary>The witness whose cosignature is in force, as a token; <c>none</c> until there is one.</summary>
    public required string Witness { get; init; }

    /// <summary>What carries out rules: <c>nftables</c>, <c>observe-only</c>, and so on, as a token.</summary>
    public required string Enforcer { get; init; }

    /// <summary>How the outbox stands.</summary>
    public required OutboxHealth Outbox { get; init; }

    /// <summary>Most entries of a blocklist that can be enforced here; none where none are.</summary>
    public ulong? BlocklistCapacity { get; init; }
}

/// <summary>Which program a sensor is.</summary>
public enum SensorKind
{
    /// <summary>An edge agent on Linux.</summary>
    Agent = 1,

    /// <summary>A tap on a microcontroller.</summary>
    Tap = 2,
}

/// <summary>The authorisation or consent that lets a sensor report.</summary>
/// <param name="Id">The document's id: <c>a-z0-9-</c>, at most 64.</param>
/// <param name="Level">How deep it goes.</param>
/// <param name="NotAfter">When it ends.</param>
public sealed record AuthorizationInForce(string Id, CollectionLevel Level, UnixMilliseconds NotAfter);

/// <summary>What waits in an outbox and what it had to drop since its file was made.</summary>
/// <param name="Messages">Messages not yet acknowledged.</param>
/// <param name="Octets">Octets on disk.</param>
/// <param name="DroppedReports">Reports dropped because the outbox was full.</param>
/// <param name="DroppedAlerts">Alerts dropped likewise; the last but receipts to go.</param>
/// <param name="DroppedReceipts">Receipts dropped likewise.</param>
public readonly record struct OutboxHealth(ulong Messages, ulong Octets, ulong DroppedReports, ulong DroppedAlerts, ulong DroppedReceipts);
