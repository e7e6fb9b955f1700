using EdgeSensors.FieldTest.Reporting;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>What the hub knows at a moment, by its API and its inbox.</summary>
/// <param name="Incidents">What it found.</param>
/// <param name="Mitigations">What was decided about it.</param>
/// <param name="FirstReportAt">When it received the sensor's first window; null before.</param>
/// <param name="InForceSince">When the sensor, by its first receipt, put each mitigation in force.</param>
internal sealed record HubState(
    IReadOnlyList<IncidentSeen> Incidents, IReadOnlyList<MitigationSeen> Mitigations, DateTimeOffset? FirstReportAt, IReadOnlyDictionary<string, DateTimeOffset> InForceSince)
{
    /// <summary>Before anything.</summary>
    public static HubState Nothing { get; } = new([], [], null, new Dictionary<string, DateTimeOffset>());
}

/// <summary>One sensor's finding about one address.</summary>
internal sealed record IncidentSeen
{
    /// <summary>The hub's name for it.</summary>
    public required string Id { get; init; }

    /// <summary>Who found it: <c>operator/sensor</c>.</summary>
    public required string Sensor { get; init; }

    /// <summary>An address, or <c>~</c> and a pseudonym.</summary>
    public required string Indicator { get; init; }

    public required string Detector { get; init; }

    public required string Technique { get; init; }

    /// <summary>When the first alert about it came to the hub.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>When this sensor's latest alert about it came.</summary>
    public required DateTimeOffset ToldAt { get; init; }

    /// <summary>Whether its source is known not to be forged.</summary>
    public required bool SourceProven { get; init; }

    public int Confidence { get; init; }

    public long Packets { get; init; }

    public long Attempts { get; init; }

    public long FailedAttempts { get; init; }

    public long DistinctAddresses { get; init; }

    public long DistinctPorts { get; init; }

    public long PeakPacketsPerSecond { get; init; }

    /// <summary>Whether it names an address that can be blocked: who did it, not whom it struck.</summary>
    public bool NamesSource => Detector != "flood" && !Indicator.StartsWith('~');

    /// <summary>What was seen, in words for people.</summary>
    public string Words() => Detector switch
    {
        "port-fan-out" when DistinctAddresses <= 1 => FormattableString.Invariant($"{Indicator} tried {DistinctPorts:N0} ports of 1 address; {FailedAttempts:N0} of {Attempts:N0} attempts failed"),
        "address-fan-out" when DistinctPorts <= 1 => FormattableString.Invariant($"{Indicator} tried {DistinctAddresses:N0} addresses; {FailedAttempts:N0} of {Attempts:N0} attempts failed"),
        "port-fan-out" or "address-fan-out" => FormattableString.Invariant($"{Indicator} tried {DistinctAddresses:N0} addresses and {DistinctPorts:N0} ports; {FailedAttempts:N0} of {Attempts:N0} attempts failed"),
        "flood" => FormattableString.Invariant($"{Whom} was struck by up to {PeakPacketsPerSecond:N0} packets a second"),
        _ => FormattableString.Invariant($"{Detector} about {Whom}: {Packets:N0} packets"),
    };

    /// <summary>The same in Japanese.</summary>
    public string WordsJa() => Detector switch
    {
        "port-fan-out" when DistinctAddresses <= 1 => FormattableString.Invariant($"{Indicator} が 1 アドレスの {DistinctPorts:N0} ポートを試行。{Attempts:N0} 回中 {FailedAttempts:N0} 回失敗"),
        "address-fan-out" when DistinctPorts <= 1 => FormattableString.Invariant($"{Indicator} が {DistinctAddresses:N0} アドレスを試行。{Attempts:N0} 回中 {FailedAttempts:N0} 回失敗"),
        "port-fan-out" or "address-fan-out" => FormattableString.Invariant($"{Indicator} が {DistinctAddresses:N0} アドレス、{DistinctPorts:N0} ポートを試行。{Attempts:N0} 回中 {FailedAttempts:N0} 回失敗"),
        "flood" => FormattableString.Invariant($"{WhomJa} に毎秒最大 {PeakPacketsPerSecond:N0} パケットが集中"),
        _ => FormattableString.Invariant($"{Detector} の検知、対象は {WhomJa}、{Packets:N0} パケット"),
    };

    /// <summary>As the time line tells it when it is found: later alerts may know more, and the table of alerts has what they know at the end.</summary>
    public Title WhenFound() => new(
        $"found when {Words()} ({Technique}; source {(SourceProven ? "proven: it went on after an answer" : "not proven, may be forged")})",
        $"検知時点: {WordsJa()} ({Technique}、送信元は{(SourceProven ? "確認済み: 応答後も通信を継続" : "未確認、詐称の可能性")})");

    private string WhomJa => Indicator.StartsWith('~') ? "内部アドレス(仮名化)" : Indicator;

    private string Whom => Indicator.StartsWith('~') ? "an inside address (pseudonymised)" : Indicator;
}

/// <summary>One measure, from proposal to end.</summary>
internal sealed record MitigationSeen
{
    public required string Id { get; init; }

    /// <summary>The address it is against.</summary>
    public required string Target { get; init; }

    /// <summary><c>proposed</c>, <c>approved</c>, <c>published</c>, <c>enforced</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public required string State { get; init; }

    public required string ProposedBy { get; init; }

    public string? ApprovedBy { get; init; }

    public DateTimeOffset? ApprovedAt { get; init; }

    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>The first revision of the rules that holds it; null before it is published.</summary>
    public long? Revision { get; init; }

    /// <summary>What each sensor says of it.</summary>
    public IReadOnlyList<ReceiptSeen> Receipts { get; init; } = [];

    /// <summary>What the only sensor says of it; null before its receipt.</summary>
    public ReceiptSeen? Receipt => Receipts.Count > 0 ? Receipts[0] : null;
}

/// <summary>What a sensor last said of a measure.</summary>
/// <param name="State"><c>enforced</c>, <c>observed</c>, <c>refused</c>, ….</param>
/// <param name="Reason">Why it was refused; null otherwise.</param>
/// <param name="ObservedAt">By the sensor's clock.</param>
/// <param name="ReceivedAt">By the hub's.</param>
/// <param name="HitPackets">Packets hit so far.</param>
/// <param name="Sensor">Who says it: <c>operator/sensor</c>.</param>
internal sealed record ReceiptSeen(string State, string? Reason, DateTimeOffset ObservedAt, DateTimeOffset ReceivedAt, long HitPackets, string Sensor)
{
    /// <summary>What it says, of a rule against a target.</summary>
    public Title WordsOf(string target)
    {
        var why = Reason is null ? "" : $" ({Reason})";
        var state = State switch { "enforced" => "適用中", "observed" => "観測のみ", "refused" => "拒否", "expired" => "期限切れ", "revoked" => "取り消し", _ => State };
        return new($"the rule against {target} is {State}{why}", $"{target} に対するルール: {state}{why}");
    }
}
