using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>All that is remembered of one exporter session's observation domain.</summary>
internal sealed class ExporterDomain
{
    /// <summary>How often a session looks for a template among its siblings before it waits for its own.</summary>
    public const int MaxBorrowAttempts = 256;

    /// <summary>Restarts within <see cref="ConflictWindowNs"/> from which on two exporters are believed to share the address.</summary>
    private const int ConflictSteps = 4;

    private const long ConflictWindowNs = 60_000_000_000;

    /// <summary>How far a clock may be off in the arithmetic of restarts.</summary>
    private const long ClockToleranceMs = 60_000;

    /// <summary>How far messages that overtake each other may be apart.</summary>
    private const long ReorderToleranceMs = 5_000;

    /// <summary>A first sequence number from which on an IPFIX session was not begun just now.</summary>
    private const uint RunningSequence = 10_000;

    private Dictionary<ushort, Queue<HeldSet>>? _held;
    private uint _firstSequence;
    private uint? _firstUptimeMs;
    private Dictionary<uint, uint>? _drops;
    private long _conflictUntilNs = long.MinValue;
    private long _stepWindowStartNs = long.MinValue;
    private int _stepsInWindow;
    private long _lastReceivedNs;

    public ExporterDomain(DomainKey key, long nowNs)
    {
        Key = key;
        FirstSeenNs = _lastReceivedNs = nowNs;
        Node = new LinkedListNode<ExporterDomain>(this);
    }

    public DomainKey Key { get; }

    public Dictionary<ushort, RecordTemplate> Templates { get; } = [];

    public SequenceTracker Sequence { get; } = new();

    public SamplerTable Samplers { get; } = new();

    /// <summary>Its place in the order of use.</summary>
    public LinkedListNode<ExporterDomain> Node { get; }

    /// <summary>Whether it ever gave a flow record.</summary>
    public bool IsProven { get; set; }

    public long FirstSeenNs { get; }

    public int BorrowAttempts { get; set; }

    public long LastBorrowAttempt { get; set; }

    /// <summary>The exporter's sessions beside this one, as of a version of the table and a message.</summary>
    public ExporterDomain[]? Beside { get; set; }

    public int BesideVersion { get; set; }

    public long BesideSerial { get; set; }

    public long LastReceivedNs => _lastReceivedNs;

    public long NewestExportNs { get; private set; } = long.MinValue;

    public uint? LastUptimeMs { get; private set; }

    /// <summary>systemInitTimeMilliseconds of an options record, as nanoseconds since the Unix epoch.</summary>
    public long? SystemInitNs { get; set; }

    public long MessageCount { get; private set; }

    public long FlowCount { get; set; }

    public long PacketCount { get; set; }

    public long OctetCount { get; set; }

    public double ScaledPacketCount { get; set; }

    public double ScaledOctetCount { get; set; }

    public long UnknownSamplingFlowCount { get; set; }

    /// <summary>Data sets that were dropped because their template did not come.</summary>
    public long DroppedSetCount { get; set; }

    public SamplingRate LastSampling { get; set; }

    public long RestartCount { get; private set; }

    public long HeldOctets { get; set; }

    /// <summary>sFlow: packets that agents say they failed to sample, added up over their data sources.</summary>
    public long SampleDropCount { get; private set; }

    /// <summary>sFlow: samples of packets that are not IP.</summary>
    public long NotIpSampleCount { get; set; }

    /// <summary>Arrival less export time of the newest message, nanoseconds.</summary>
    public long ClockOffsetNs { get; private set; }

    /// <summary>The smallest such difference seen: nearest to the exporter's clock error, as transit and buffering only add.</summary>
    public long LeastClockOffsetNs { get; private set; } = long.MaxValue;

    /// <summary>Whether two exporters seem to share the address, so that nothing said about sequence can be trusted for now.</summary>
    public bool IsConflicting(long nowNs) => nowNs < _conflictUntilNs;

    /// <summary>Notes a data source's running count of packets that it failed to sample.</summary>
    public void NoteSampleDrops(uint source, uint drops)
    {
        const int MaxSources = 4096;
        _drops ??= [];
        if (_drops.TryGetValue(source, out var before))
            SampleDropCount += drops >= before ? drops - before : 0;
        else if (_drops.Count >= MaxSources)
            return;
        _drops[source] = drops;
    }

    /// <summary>Notes a message's header.</summary>
    /// <returns>False when the message was read before.</returns>
    public bool Begin(uint sequence, ulong fingerprint, long exportNs, long receivedNs, uint? uptimeMs)
    {
        var restarted = uptimeMs is { } uptime && LastUptimeMs is { } before
            && HasRestarted(before, uptime, Math.Max(receivedNs - _lastReceivedNs, exportNs - NewestExportNs) / 1_000_000);
        var step = Sequence.Begin(sequence, fingerprint, restarted || IsLater(exportNs, uptimeMs), restarted);
        if (step == SequenceStep.Duplicate)
            return false;
        if (MessageCount++ == 0)
            (_firstSequence, _firstUptimeMs) = (sequence, uptimeMs);
        // IPFIX tells no uptime: there a numbering that begins anew is all that shows a restart.
        restarted |= uptimeMs is null && step == SequenceStep.Discontinuity;
        if (restarted || step == SequenceStep.Discontinuity)
            NoteStep(restarted, receivedNs);
        ClockOffsetNs = receivedNs - exportNs;
        LeastClockOffsetNs = Math.Min(LeastClockOffsetNs, ClockOffsetNs);
        NewestExportNs = step == SequenceStep.Discontinuity || restarted ? exportNs : Math.Max(NewestExportNs, exportNs);
        _lastReceivedNs = receivedNs;
        if (step != SequenceStep.Late)
            LastUptimeMs = uptimeMs;
        return true;
    }

    /// <summary>Takes up where an earlier run stopped.</summary>
    public void Resume(uint? expectedSequence, long newestExportNs, uint? uptimeMs, long lastReceivedNs)
    {
        if (expectedSequence is { } expected)
            Sequence.Resume(expected);
        NewestExportNs = newestExportNs;
        LastUptimeMs = uptimeMs;
        _lastReceivedNs = lastReceivedNs;
    }

    public ExporterReport Report(long nowNs) => new()
    {
        Exporter = Key.Exporter,
        Format = Key.Format,
        ObservationDomainId = Key.DomainId,
        Agent = Key.Agent,
        MessageCount = MessageCount,
        FlowCount = FlowCount,
        PacketCount = PacketCount,
        OctetCount = OctetCount,
        Sampling = LastSampling,
        ScaledPacketCount = ScaledPacketCount,
        ScaledOctetCount = ScaledOctetCount,
        UnknownSamplingFlowCount = UnknownSamplingFlowCount,
        DroppedSetCount = DroppedSetCount,
        MissingCount = Sequence.Missing,
        GapCount = Sequence.GapCount,
        LateCount = Sequence.LateCount,
        DuplicateCount = Sequence.DuplicateCount,
        DiscontinuityCount = Sequence.DiscontinuityCount,
        RestartCount = RestartCount,
        IsConflicting = IsConflicting(nowNs),
        TemplateCount = Templates.Count,
        HeldOctets = HeldOctets,
        SampleDropCount = SampleDropCount,
        NotIpSampleCount = NotIpSampleCount,
        ClockOffset = TimeSpan.FromTicks(ClockOffsetNs / 100),
        LeastClockOffset = MessageCount == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(LeastClockOffsetNs / 100),
        LastReceivedNs = LastReceivedNs,
    };

    public void AddHeld(HeldSet held)
    {
        _held ??= [];
        if (!_held.TryGetValue(held.TemplateId, out var queue))
            _held.Add(held.TemplateId, queue = new Queue<HeldSet>());
        queue.Enqueue(held);
    }

    public bool HoldsFor(ushort templateId) => _held is not null && _held.ContainsKey(templateId);

    public bool TryTakeHeld(ushort templateId, [NotNullWhen(true)] out HeldSet? held)
    {
        held = null;
        if (_held is null || !_held.TryGetValue(templateId, out var queue))
            return false;
        if (!queue.TryDequeue(out held))
            return false;
        if (queue.Count == 0)
            _held.Remove(templateId);
        return true;
    }

    /// <summary>Some set that is held; of one template the oldest.</summary>
    public HeldSet? OldestHeld()
    {
        if (_held is null)
            return null;
        foreach (var queue in _held.Values)
            return queue.Peek();
        return null;
    }

    /// <summary>Takes a set out of its queue; it is that queue's oldest, as all leave in the order they came.</summary>
    public void RemoveHeld(HeldSet held)
    {
        if (_held is null || !_held.TryGetValue(held.TemplateId, out var queue))
            return;
        if (queue.TryPeek(out var first) && ReferenceEquals(first, held))
            queue.Dequeue();
        if (queue.Count == 0)
            _held.Remove(held.TemplateId);
    }

    /// <summary>
    /// The uptime went back, and is no longer than the time that has passed. One that is longer is a clock that was set, or line cards that share a domain;
    /// one that comes where 2³² ms end is the counter's wrap.
    /// </summary>
    private static bool HasRestarted(uint before, uint uptime, long elapsedMs)
    {
        if ((long)uptime + ReorderToleranceMs >= before || uptime > Math.Max(0, elapsedMs) + ClockToleranceMs)
            return false;
        var wrapped = (long)uptime + uint.MaxValue - before;
        return wrapped > Math.Max(0, elapsedMs) + ClockToleranceMs;
    }

    /// <summary>
    /// Whether this session and another of the same exporter have lived at the same time, so that neither is what came of the other by a restart: the other was heard
    /// after this began, or this had been running for longer than the other was silent when it was first heard.
    /// </summary>
    public bool LivedBeside(ExporterDomain other)
    {
        if (other.MessageCount == 0)
            return false;
        if (other.LastReceivedNs > FirstSeenNs)
            return true;
        return _firstUptimeMs is { } uptime
            ? uptime > ((FirstSeenNs - other.LastReceivedNs) / 1_000_000) + ClockToleranceMs
            : _firstSequence >= RunningSequence;
    }

    /// <summary>Whether a message was sent after all that came before it. sFlow tells no time of day, so its uptime serves.</summary>
    private bool IsLater(long exportNs, uint? uptimeMs) =>
        Key.Format == ExportFormat.Sflow5 && LastUptimeMs is { } before ? (int)((uptimeMs ?? 0) - before) > 0 : exportNs > NewestExportNs;

    private void NoteStep(bool restarted, long receivedNs)
    {
        if (receivedNs - _stepWindowStartNs > ConflictWindowNs || _stepWindowStartNs == long.MinValue)
            (_stepWindowStartNs, _stepsInWindow) = (receivedNs, 0);
        if (++_stepsInWindow >= ConflictSteps)
            _conflictUntilNs = receivedNs + ConflictWindowNs;
        if (!restarted)
            return;
        RestartCount++;
        SystemInitNs = null;
        if (IsConflicting(receivedNs))
            return;
        foreach (var template in Templates.Values)
            template.IsConfirmed = false;
    }
}
