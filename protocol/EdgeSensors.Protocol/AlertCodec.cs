using EdgeSensors.Protocol.Encoding;

namespace EdgeSensors.Protocol;

/// <summary>CBOR of <see cref="AlertMessage"/>; rule <c>alert</c> of the CDDL.</summary>
public static class AlertCodec
{
    /// <summary>The message as deterministic CBOR.</summary>
    public static byte[] Encode(AlertMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var w = new MessageWriter();
        w.StartMap();
        w.Header(message.Id);
        w.Time(Keys.ObservationTimeMilliseconds, message.ObservedAt);
        w.Text(Keys.AuthorizationId, message.AuthorizationId);
        w.UInt(Keys.Direction, (ulong)message.Direction);
        w.UInt(Keys.EventId, (ulong)message.EventId);
        w.UInt(Keys.Detector, (ulong)message.Detector);
        w.Text(Keys.Technique, message.Technique);
        PickedFlowFields.Write(w, message.Indicator, Keys.IndicatorAddress, Keys.IndicatorAddress, Keys.IndicatorPseudonym);
        w.UInt(Keys.Confidence, (ulong)message.Confidence);
        Write(w, message.Evidence);
        w.EndMap();
        return w.Encode();
    }

    /// <summary>Reads an alert; false with the reason when the octets are none.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, out AlertMessage? message, out ProtocolError error) =>
        MessageReader.TryRead(payload, Channel.Alert, Read, out message, out error);

    private static void Write(MessageWriter w, AlertEvidence e)
    {
        w.StartMap(Keys.Evidence);
        w.Count(Keys.OctetDeltaCount, e.Octets);
        w.Count(Keys.PacketDeltaCount, e.Packets);
        w.Time(Keys.FlowStartMilliseconds, e.FirstSeen);
        w.Time(Keys.FlowEndMilliseconds, e.LastSeen);
        w.Count(Keys.Attempts, e.Attempts);
        w.Count(Keys.FailedAttempts, e.FailedAttempts);
        w.Count(Keys.DistinctAddresses, e.DistinctAddresses);
        w.Count(Keys.DistinctPorts, e.DistinctPorts);
        w.Count(Keys.PeakPacketsPerSecond, e.PeakPacketsPerSecond);
        w.Flag(Keys.SourceProven, e.SourceProven);
        w.Flag(Keys.Sampled, e.Sampled);
        w.EndMap();
    }

    private static AlertMessage Read(MessageReader r)
    {
        var header = default(HeaderFields);
        UnixMilliseconds? observedAt = null;
        string? authorization = null, technique = null;
        ulong? eventId = null, direction = null, confidence = null;
        DetectorKind? detector = null;
        FlowEnd? indicator = null;
        AlertEvidence? evidence = null;
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.ObservationTimeMilliseconds: observedAt = r.Time(); return true;
                case Keys.AuthorizationId: authorization = r.Token(); return true;
                case Keys.Direction: direction = r.UInt(3); return true;
                case Keys.EventId: eventId = r.UInt(); return true;
                case Keys.Detector: detector = PickedFlowFields.Detector(r); return true;
                case Keys.Technique: technique = ReadTechnique(r); return true;
                case Keys.IndicatorAddress: indicator = PickedFlowFields.Once(indicator, FlowEnd.Clear(r.AnyAddress())); return true;
                case Keys.IndicatorPseudonym: indicator = PickedFlowFields.Once(indicator, PickedFlowFields.Pseudonym(r)); return true;
                case Keys.Confidence: confidence = r.UInt(100); return true;
                case Keys.Evidence: evidence = ReadEvidence(r); return true;
                default: return header.TryField(r, key);
            }
        });
        return new AlertMessage
        {
            Id = header.ToId(),
            ObservedAt = FieldException.Required(observedAt, "observationTimeMilliseconds"),
            AuthorizationId = FieldException.Required(authorization, "authorisation id"),
            EventId = FieldException.Required(eventId, "event id"),
            Detector = FieldException.Required(detector, "detector"),
            Technique = FieldException.Required(technique, "technique"),
            Indicator = FieldException.Required(indicator, "indicator"),
            Direction = (TrafficDirection)FieldException.Required(direction, "direction"),
            Confidence = (byte)FieldException.Required(confidence, "confidence"),
            Evidence = FieldException.Required(evidence, "evidence"),
        };
    }

    // Tnnnn or Tnnnn.nnn
    private static string ReadTechnique(MessageReader r)
    {
        var text = r.Token(9);
        var valid = text.Length is 5 or 9 && text[0] == 'T' && !text.AsSpan(1, 4).ContainsAnyExceptInRange('0', '9')
            && (text.Length == 5 || (text[5] == '.' && !text.AsSpan(6).ContainsAnyExceptInRange('0', '9')));
        return valid ? text : throw new FieldException(ProtocolErrorKind.InvalidField, "not a MITRE ATT&CK technique");
    }

    private static AlertEvidence ReadEvidence(MessageReader r)
    {
        UnixMilliseconds? first = null, last = null;
        var e = new AlertEvidence { FirstSeen = default, LastSeen = default };
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.FlowStartMilliseconds: first = r.Time(); return true;
                case Keys.FlowEndMilliseconds: last = r.Time(); return true;
                case Keys.PacketDeltaCount: e = e with { Packets = r.UInt() }; return true;
                case Keys.OctetDeltaCount: e = e with { Octets = r.UInt() }; return true;
                case Keys.Attempts: e = e with { Attempts = r.UInt() }; return true;
                case Keys.FailedAttempts: e = e with { FailedAttempts = r.UInt() }; return true;
                case Keys.DistinctAddresses: e = e with { DistinctAddresses = r.UInt() }; return true;
                case Keys.DistinctPorts: e = e with { DistinctPorts = r.UInt() }; return true;
                case Keys.PeakPacketsPerSecond: e = e with { PeakPacketsPerSecond = r.UInt() }; return true;
                case Keys.SourceProven: e = e with { SourceProven = r.Flag() }; return true;
                case Keys.Sampled: e = e with { Sampled = r.Flag() }; return true;
                default: return false;
            }
        });
        return e with { FirstSeen = FieldException.Required(first, "first seen"), LastSeen = FieldException.Required(last, "last seen") };
    }
}
