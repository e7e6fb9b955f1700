using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Gateways;

/// <summary>What the hub has committed of one sensor, message by message. One thread adds; <see cref="LastReport"/> and <see cref="Status"/> are for any, the rest for when it has ended.</summary>
internal sealed class SensorLedger
{
    private readonly HashSet<MessageId> _ids = [];
    private readonly List<CommittedReport> _reports = [];
    private volatile CommittedReport? _last;

    /// <summary>Messages that were committed a second time.</summary>
    public long Twice { get; private set; }

    /// <summary>Messages that are none.</summary>
    public long Unreadable { get; private set; }

    /// <summary>Reports in the order of their commit.</summary>
    public IReadOnlyList<CommittedReport> Reports => _reports;

    /// <summary>The latest; null before the first.</summary>
    public CommittedReport? LastReport => _last;

    /// <summary>What it last said of itself.</summary>
    public StatusMessage? Status { get; private set; }

    /// <summary>Packets of all windows.</summary>
    public ulong Packets { get; private set; }

    /// <summary>Packets that the kernel dropped, as it says.</summary>
    public ulong Dropped { get; private set; }

    /// <summary>Windows of which it says that it does not know what was dropped, or that the one before them is lost.</summary>
    public int Doubtful { get; private set; }

    /// <summary>When each rule was first said to be in force or observed.</summary>
    public Dictionary<string, DateTimeOffset> InForceSince { get; } = [];

    /// <summary>How many messages were committed.</summary>
    public int Count => _ids.Count;

    /// <summary>Whether a message is committed.</summary>
    public bool Has(MessageId id) => _ids.Contains(id);

    /// <summary>Takes a committed message.</summary>
    public void Add(CommittedMessage message)
    {
        Twice += _ids.Add(message.Id) ? 0 : 1;
        var readable = true;
        switch (message.Channel)
        {
            case Channel.Report:
                readable = ReportCodec.TryDecode(message.Payload, out var report, out _);
                Add(message.ReceivedAt, report);
                break;
            case Channel.Status:
                readable = StatusCodec.TryDecode(message.Payload, out var status, out _);
                Status = status ?? Status;
                break;
            case Channel.Receipt:
                readable = ReceiptCodec.TryDecode(message.Payload, out var receipt, out _);
                foreach (var rule in receipt?.Rules.Where(r => r.State is RuleState.Enforced or RuleState.Observed) ?? [])
                {
                    InForceSince.TryAdd(rule.RuleId, message.ReceivedAt);
                }

                break;
            default:
                break;
        }

        Unreadable += readable ? 0 : 1;
    }

    private void Add(DateTimeOffset at, ReportMessage? report)
    {
        if (report is null)
        {
            return;
        }

        _last = new CommittedReport(at, report);
        _reports.Add(_last);
        Packets += report.Total?.Packets ?? 0;
        Dropped += report.Measurement.DroppedPackets ?? 0;
        Doubtful += report.Measurement is { PreviousWindowLost: true } or { DroppedPackets: null } ? 1 : 0;
    }
}

/// <summary>A report as the hub committed it.</summary>
/// <param name="At">When, by the hub's clock.</param>
/// <param name="Report">What it says.</param>
internal sealed record CommittedReport(DateTimeOffset At, ReportMessage Report)
{
    // What a window may be late by on a machine that others load.
    private static readonly TimeSpan s_late = TimeSpan.FromSeconds(5);

    /// <summary>Whether windows come still: the next is due a window later.</summary>
    public bool IsComingAt(DateTimeOffset now) => now - At < Report.WindowEnd.ToDateTimeOffset() - Report.WindowStart.ToDateTimeOffset() + s_late;
}
