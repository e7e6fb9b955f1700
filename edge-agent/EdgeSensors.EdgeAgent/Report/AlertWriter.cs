using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Metering.Sketches;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Report;

/// <summary>Makes alerts of findings, as far as the authorisation lets them leave.</summary>
internal static class AlertWriter
{
    /// <summary>How the protocol names a detector.</summary>
    public static DetectorKind KindOf(DetectionKind kind) => kind switch
    {
        DetectionKind.AddressFanOut => DetectorKind.AddressFanOut,
        DetectionKind.PortFanOut => DetectorKind.PortFanOut,
        _ => DetectorKind.Flood,
    };

    /// <summary>The alert about a finding; null when its flows are not to be told of.</summary>
    public static AlertMessage? Of(Detection detection, Authority authority)
    {
        var fanOut = detection.Kind is DetectionKind.AddressFanOut or DetectionKind.PortFanOut;
        var flow = fanOut ? authority.Classify(detection.Subject, detection.Peer) : authority.Classify(detection.Peer, detection.Subject);
        if (flow.Scope != Scope.Selectable || !authority.MayPick)
        {
            return null;
        }

        return new AlertMessage
        {
            Id = default,
            ObservedAt = UnixMilliseconds.FromNanoseconds(detection.DecidedNs),
            AuthorizationId = authority.Id,
            EventId = detection.EventId,
            Detector = KindOf(detection.Kind),
            Technique = Technique(detection.Kind, flow.Direction),
            Indicator = authority.Shown(detection.Subject, flow.Direction),
            Direction = flow.Direction,
            Confidence = detection.Confidence,
            Evidence = new AlertEvidence
            {
                FirstSeen = UnixMilliseconds.FromNanoseconds(detection.FirstNs),
                LastSeen = UnixMilliseconds.FromNanoseconds(detection.LastNs),
                Packets = (ulong)detection.PacketCount,
                Octets = (ulong)detection.OctetCount,
                Attempts = (ulong)detection.Attempts,
                FailedAttempts = (ulong)detection.FailedAttempts,
                DistinctAddresses = (ulong)detection.DistinctAddresses,
                DistinctPorts = (ulong)detection.DistinctPorts,
                PeakPacketsPerSecond = (ulong)detection.PeakPacketsPerSecond,
                SourceProven = detection.SourceProven,
                Sampled = detection.Sampled,
            },
        };
    }

    /// <summary>The alert about a flow with a listed address.</summary>
    /// <param name="record">The flow.</param>
    /// <param name="flow">Its class.</param>
    /// <param name="sourceIsListed">Which end is listed.</param>
    /// <param name="authority">What is in force.</param>
    /// <param name="seed">Keys the event's number.</param>
    public static AlertMessage OfListed(in FlowSummary record, FlowClass flow, bool sourceIsListed, Authority authority, ulong seed)
    {
        var listed = sourceIsListed ? record.Source : record.Destination;
        var answered = record.SourceProven || (!sourceIsListed && record.Reverse.PacketCount > 0);
        return new AlertMessage
        {
            Id = default,
            ObservedAt = UnixMilliseconds.FromNanoseconds(record.LastNs),
            AuthorizationId = authority.Id,
            EventId = SketchHash.Of(SketchHash.Of(seed, listed), (ulong)record.FirstNs) | 1,
            Detector = DetectorKind.Listed,
            Technique = sourceIsListed ? "T1595" : "T1071",
            Indicator = authority.Shown(listed, flow.Direction),
            Direction = flow.Direction,
            Confidence = (byte)(answered ? 80 : 50),
            Evidence = new AlertEvidence
            {
                FirstSeen = UnixMilliseconds.FromNanoseconds(record.FirstNs),
                LastSeen = UnixMilliseconds.FromNanoseconds(record.LastNs),
                Packets = (ulong)record.PacketCount,
                Octets = (ulong)record.OctetCount,
                Attempts = 1,
                DistinctAddresses = 1,
                DistinctPorts = 1,
                SourceProven = record.SourceProven,
                Sampled = record.IsSampled,
            },
        };
    }

    // Scanning from outside is reconnaissance (TA0043); from inside it is discovery (TA0007).
    private static string Technique(DetectionKind kind, TrafficDirection direction) => kind switch
    {
        DetectionKind.Flood => "T1498.001",
        DetectionKind.ReflectedFlood => "T1498.002",
        _ when direction is TrafficDirection.Outbound or TrafficDirection.Internal => "T1046",
        DetectionKind.AddressFanOut => "T1595.001",
        _ => "T1595.002",
    };
}
