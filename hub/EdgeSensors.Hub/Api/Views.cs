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

/// <summary>A mitigation. Times are Unix milliseconds by the hub's clock.</summary>
internal sealed record MitigationView(
    string Id, string Target, string Direction, string Step, string State, IReadOnlyList<string> Sensors, string Reason, long? Incident, IReadOnlyList<string> Alerts,
    string Grant, double DurationMinutes, string ProposedBy, long ProposedAt, string? ApprovedBy, long? ApprovedAt, long? PublishedAt, long? StopTime,
    long? Revision, string? EndedBy, long? EndedAt, string? EndReason, ulong HitPackets, ulong HitOctets, IReadOnlyList<ReceiptView> Receipts)
{
    public static MitigationView Of(Mitigation m) => new(
        m.Id, m.Target.ToString(), Word.Of(m.Direction), Word.Of(m.Step), Word.Of(m.State), [.. m.Sensors.Select(s => s.ToString())], m.Reason, m.Incident, m.Alerts,
        m.Grant.ToString(), m.Duration.TotalMinutes, m.ProposedBy, m.ProposedAt.Value, m.ApprovedBy, m.ApprovedAt?.Value, m.PublishedAt?.Value,
        m.StopTime?.Value, m.Revision, m.EndedBy, m.EndedAt?.Value, m.EndReason, m.Receipts.Aggregate(0UL, (sum, r) => sum + r.HitPackets),
        m.Receipts.Aggregate(0UL, (sum, r) => sum + r.HitOctets), [.. m.Receipts.Select(ReceiptView.Of)]);
}

/// <summary>What one sensor last said of a mitigation.</summary>
internal sealed record ReceiptView(
    string Sensor, string State, string? Reason, string Enforcer, long ObservedAt, long ReceivedAt, ulong HitPackets, ulong HitOctets)
{
    public static ReceiptView Of(MitigationReceipt r) => new(
        r.Sensor.ToString(), Word.Of(r.State), r.Reason, r.Enforcer, r.ObservedAt.Value, r.ReceivedAt.Value, r.HitPackets, r.HitOctets);
}

/// <summary>A sensor and what it last said of itself.</summary>
internal sealed record SensorView(
    string Name, bool Connected, string Kind, string SoftwareVersion, IReadOnlyList<string> Capabilities, string? Authorization, string? Level,
    long? AuthorizedUntil, ulong? TimestampVersion, ulong? RulesRevision, string Witness, string Enforcer, ulong OutboxMessages, ulong DroppedReports,
    ulong DroppedAlerts, ulong DroppedReceipts, long StatusAt)
{
    public static SensorView Of(SensorRecord s, bool connected) => new(
        s.Name.ToString(), connected, Word.Of(s.Status.Kind), s.Status.SoftwareVersion, s.Status.Capabilities, s.Status.Authorization?.Id,
        s.Status.Authorization is { } a ? Word.Of(a.Level) : null, s.Status.Authorization?.NotAfter.Value, s.Status.TimestampVersion,
        s.Status.RulesRevision, s.Status.Witness, s.Status.Enforcer, s.Status.Outbox.Messages, s.Status.Outbox.DroppedReports,
        s.Status.Outbox.DroppedAlerts, s.Status.Outbox.DroppedReceipts, s.ReceivedAt.Value);
}

/// <summary>Who did what.</summary>
internal sealed record AuditView(long At, string Who, string What, string Subject, string Detail);

/// <summary>
/// A proposal by a person. <c>target</c> is an address, a prefix or a connection, <c>udp 203.0.113.5:53 > *</c>; <c>direction</c> both, ingress or egress, of a
/// connection ingress unless its destination alone is named; <c>step</c> observe, rate-limit or drop; <c>sensors</c> holds <c>*</c>, <c>operator/*</c> or
/// <c>operator/sensor</c>.
/// </summary>
internal sealed record ProposalBody(
    string? Target, string? Reason, string? Step, double? DurationMinutes, IReadOnlyList<string>? Sensors, long? Incident, string? Direction = null);

/// <summary>Why something is taken back.</summary>
internal sealed record RevocationBody(string? Reason);

/// <summary>Why nothing was done, in one line.</summary>
internal sealed record ErrorView(string Error);

/// <summary>How the hub is, with its counters since the start.</summary>
internal sealed record HealthView(
    string Status, bool Committing, bool Publishing, long Received, long Committed, long Duplicates, long Rejected, long Unnumbered, long Refused,
    long CommitFailures, long GivenUp, long Connections, int Queued, long CorrelatedTo, long ProjectedTo, IReadOnlyList<ExpiringView> Expiring);

/// <summary>Something that people must have signed anew: a role, or the hub's certificate. The time is Unix milliseconds.</summary>
internal sealed record ExpiringView(string What, long Expires);
