using EdgeSensors.Hub.Inbox;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Store;

/// <summary>Projects reports from the inbox into the flow store, in large batches, and keeps the store within its retention; what is destroyed stands in the audit.</summary>
internal sealed class FlowProjector(IInbox inbox, IFlowStore store, IDecisionStore decisions, TimeSpan retention, TimeProvider time, ILogger<FlowProjector> logger)
    : InboxFollower(store.Watermark, logger)
{
    private const int BatchSize = 2_048;
    private static readonly TimeSpan PruneInterval = TimeSpan.FromMinutes(10);

    private DateTimeOffset _nextPrune;

    protected override TimeSpan Rest => TimeSpan.FromMilliseconds(200);

    protected override long? TakeBatch(long after)
    {
        Prune();
        var messages = inbox.Read(store.Watermark, InboxView.Reports, BatchSize);
        if (messages.Count == 0)
        {
            return null;
        }

        var reports = new List<(InboxMessage, ReportMessage)>(messages.Count);
        foreach (var message in messages)
        {
            // What could not be decoded was set aside before the commit.
            if (ReportCodec.TryDecode(message.Payload, out var report, out _))
            {
                reports.Add((message, report!));
            }
        }

        store.Project(reports, messages[^1].Row);
        return messages[^1].Row;
    }

    private void Prune()
    {
        var now = time.GetUtcNow();
        if (now >= _nextPrune)
        {
            _nextPrune = now + PruneInterval;
            var before = new UnixMilliseconds((now - retention).ToUnixTimeMilliseconds());
            if (store.Prune(before) is > 0 and var rows)
            {
                decisions.Change(change =>
                {
                    change.Audit(new AuditEntry(UnixMilliseconds.Now(time), "retention", AuditEntry.Dispose, "flow metadata", $"{rows} rows received before {before}"));
                    return true;
                });
            }
        }
    }
}
