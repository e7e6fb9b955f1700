using EdgeSensors.Hub.Inbox;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Correlate;

/// <summary>Joins alerts over sensors and time: one incident for one address while less than the join window lies between its alerts.</summary>
internal sealed class IncidentJoin(TimeSpan window)
{
    /// <summary>Evidence entries of one incident; beyond it the oldest finished one makes room, so that a noisy sensor cannot grow it without end.</summary>
    public const int MaxEvidence = 512;

    /// <summary>Puts an alert into its incident and gives the incident as it now is.</summary>
    public Incident Add(IDecisionChange change, InboxMessage message, AlertMessage alert, UnixMilliseconds now)
    {
        var indicator = alert.Indicator.ToString();
        var oldest = new UnixMilliseconds(Math.Max(0, now.Value - (long)window.TotalMilliseconds));
        var incident = change.OpenIncident(indicator, oldest)
            ?? new Incident { Indicator = indicator, OpenedAt = now, UpdatedAt = now, Evidence = [] };

        var evidence = ToEvidence(message, alert);
        var others = incident.Evidence.Where(e => e.Sensor != evidence.Sensor || e.EventId != evidence.EventId).ToList();
        var before = incident.Evidence.FirstOrDefault(e => e.Sensor == evidence.Sensor && e.EventId == evidence.EventId);
        if (before is null && others.Count >= MaxEvidence)
        {
            return incident with { UpdatedAt = now };
        }

        // A happening keeps the name of its first alert, which rules may already quote.
        others.Add(before is null ? evidence : evidence with { AlertId = before.AlertId, ReceivedAt = before.ReceivedAt, ObservedAt = before.ObservedAt });
        return change.Save(incident with { UpdatedAt = now, Evidence = others });
    }

    private static Evidence ToEvidence(InboxMessage message, AlertMessage alert) => new()
    {
        Sensor = message.Sensor,
        EventId = alert.EventId,
        AlertId = $"a{message.Row}",
        Detector = alert.Detector,
        Technique = alert.Technique,
        Direction = alert.Direction,
        AuthorizationId = alert.AuthorizationId,
        Confidence = alert.Confidence,
        SourceProven = alert.Evidence.SourceProven,
        FirstSeen = alert.Evidence.FirstSeen,
        LastSeen = alert.Evidence.LastSeen,
        ObservedAt = alert.ObservedAt,
        ReceivedAt = message.ReceivedAt,
        Packets = alert.Evidence.Packets,
        Octets = alert.Evidence.Octets,
        Attempts = alert.Evidence.Attempts,
        FailedAttempts = alert.Evidence.FailedAttempts,
        DistinctAddresses = alert.Evidence.DistinctAddresses,
        DistinctPorts = alert.Evidence.DistinctPorts,
        PeakPacketsPerSecond = alert.Evidence.PeakPacketsPerSecond,
    };
}
