using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Correlate;

/// <summary>Makes incidents of alerts and hands them to the policy; notes receipts and status.</summary>
internal sealed class Correlator(IInbox inbox, IDecisionStore store, IncidentJoin join, Policy policy, Mitigations mitigations, TimeProvider time, ILogger<Correlator> logger)
    : InboxFollower(store.Number(Watermark), logger)
{
    private const string Watermark = "correlated";
    private const int BatchSize = 256;

    // An incident that was saved just before a kill may have missed its decision.
    protected override void Begin()
    {
        var recent = new UnixMilliseconds(time.GetUtcNow().AddHours(-1).ToUnixTimeMilliseconds());
        foreach (var incident in store.Incidents(recent, BatchSize))
        {
            policy.Consider(incident);
        }
    }

    protected override long? TakeBatch(long after)
    {
        var messages = inbox.Read(after, InboxView.Control, BatchSize);
        if (messages.Count == 0)
        {
            return null;
        }

        var now = UnixMilliseconds.Now(time);
        var incidents = store.Change(change =>
        {
            var changed = new Dictionary<long, Incident>();
            foreach (var message in messages)
            {
                if (Use(change, message, now) is { Id: > 0 } incident)
                {
                    changed[incident.Id] = incident;
                }
            }

            change.SetNumber(Watermark, messages[^1].Row);
            return changed.Values;
        });
        foreach (var incident in incidents)
        {
            policy.Consider(incident);
        }

        return messages[^1].Row;
    }

    private Incident? Use(IDecisionChange change, InboxMessage message, UnixMilliseconds now)
    {
        switch (message.Channel)
        {
            case Channel.Alert when AlertCodec.TryDecode(message.Payload, out var alert, out _):
                return join.Add(change, message, alert!, now);
            case Channel.Receipt when ReceiptCodec.TryDecode(message.Payload, out var receipt, out _):
                mitigations.Record(change, message.Sensor, receipt!, message.ReceivedAt);
                return null;
            case Channel.Status when StatusCodec.TryDecode(message.Payload, out var status, out _):
                change.Save(new SensorRecord { Name = message.Sensor, Status = status!, ReceivedAt = message.ReceivedAt });
                return null;
            default:
                return null; // What cannot be decoded is not in this view of the inbox.
        }
    }
}
