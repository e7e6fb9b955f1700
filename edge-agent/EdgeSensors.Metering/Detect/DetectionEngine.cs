using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Detect;

/// <summary>
/// The detectors on one flow table. Time is the packets' own and all hashes follow from the seed: the same packets give the same findings in the same order.
/// Memory is fixed. Not thread-safe: on the thread that meters.
/// </summary>
public sealed class DetectionEngine
{
    /// <summary>How long an attempt may wait for its answer before it counts as unanswered: longer than nearly every round trip, and short for whom it is aimed at.</summary>
    private const long GraceNs = 1_000_000_000;

    /// <summary>How often open events are told of while they grow slowly.</summary>
    private const long UpdateEveryNs = 10_000_000_000;

    private readonly FlowTable _flows;
    private readonly AttemptQueue _attempts = new(1 << 16);
    private readonly FanOutDetector _fanOut;
    private readonly FloodDetector _floods;
    private readonly Findings _findings;
    private long _updatedNs;

    /// <summary>Puts detectors on a flow table.</summary>
    /// <param name="options">Thresholds and bounds.</param>
    /// <param name="seed">Keys the hashes; secret, so that nobody can choose addresses that collide.</param>
    /// <param name="flows">Where the packets are metered first.</param>
    /// <param name="consumer">Takes the findings.</param>
    public DetectionEngine(DetectorOptions options, ulong seed, FlowTable flows, IDetectionConsumer consumer)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_flows, _findings) = (flows, new Findings(options, consumer));
        _fanOut = new FanOutDetector(options, seed, (subject, first, nowNs) => _findings.Say(subject, first, nowNs, _fanOut!.Confidence(subject)));
        _floods = new FloodDetector(options, seed, (subject, first, nowNs) => _findings.Say(subject, first, nowNs, _floods!.Confidence(subject)));
    }

    /// <summary>Subjects forgotten, and attempts not followed, for want of room.</summary>
    public long ForgottenCount => _fanOut.EvictedCount + _floods.EvictedCount + _attempts.OverflowCount;

    /// <summary>Looks at a packet that was metered.</summary>
    /// <param name="header">The packet.</param>
    /// <param name="record">What <see cref="FlowTable.Add"/> returned for it.</param>
    public void Add(in PacketHeader header, ref readonly BiflowRecord record)
    {
        if (header.Source == record.Source && header.SourcePort == record.SourcePort)
        {
            var opens = record.PacketCount == 1 && !record.Continued;
            if (opens && Openings.Of(in header) == Opening.Attempt)
            {
                _attempts.Add(new PendingAttempt
                {
                    Key = record.Key,
                    Source = record.Source,
                    Destination = record.Destination,
                    TimestampNs = header.TimestampNs,
                    Port = header.HasPorts ? header.DestinationPort : (ushort)0,
                });
            }

            _floods.AddPacket(in header, in record, opens);
        }

        if (record.HandshakeCompleted && record.Forward.PacketCount <= 4)
        {
            _fanOut.Prove(record.Source, header.TimestampNs);
        }

        AdvanceTo(header.TimestampNs);
    }

    /// <summary>Judges the attempts whose time is over.</summary>
    /// <param name="nowNs">Nanoseconds since the Unix epoch.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AdvanceTo(long nowNs)
    {
        while (!_attempts.IsEmpty && nowNs - _attempts.First.TimestampNs > GraceNs)
        {
            JudgeFirst(nowNs);
        }

        if (nowNs - _updatedNs >= UpdateEveryNs || nowNs < _updatedNs)
        {
            Update(nowNs);
        }
    }

    /// <summary>Judges all attempts as they stand: at the end of a file. Before <see cref="FlowTable.Flush"/>.</summary>
    public void Flush()
    {
        while (!_attempts.IsEmpty)
        {
            JudgeFirst(Math.Max(_flows.NowNs, _attempts.First.TimestampNs));
        }

        Update(_flows.NowNs);
    }

    /// <summary>Whether a flow is one that a detector picked: of a scanning source since it began, or toward what a flood strikes.</summary>
    public bool TryPick(ref readonly BiflowRecord record, out DetectionKind kind)
    {
        kind = default;
        return HasConcern && TryPick(FlowSummary.Of(in record), out kind);
    }

    /// <summary>Whether there is anybody whose flows would be picked.</summary>
    public bool HasConcern => !_findings.Concern.IsEmpty;

    /// <summary>Whether a flow is one that a detector picked.</summary>
    public bool TryPick(in FlowSummary flow, out DetectionKind kind) => _findings.Concern.TryPick(in flow, out kind);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Update(long nowNs)
    {
        _fanOut.Update(nowNs);
        _floods.Update(nowNs);
        _updatedNs = nowNs;
    }

    private void JudgeFirst(long nowNs)
    {
        var attempt = _attempts.First;
        _attempts.RemoveFirst();
        ref readonly var record = ref _flows.Peek(in attempt.Key);
        if (Unsafe.IsNullRef(in record) || record.Source != attempt.Source)
        {
            return;
        }

        if (record.HandshakeCompleted)
        {
            _fanOut.Prove(attempt.Source, nowNs);
        }

        var verdict = Verdicts.Of(in record);
        if (verdict == Verdict.Unknown)
        {
            return;
        }

        _fanOut.Add(in attempt, record.Protocol, record.Forward.PacketCount, record.Forward.OctetCount, verdict, nowNs, sampled: false);
        if (verdict == Verdict.Failed)
        {
            _floods.AddFailed(in attempt, in record, nowNs);
        }
    }
}
