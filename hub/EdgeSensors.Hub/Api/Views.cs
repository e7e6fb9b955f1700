using EdgeSensors.Hub.Correlate;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Store;

namespace EdgeSensors.Hub.Api;

/// <summary>Names of steps and states on the wire: lower case with hyphens.</summary>
internal static class Word
{
    public static string Of<T>(T value)
        where T : struct, Enum => string.Concat(value.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));

    public static bool TryRead<T>(string? text, out T value)
        where T : struct, Enum
    {
        foreach (var candidate in Enum.GetValues<T>())
        {
            if (Of(candidate) == text)
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }
}

/// <summary>An incident. Times are Unix milliseconds; <c>*_seen</c> and <c>observed_at</c> by the packets' clock, the others by the hub's.</summary>
internal sealed record IncidentView(
    long Id, string Indicator, bool SourceProven, int Confidence, IReadOnlyList<string> Techniques, long FirstSeen, long LastSeen, long OpenedAt,
    long UpdatedAt, string? LeftToPeople, IReadOnlyList<EvidenceView> Evidence)
{
    public static IncidentView Of(Incident i, Policy policy) => new(
        i.Id, i.Indicator, i.SourceProven, i.Confidence, i.Techniques, i.FirstSeen.Value, i.LastSeen.Value, i.OpenedAt.Value, i.UpdatedAt.Value,
        policy.Objection(i), [.. i.Evidence.Select(EvidenceView.Of)]);
}

/// <summary>What one sensor saw of an incident.</summary>
internal sealed record EvidenceView(
    string Alert, string Sensor, string Detector, string Technique, string Direction, string Authorization, int Confidence, bool SourceProven,
    long FirstSeen, long LastSeen, long ObservedAt, long ReceivedAt, ulong Packets, ulong Octets, ulong Attempts, ulong FailedAttempts,
    ulong DistinctAddresses, ulong DistinctPorts, ulong PeakPacketsPerSecond)
{
    public static EvidenceView Of(Evidence e) => new(
        e.AlertId, e.Sensor.ToString(), Word.Of(e.Detector), e.Technique, Word.Of(e.Direction), e.AuthorizationId, e.Confidence, e.SourceProven,
        e.FirstSeen.Value, e.LastSeen.Value, e.ObservedAt.Value, e.ReceivedAt.Value, e.Packets, e.Octets, e.Attempts, e.FailedAttempts,
        e.DistinctAddresses, e.DistinctPorts, e.PeakPacketsPerSecond);
}

/// <summary>
/// A mitigation. Times are Unix milliseconds by the hub's clock. <c>stage</c> counts from 0; at <c>stages</c> it has reached the fleet. <c>outlook</c> says why it is where it is.
/// </summary>
internal sealed record MitigationView(
    string Id, string Target, string Direction, string Step, string Because, string? Escalates, string State, string Outlook, IReadOnlyList<string> Sensors, string Reason, long? Incident,
    IReadOnlyList<string> Alerts, string Grant, string Tier, double DurationMinutes, string ProposedBy, long ProposedAt, int ApprovalsNeeded, IReadOnlyList<ApprovalView> Approvals,
    string? ApprovedBy, long? ApprovedAt, int Stage, int Stages, IReadOnlyList<string> StageSensors, long? StageAt, long? StagePublishedAt, long? PublishedAt, long? StopTime,
    long? Revision, string? EndedBy, long? EndedAt, string? EndReason, ImpactView? Impact, long? HitBound, ulong HitPackets, ulong HitOctets,
    IReadOnlyList<ComplaintView> Complaints, IReadOnlyList<ReceiptView> Receipts)
{
    public static MitigationView Of(Mitigation m, Mitigations mitigations)
    {
        var tier = mitigations.TierOf(m);
        return new(
            m.Id, m.Target.ToString(), Word.Of(m.Direction), Word.Of(m.Step), m.Because, m.Escalates, Word.Of(m.State), mitigations.Outlook(m), [.. m.Sensors.Select(s => s.ToString())], m.Reason,
            m.Incident, m.Alerts, m.Grant.ToString(), m.Tier.Text, m.Duration.TotalMinutes, m.ProposedBy, m.ProposedAt.Value, tier?.Approvals ?? 0,
            [.. m.Approvals.Select(ApprovalView.Of)], m.Approvals.Count == 0 ? null : string.Join(", ", m.Approvals.Select(a => a.By.Name)), m.ApprovedAt?.Value, m.Stage,
            tier?.Stages.Count ?? 0, [.. m.StageSensors.Select(s => s.ToString())], m.StageAt?.Value, m.StagePublishedAt?.Value, m.PublishedAt?.Value, m.StopTime?.Value,
            m.Revision, m.EndedBy, m.EndedAt?.Value, m.EndReason, m.Impact is null ? null : ImpactView.Of(m.Impact), m.HitBound, m.HitPackets,
            m.HitOctets, [.. m.Complaints.Select(ComplaintView.Of)], [.. m.Receipts.Select(ReceiptView.Of)]);
    }
}

/// <summary>Who said yes, and by which certificate (SHA-256); none for the policy.</summary>
internal sealed record ApprovalView(string By, string? Certificate, long At)
{
    public static ApprovalView Of(Approval a) => new(a.By.Name, a.By.Certificate, a.At.Value);
}

/// <summary>Who complained, for which operator.</summary>
internal sealed record ComplaintView(string Operator, string By, long At, string Reason)
{
    public static ComplaintView Of(Complaint c) => new(c.Operator, c.By, c.At.Value, c.Reason);
}

/// <summary>What a complaint led to: all that the owner of a sensor is told.</summary>
internal sealed record ComplainedView(string Id, string Target, string Step, string State, int Complaints);

/// <summary>What a mitigation would have hit: at least this. Packets and octets are scaled by sampling.</summary>
internal sealed record ImpactView(
    bool Known, long At, double WindowHours, long Flows, double Packets, double Octets, long OwnAddresses, IReadOnlyList<SensorImpact> Sensors,
    IReadOnlyList<ServiceImpact> Services, NeighbourhoodImpact? Neighbourhood, IReadOnlyList<string> Unknown, string Text)
{
    public static ImpactView Of(ImpactEstimate i) => new(
        i.IsKnown, i.At.Value, i.Window.TotalHours, i.Flows, Math.Round(i.Packets), Math.Round(i.Octets), i.OwnEnds, i.Sensors, i.Services, i.Neighbourhood, i.Unknown, i.ToText());
}

/// <summary>Whose activations are stopped; <c>*</c> for everybody's.</summary>
internal sealed record HoldView(string Issuer, string By, long At, string Reason)
{
    public static HoldView Of(Hold h) => new(h.Issuer, h.By, h.At.Value, h.Reason);
}

/// <summary>What the kill switch did.</summary>
internal sealed record StoppedView(HoldView Hold, int Revoked);

/// <summary>What one sensor last said of a mitigation; its hits are 0 where they are not believed.</summary>
internal sealed record ReceiptView(
    string Sensor, string State, string? Reason, string Enforcer, long ObservedAt, long ReceivedAt, ulong HitPackets, ulong HitOctets, bool Believed)
{
    public static ReceiptView Of(MitigationReceipt r) => new(
        r.Sensor.ToString(), Word.Of(r.State), r.Reason, r.Enforcer, r.ObservedAt.Value, r.ReceivedAt.Value, r.IsBelieved ? r.HitPackets : 0, r.HitOctets, r.IsBelieved);
}

/// <summary>What one sensor last said of one category of the blocklist.</summary>
internal sealed record ListReceiptView(string Category, ReceiptView Receipt);

/// <summary>A sensor and what it last said of itself.</summary>
internal sealed record SensorView(
    string Name, bool Connected, string Kind, string SoftwareVersion, IReadOnlyList<string> Capabilities, string? Authorization, string? Level,
    long? AuthorizedUntil, ulong? TimestampVersion, ulong? RulesRevision, string Witness, string Enforcer, ulong OutboxMessages, ulong DroppedReports,
    ulong DroppedAlerts, ulong DroppedReceipts, ulong? BlocklistCapacity, long StatusAt)
{
    public static SensorView Of(SensorRecord s, bool connected) => new(
        s.Name.ToString(), connected, Word.Of(s.Status.Kind), s.Status.SoftwareVersion, s.Status.Capabilities, s.Status.Authorization?.Id,
        s.Status.Authorization is { } a ? Word.Of(a.Level) : null, s.Status.Authorization?.NotAfter.Value, s.Status.TimestampVersion,
        s.Status.RulesRevision, s.Status.Witness, s.Status.Enforcer, s.Status.Outbox.Messages, s.Status.Outbox.DroppedReports,
        s.Status.Outbox.DroppedAlerts, s.Status.Outbox.DroppedReceipts, s.Status.BlocklistCapacity, s.ReceivedAt.Value);
}

/// <summary>Who did what.</summary>
internal sealed record AuditView(long At, string Who, string What, string Subject, string Detail);

/// <summary>
/// A proposal by a person. <c>target</c> is an address, a prefix or a connection, <c>udp 203.0.113.5:53 > *</c>; <c>direction</c> both, ingress or egress, of a
/// connection ingress unless its destination alone is named; <c>step</c> observe (default), rate-limit or drop, the latter two with <c>because</c>; <c>sensors</c> holds
/// <c>*</c>, <c>operator/*</c> or <c>operator/sensor</c>.
/// </summary>
internal sealed record ProposalBody(
    string? Target, string? Reason, string? Step, double? DurationMinutes, IReadOnlyList<string>? Sensors, long? Incident, string? Direction = null,
    string? Because = null);

/// <summary>The next rung of the ladder, or a named one, and why the lower one does not do.</summary>
internal sealed record EscalationBody(string? Step, string? Because);

/// <summary>Why something is taken back, or complained of.</summary>
internal sealed record RevocationBody(string? Reason);

/// <summary>Whose activations are stopped or released (everybody's when left out), and why.</summary>
internal sealed record HoldBody(string? Issuer, string? Reason);

/// <summary>Why nothing was done, in one line.</summary>
internal sealed record ErrorView(string Error);

/// <summary>How the hub is, with its counters since the start.</summary>
internal sealed record HealthView(
    string Status, bool Committing, bool Publishing, long Received, long Committed, long Duplicates, long Rejected, long Unnumbered, long Refused,
    long CommitFailures, long GivenUp, long Connections, int Queued, long CorrelatedTo, long ProjectedTo, int Unreadable, IReadOnlyList<string> Held,
    IReadOnlyList<ExpiringView> Expiring);

/// <summary>Something that people must have signed anew: a role, or the hub's certificate. The time is Unix milliseconds.</summary>
internal sealed record ExpiringView(string What, long Expires);
