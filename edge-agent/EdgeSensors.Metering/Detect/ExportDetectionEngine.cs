using EdgeSensors.Metering.Collect.Join;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Detect;

/// <summary>
/// The detectors on exporters' records. They know what a record is worth: of samples they want more before they speak, are less sure when they do, never call a source proven, and say in
/// the finding that it rests on samples. Not thread-safe.
/// </summary>
public sealed class ExportDetectionEngine
{
    /// <summary>Exporters let go of many flows at once, so a rate is taken over this many seconds.</summary>
    private const int RateSeconds = 10;

    private const long UpdateEveryNs = 10_000_000_000;

    /// <summary>A sampled answer of this many octets a packet or more is one that was made large; of DNS, whose honest answers may be, of more.</summary>
    private const int LargeAnswerOctets = 400;
    private const int LargeDnsAnswerOctets = 1000;

    private const int MostPacketsOfFloodFlow = 10;

    private readonly Findings _findings;
    private readonly FanOutDetector _fanOut;
    private readonly FloodDetector _floods;
    private readonly SidesSeen _sides = new();
    private long _updatedNs;

    /// <summary>Makes the detectors.</summary>
    /// <param name="options">Thresholds and bounds.</param>
    /// <param name="seed">Keys the hashes; secret, so that nobody can choose addresses that collide.</param>
    /// <param name="consumer">Takes the findings.</param>
    public ExportDetectionEngine(DetectorOptions options, ulong seed, IDetectionConsumer consumer)
    {
        ArgumentNullException.ThrowIfNull(options);
        _findings = new Findings(options, consumer);
        _fanOut = new FanOutDetector(options, seed, (subject, first, nowNs) => _findings.Say(subject, first, nowNs, _fanOut!.Confidence(subject)));
        _floods = new FloodDetector(options, seed, (subject, first, nowNs) => _findings.Say(subject, first, nowNs, _floods!.Confidence(subject)), RateSeconds);
    }

    /// <summary>Subjects forgotten for want of room.</summary>
    public long ForgottenCount => _fanOut.EvictedCount + _floods.EvictedCount;

    /// <summary>Looks at a conversation whose other direction has had its time to come.</summary>
    /// <param name="flow">As it leaves the join.</param>
    /// <param name="nowNs">Nanoseconds since the Unix epoch.</param>
    public void Add(ref readonly JoinedFlow flow, long nowNs)
    {
        _sides.Note(in flow);
        var verdict = ExportVerdicts.Of(in flow, _sides.Both);
        if (flow.SourceProven)
            _fanOut.Prove(flow.Source, nowNs);
        if (ExportVerdicts.IsAttempt(in flow) && verdict != Verdict.Unknown)
        {
            var attempt = new PendingAttempt
            {
                Source = flow.Source,
                Destination = flow.Destination,
                TimestampNs = flow.FirstNs,
                Port = flow.DestinationPort,
            };
            _fanOut.Add(in attempt, flow.Protocol, flow.Forward.PacketCount, flow.Forward.OctetCount, verdict, nowNs, flow.IsSampled);
        }

        LookForFlood(in flow, verdict, nowNs);
        AdvanceTo(nowNs);
    }

    /// <summary>Tells of open events that have grown since they were told of.</summary>
    /// <param name="nowNs">Nanoseconds since the Unix epoch.</param>
    public void AdvanceTo(long nowNs)
    {
        if (nowNs - _updatedNs < UpdateEveryNs && nowNs >= _updatedNs)
            return;
        _fanOut.Update(nowNs);
        _floods.Update(nowNs);
        _updatedNs = nowNs;
    }

    /// <summary>Tells of all that has grown: at the end.</summary>
    /// <param name="nowNs">Nanoseconds since the Unix epoch.</param>
    public void Flush(long nowNs)
    {
        _fanOut.Update(nowNs);
        _floods.Update(nowNs);
    }

    /// <summary>Whether there is anybody whose flows would be picked.</summary>
    public bool HasConcern => !_findings.Concern.IsEmpty;

    /// <summary>Whether a flow is one that a detector picked.</summary>
    public bool TryPick(in FlowSummary flow, out DetectionKind kind) => _findings.Concern.TryPick(in flow, out kind);

    private void LookForFlood(ref readonly JoinedFlow flow, Verdict verdict, long nowNs)
    {
        var (forward, reverse) = (flow.Forward, flow.Reverse);
        // Answers alone, whose request nobody has seen: then it is the initiator, if it is one, that they strike.
        if (forward.PacketCount == 0 || reverse.PacketCount == 0)
        {
            if (forward.PacketCount == 0)
                LookForReflection(in flow, flow.Destination, flow.Source, flow.DestinationPort, reverse, nowNs);
            else
                LookForReflection(in flow, flow.Source, flow.Destination, flow.SourcePort, forward, nowNs);
        }

        switch (flow.Protocol)
        {
            case IpProtocol.Tcp when verdict == Verdict.Failed:
                if ((forward.TcpFlags & TcpControlBits.Syn) != 0)
                    Count(DetectionKind.Flood, in flow, flow.Source, flow.Destination, flow.DestinationPort, forward, nowNs);
                break;
            case IpProtocol.Tcp or IpProtocol.Udp when reverse.PacketCount > 0 || verdict == Verdict.Succeeded:
                _floods.NoteAnswered(flow.Destination, flow.Protocol, flow.DestinationPort, (long)(flow.Scale * Math.Max(forward.PacketCount, reverse.PacketCount)));
                break;
            // Without the answers in sight, and by one sample of a flow more than one, a stream cannot be told from a flood.
            case IpProtocol.Udp when _sides.Both && !Openings.Amplifies(flow.SourcePort) && forward.PacketCount <= (flow.IsSampled ? 1 : MostPacketsOfFloodFlow):
                Count(DetectionKind.Flood, in flow, flow.Source, flow.Destination, flow.DestinationPort, forward, nowNs);
                break;
            case IpProtocol.Icmp or IpProtocol.IcmpV6:
                Count(DetectionKind.Flood, in flow, flow.Source, flow.Destination, 0, forward, nowNs);
                break;
        }
    }

    private void LookForReflection(ref readonly JoinedFlow flow, HostAddress sender, HostAddress target, ushort senderPort, JoinedDirection answers, long nowNs)
    {
        if (flow.Protocol == IpProtocol.Tcp && !flow.IsSampled && _sides.Both && IsUnaskedAnswer(answers.TcpFlags))
            Count(DetectionKind.ReflectedFlood, in flow, sender, target, 0, answers, nowNs);
        else if (flow.Protocol == IpProtocol.Udp && Openings.Amplifies(senderPort) && (flow.IsSampled ? IsLarge(senderPort, answers) : _sides.Both))
            Count(DetectionKind.ReflectedFlood, in flow, sender, target, senderPort, answers, nowNs);
    }

    private static bool IsUnaskedAnswer(TcpControlBits flags) =>
        flags is (TcpControlBits.Syn | TcpControlBits.Ack) or TcpControlBits.Rst or (TcpControlBits.Rst | TcpControlBits.Ack);

    /// <summary>That nobody asked cannot be seen in samples; that an answer is as large as only amplified ones are can.</summary>
    private static bool IsLarge(ushort port, JoinedDirection answers) =>
        answers.OctetCount >= answers.PacketCount * (port == 53 ? LargeDnsAnswerOctets : LargeAnswerOctets);

    private void Count(DetectionKind kind, ref readonly JoinedFlow flow, HostAddress source, HostAddress target, ushort port, JoinedDirection packets, long nowNs)
    {
        if (packets.PacketCount > 0 && !Openings.IsGroup(target))
        {
            _floods.AddFlow(
                kind, source, target, flow.Protocol, port, flow.FirstNs, (long)(packets.PacketCount * flow.Scale), (long)(packets.OctetCount * flow.Scale), flow.IsSampled, nowNs);
        }
    }
}
