using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Report;

/// <content>What leaves: alerts at once, picked flows and counts with the window's report.</content>
internal sealed partial class TrafficReporter
{
    private const int MaxListedRemembered = 4096;
    private const long ListedAgainNs = 600_000_000_000;
    private static readonly TimeSpan s_diskPatience = TimeSpan.FromSeconds(1);


    /// <summary>An alert is stored at once, unless one just was: then with those that follow within this time, since each storing waits for the disk.</summary>
    private static readonly TimeSpan s_alertsTogether = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<HostAddress, long> _listedToldNs = [];
    private readonly List<OutboxEntry> _alerts = [];
    private long _storedAt;
    private bool _diskFails;

    /// <inheritdoc/>
    public void OnBiflow(ref readonly BiflowRecord record)
    {
        if (_authority is not { } authority)
        {
            return;
        }

        var flow = ClassOf(in record, authority);
        if (NeedsLook(authority, _engine.HasConcern))
        {
            var summary = FlowSummary.Of(in record);
            var picked = _engine.TryPick(in summary, out var kind);
            Select(in summary, flow, picked ? kind : null, authority);
        }
    }

    /// <summary>Whether anything could pick a flow at all.</summary>
    private static bool NeedsLook(Authority authority, bool hasConcern) => hasConcern || authority.Listed is not null || authority.Document.Selectors.Count > 0;

    /// <summary>Picks a flow for the window's report, where a detector, the list or a selector says so.</summary>
    private void Select(in FlowSummary record, FlowClass flow, DetectionKind? picked, Authority authority)
    {
        if (picked is { } kind)
        {
            _picked.Add(in record, flow, AlertWriter.KindOf(kind), authority, null, false);
        }
        else if (authority.Listed is { } listed && (listed.Contains(record.Source) || listed.Contains(record.Destination)))
        {
            _picked.Add(in record, flow, DetectorKind.Listed, authority, null, false);
            TellListed(in record, flow, listed.Contains(record.Source), authority);
        }
        else if (authority.Document.Selectors.Count > 0 && authority.TrySelect(in record, out var selector, out var sourceNamed))
        {
            _picked.Add(in record, flow, DetectorKind.Selector, authority, selector, sourceNamed);
        }
    }

    /// <inheritdoc/>
    public void OnDetection(Detection detection)
    {
        _reached = _reached with { Findings = _reached.Findings + 1 };
        if (_reached.Findings <= _resumed.Findings || IsResuming || _holder.InForce is not { } authority || AlertWriter.Of(detection, authority) is not { } alert)
        {
            return;
        }

        if (detection.IsFirst)
        {
            ReportLog.Alert(_logger, alert.Detector.ToString(), alert.Technique, alert.Confidence);
        }

        _alerts.Add(new OutboxEntry(Channel.Alert, id => AlertCodec.Encode(alert with { Id = id })));
        StoreAlerts(atOnce: false);
    }

    private void TellListed(in FlowSummary record, FlowClass flow, bool sourceIsListed, Authority authority)
    {
        var address = sourceIsListed ? record.Source : record.Destination;
        if (flow.Scope != Scope.Selectable || !authority.MayPick || IsResuming
            || (_listedToldNs.TryGetValue(address, out var told) && record.LastNs - told < ListedAgainNs))
        {
            return;
        }

        if (_listedToldNs.Count >= MaxListedRemembered)
        {
            _listedToldNs.Clear();
        }

        _listedToldNs[address] = record.LastNs;
        var alert = AlertWriter.OfListed(in record, flow, sourceIsListed, authority, _resumed.Seed);
        ReportLog.Alert(_logger, alert.Detector.ToString(), alert.Technique, alert.Confidence);
        _alerts.Add(new OutboxEntry(Channel.Alert, id => AlertCodec.Encode(alert with { Id = id })));
        StoreAlerts(atOnce: false);
    }

    private void StoreAlerts(bool atOnce)
    {
        if (_alerts.Count > 0 && (atOnce || _alerts.Count >= ReportMessage.MaxFlows || _time.GetElapsedTime(_storedAt) >= s_alertsTogether))
        {
            Commit([]);
        }
    }

    private void CloseWindow()
    {
        LookAtAuthority();
        var told = IsResuming;
        if (_windowFrames > 0 || _options.Live)
        {
            // Without an authority a window of a file counts like any other, so that the count of windows follows from the file alone.
            _reached = _reached with { Windows = _reached.Windows + 1 };
            if (!told)
            {
                Commit(Messages());
                _previousWindowLost = false;
            }
        }

        _counts.Clear();
        _picked.Clear();
        (_windowFrames, _malformed) = (0, 0);
        _evictedBefore = EvictedCount;
        _sampling.Clear();
    }

    private List<OutboxEntry> Messages()
    {
        ulong? dropped = null;
        if (DroppedFrames?.Invoke(_windowStartNs) is { } all)
        {
            dropped = (ulong)Math.Max(0, all - _droppedBefore);
            _droppedBefore = all;
        }

        var missing = MissingExportsSince();
        var report = new ReportMessage
        {
            Id = default,
            WindowStart = UnixMilliseconds.FromNanoseconds(_windowStartNs),
            WindowEnd = UnixMilliseconds.FromNanoseconds(_windowEndNs),
            Measurement = new MeasurementQuality
            {
                DroppedPackets = dropped,
                MalformedPackets = _malformed,
                EvictedFlows = (ulong)(EvictedCount - _evictedBefore) + _picked.Overflow,
                PreviousWindowLost = _previousWindowLost,
                FlowsOutOfScope = _picked.OutOfScope,
                MissingExports = missing,
            },
        };
        if (_authority is not { } authority)
        {
            return [Entry(report with { Measurement = report.Measurement with { FlowsOutOfScope = 0 } })];
        }

        report = report with { Measurement = _sampling.WriteTo(report.Measurement) };
        var flows = _picked.Flows;
        var messages = new List<OutboxEntry>();
        var first = _counts.WriteTo(report with { AuthorizationId = authority.Id }, authority.Document.K);
        messages.Add(Entry(first with { Flows = [.. flows.Take(ReportMessage.MaxFlows)] }));
        for (var at = ReportMessage.MaxFlows; at < flows.Count; at += ReportMessage.MaxFlows)
        {
            messages.Add(Entry(new ReportMessage
            {
                Id = default,
                WindowStart = report.WindowStart,
                WindowEnd = report.WindowEnd,
                AuthorizationId = authority.Id,
                Measurement = _sampling.WriteTo(new MeasurementQuality { DroppedPackets = dropped }),
                Flows = [.. flows.Skip(at).Take(ReportMessage.MaxFlows)],
            }));
        }

        return messages;
    }

    private static OutboxEntry Entry(ReportMessage report) => new(Channel.Report, id => ReportCodec.Encode(report with { Id = id }));

    /// <summary>Stores the alerts that wait, reports and how far the input has got, in one. Where the disk fails a file waits for it, and what an interface brought is dropped and counted.</summary>
    private void Commit(IReadOnlyList<OutboxEntry> reports)
    {
        OutboxEntry[] entries = [.. _alerts, .. reports];
        _alerts.Clear();
        Store(entries);
        _storedAt = _time.GetTimestamp();
    }

    private void Store(OutboxEntry[] entries)
    {
        var checkpoint = _reached.Encode();
        while (_outbox.Commit(entries, checkpoint) == OutboxCommit.DiskFailed)
        {
            if (!_diskFails)
            {
                _diskFails = true;
                ReportLog.DiskFailed(_logger, _options.Live ? "new messages are dropped and counted" : "the capture waits");
            }

            if (_options.Live || Stopping.WaitHandle.WaitOne(s_diskPatience))
            {
                foreach (var entry in entries)
                {
                    _outbox.CountDropped(entry.Channel, 1);
                }

                return;
            }
        }

        if (_diskFails)
        {
            _diskFails = false;
            ReportLog.DiskWorks(_logger);
            DiskWorks?.Invoke();
        }
    }
}
