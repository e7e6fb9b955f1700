using System.Diagnostics.Metrics;

namespace EdgeSensors.Hub.Inbox;

/// <summary>What the broker and the commit count (OpenTelemetry instruments, meter <c>EdgeSensors.Hub.Inbox</c>).</summary>
internal sealed class InboxMeters
{
    public const string Name = "EdgeSensors.Hub.Inbox";

    private readonly Counter<long> _received;
    private readonly Counter<long> _octets;
    private readonly Counter<long> _committed;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _unnumbered;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _gaps;
    private readonly UpDownCounter<long> _connections;
    private readonly Histogram<double> _commitTime;
    private readonly Histogram<long> _batch;

    public InboxMeters(IMeterFactory factory)
    {
        var meter = factory.Create(Name);
        _received = meter.CreateCounter<long>("edgesensors.inbox.received", "{message}", "Messages that sensors published");
        _octets = meter.CreateCounter<long>("edgesensors.inbox.received_octets", "By", "Their payload");
        _committed = meter.CreateCounter<long>("edgesensors.inbox.committed", "{message}", "Messages committed");
        _duplicates = meter.CreateCounter<long>("edgesensors.inbox.duplicates", "{message}", "Messages that were committed before");
        _rejected = meter.CreateCounter<long>("edgesensors.inbox.rejected", "{message}", "Messages that could not be decoded; kept apart and acknowledged");
        _unnumbered = meter.CreateCounter<long>("edgesensors.inbox.unnumbered", "{message}", "Messages without a readable number; neither kept nor acknowledged");
        _refused = meter.CreateCounter<long>("edgesensors.broker.refused", "{attempt}", "Connections, publications and subscriptions that are not the client's to make");
        _failures = meter.CreateCounter<long>("edgesensors.inbox.commit_failures", "{attempt}", "Commits that the disk did not take; tried again");
        _gaps = meter.CreateCounter<long>("edgesensors.inbox.given_up", "{message}", "Numbers that never came: the sensor dropped them");
        _connections = meter.CreateUpDownCounter<long>("edgesensors.broker.connections", "{connection}", "Sensors connected");
        _commitTime = meter.CreateHistogram<double>("edgesensors.inbox.commit_time", "s", "One transaction, until it is on disk");
        _batch = meter.CreateHistogram<long>("edgesensors.inbox.batch", "{message}", "Messages in one transaction");
    }

    /// <summary>Running totals for <c>/healthz</c>, which must not need a collector.</summary>
    public InboxTotals Totals { get; } = new();

    public void Received(int octets)
    {
        Interlocked.Increment(ref Totals.Received);
        _received.Add(1);
        _octets.Add(octets);
    }

    public void Committed(int messages, int rejected, int duplicates, TimeSpan time)
    {
        Interlocked.Add(ref Totals.Committed, messages);
        Interlocked.Add(ref Totals.Rejected, rejected);
        Interlocked.Add(ref Totals.Duplicates, duplicates);
        _committed.Add(messages);
        _rejected.Add(rejected);
        _duplicates.Add(duplicates);
        _commitTime.Record(time.TotalSeconds);
        _batch.Record(messages);
    }

    public void Unnumbered()
    {
        Interlocked.Increment(ref Totals.Unnumbered);
        _unnumbered.Add(1);
    }

    public void Refused(string what)
    {
        Interlocked.Increment(ref Totals.Refused);
        _refused.Add(1, new KeyValuePair<string, object?>("what", what));
    }

    public void Failed()
    {
        Interlocked.Increment(ref Totals.CommitFailures);
        _failures.Add(1);
    }

    public void GivenUp(long messages)
    {
        Interlocked.Add(ref Totals.GivenUp, messages);
        _gaps.Add(messages);
    }

    public void Connected(int change)
    {
        Interlocked.Add(ref Totals.Connections, change);
        _connections.Add(change);
    }
}

/// <summary>The counters of <see cref="InboxMeters"/> since the start.</summary>
internal sealed class InboxTotals
{
    public long Received;
    public long Committed;
    public long Duplicates;
    public long Rejected;
    public long Unnumbered;
    public long Refused;
    public long CommitFailures;
    public long GivenUp;
    public long Connections;
}
