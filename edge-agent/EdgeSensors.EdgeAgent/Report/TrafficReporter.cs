using System.Runtime.CompilerServices;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Input;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Join;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Metering.Flows;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Report;

/// <summary>
/// The way from packet to message: decode, flow table, select, detect, count, report. One thread. This file is the packets' and windows' part;
/// TrafficReporter.Exports.cs takes exporters' records in, TrafficReporter.Messages.cs makes messages of all.
/// </summary>
internal sealed partial class TrafficReporter : IBiflowConsumer, IJoinedFlowConsumer, IExportedFlowConsumer, IDetectionConsumer
{
    // Shorter than an exporter's usual timeouts, so that a picked flow is told of soon.
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_active = TimeSpan.FromSeconds(60);

    /// <summary>Packets between two looks at whether the authorisation still holds; live, a read that times out looks too.</summary>
    private const int PacketsBetweenLooks = 256;

    /// <summary>Time that steps back by more was set.</summary>
    private const long ClockStepNs = 60_000_000_000;

    private readonly ReporterOptions _options;
    private readonly AuthorityHolder _holder;
    private readonly DurableOutbox _outbox;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _windowNs;
    private readonly FlowTable _flows;
    private readonly DetectionEngine _engine;
    private readonly WindowCounts _counts = new();
    private readonly PickedFlows _picked = new();
    private readonly Checkpoint _resumed;
    private Checkpoint _reached;
    private Authority? _authority;
    private int _untilLook;
    private long _windowStartNs = long.MinValue;
    private long _windowEndNs = long.MinValue;
    private long _windowFrames;
    private ulong _malformed;
    private long _evictedBefore;
    private long _droppedBefore;
    private bool _previousWindowLost;

    /// <param name="options">What it is told once.</param>
    /// <param name="checkpoint">Where an earlier run got to; its input is this one.</param>
    /// <param name="holder">What may be selected.</param>
    /// <param name="outbox">Where messages go.</param>
    /// <param name="time">Paces the writing to disk; what is measured goes by the packets' own clock.</param>
    /// <param name="logger">What a person may read.</param>
    public TrafficReporter(ReporterOptions options, Checkpoint checkpoint, AuthorityHolder holder, DurableOutbox outbox, TimeProvider time, ILogger logger)
    {
        (_options, _holder, _outbox, _time, _logger) = (options, holder, outbox, time, logger);
        _windowNs = options.Window.Ticks * 100;
        _resumed = checkpoint;
        _reached = checkpoint with { Windows = 0, Findings = 0, WindowOpen = options.Live };
        _previousWindowLost = options.Live && checkpoint.WindowOpen;
        _flows = new FlowTable(
            new FlowTableOptions { IdleTimeout = s_idle, ActiveTimeout = s_active, MaxFlows = options.MaxFlows, HashSeed = checkpoint.Seed }, this);
        _engine = new DetectionEngine(options.Detectors, checkpoint.Seed, _flows, this);
        _join = new FlowJoin(s_joinWait, options.MaxFlows, this);
        _exportEngine = new ExportDetectionEngine(options.Detectors, checkpoint.Seed, this);
    }

    /// <summary>Frames so far.</summary>
    public long FrameCount { get; private set; }

    /// <summary>Whether what was read so far was told of in an earlier run.</summary>
    public bool IsResuming => _reached.Windows < _resumed.Windows;

    /// <summary>
    /// Counts, since the start, the frames that the kernel dropped; is given the start of the window that is asked for, nanoseconds since 1970. Null, or a result of null for that window and the time since it was
    /// last asked, where that is unknown.
    /// </summary>
    public Func<long, long?>? DroppedFrames { get; set; }

    /// <summary>Counts for rules that are only observed; null where they are carried out.</summary>
    public ObserveOnlyEnforcer? Observed { get; init; }

    /// <summary>Runs when messages get on disk again after some did not, so that the hub is told how many were dropped.</summary>
    public Action? DiskWorks { get; init; }

    /// <summary>Whether to give up waiting for the disk.</summary>
    public CancellationToken Stopping { get; set; }

    /// <summary>Meters one frame.</summary>
    /// <param name="packet">Where the source is a file, what lies beyond its headers is zeroed (wall 1).</param>
    public void Add(scoped ref CapturedPacket packet)
    {
        FrameCount++;
        var status = FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
        if (!_options.Live)
        {
            packet.Data[Math.Min(header.IpVersion == 0 ? 0 : header.HeaderLength, packet.Data.Length)..].Clear();
        }

        if (header.QuotedOffset == 0 || !FrameDecoder.TryDecodeQuoted(packet.Data, in header, out var quoted))
        {
            Add(status, in header, in Unsafe.NullRef<PacketHeader>());
            return;
        }

        Add(status, in header, in quoted);
    }

    /// <summary>Meters frames that were decoded on another thread.</summary>
    public void Add(HeaderBatch batch)
    {
        FrameCount += batch.Count;
        for (var i = 0; i < batch.Count; i++)
        {
            ref readonly var header = ref batch.Header(i);
            Add(batch.Status(i), in header, in header.QuotedOffset == 0 ? ref Unsafe.NullRef<PacketHeader>() : ref batch.Quoted(i));
        }
    }

    /// <param name="status">What became of the frame.</param>
    /// <param name="header">Its header.</param>
    /// <param name="quoted">The header that an ICMP error quotes, or a null reference.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(DecodeStatus status, ref readonly PacketHeader header, ref readonly PacketHeader quoted)
    {
        AdvanceWindow(header.TimestampNs);
        _windowFrames++;
        if (--_untilLook <= 0)
        {
            LookAtAuthority();
            StoreAlerts(atOnce: false);
        }

        _malformed += status is DecodeStatus.Ok or DecodeStatus.NotIp or DecodeStatus.TunnelNotRead ? 0UL : 1;
        if (header.IpVersion == 0)
        {
            _flows.AdvanceTo(header.TimestampNs);
            _engine.AdvanceTo(header.TimestampNs);
            return;
        }

        if (header.Fragment == FragmentKind.Later)
        {
            var completed = header;
            _flows.Complete(ref completed);
            Meter(in completed);
        }
        else
        {
            Meter(in header);
        }

        if (!Unsafe.IsNullRef(in quoted))
        {
            _flows.MarkRefused(in quoted);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Meter(ref readonly PacketHeader header)
    {
        ref readonly var record = ref _flows.Add(in header);
        if (_authority is { } authority)
        {
            var forward = header.Source == record.Source && header.SourcePort == record.SourcePort;
            _counts.Add(in header, ClassOf(in record, authority), forward, record.PacketCount == 1 && !record.Continued, authority.SketchKey);
        }

        _engine.Add(in header, in record);
        Observed?.Count(in header);
    }

    /// <summary>Tells the time of a quiet line.</summary>
    /// <param name="nowNs">The wall clock, nanoseconds since the Unix epoch.</param>
    public void AdvanceTo(long nowNs)
    {
        LookAtAuthority();
        _flows.AdvanceTo(nowNs);
        _engine.AdvanceTo(nowNs);
        AdvanceExportsTo(nowNs);
        AdvanceWindow(nowNs);
        StoreAlerts(atOnce: true);
    }

    /// <summary>No packet is due for now: what waits to be stored is stored.</summary>
    public void Settle() => StoreAlerts(atOnce: true);

    /// <summary>The input has ended in order: judges and reports what is still open.</summary>
    public void Finish()
    {
        LookAtAuthority();
        _engine.Flush();
        _flows.Flush();
        FlushExports();
        _reached = _reached with { WindowOpen = false };
        if (_windowStartNs != long.MinValue)
        {
            var nowNs = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
            if (_options.Live && nowNs > _windowStartNs && nowNs < _windowEndNs)
            {
                _windowEndNs = nowNs; // nobody looks at the line for the rest of it
            }

            CloseWindow();
        }

        StoreAlerts(atOnce: true);
    }

    private void AdvanceWindow(long nowNs)
    {
        if (_windowStartNs == long.MinValue)
        {
            BeginWindow(nowNs);
        }
        else if (nowNs >= _windowEndNs || _windowStartNs - nowNs > Math.Max(_windowNs, ClockStepNs))
        {
            // Packets that come a little out of order count in the window that is open; a clock that was set back begins another.
            CloseWindow();
            BeginWindow(nowNs);
        }
    }

    // Windows begin at multiples of their length, but for one that an interface is looked at from the midst of: it does not say that it knows what came before.
    private void BeginWindow(long nowNs)
    {
        var startNs = nowNs - (nowNs % _windowNs);
        var follows = _windowStartNs != long.MinValue && startNs >= _windowEndNs;
        _windowStartNs = follows || !_options.Live ? startNs : nowNs;
        _windowEndNs = startNs + _windowNs;
    }

    private void LookAtAuthority()
    {
        _untilLook = PacketsBetweenLooks;
        var authority = _holder.InForce;
        if (ReferenceEquals(authority, _authority))
        {
            return;
        }

        if (authority is null)
        {
            ReportLog.NoneInForce(_logger);
        }
        else if (authority.Id != _authority?.Id)
        {
            ReportLog.InForce(_logger, authority.Id, authority.Document.Level.ToString());
        }

        // What was gathered under one authorisation is not told under another, and under none not at all.
        if (authority is null || _authority is null || !authority.IsSameDocumentAs(_authority))
        {
            _counts.Clear();
            _picked.Clear();
        }

        _authority = authority;
        _flows.ClearLabels();
        _join.ClearLabels();
    }

    /// <summary>The class of a flow: found out at its first packet and kept as its mark, until the authority changes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FlowClass ClassOf(ref readonly BiflowRecord record, Authority authority)
    {
        if (record.Label != 0)
        {
            return FlowClass.Of(record.Label);
        }

        var found = authority.Classify(record.Source, record.Destination);
        FlowTable.Label(in record, found.ToByte());
        return found;
    }
}
