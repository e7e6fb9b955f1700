using EdgeSensors.Protocol.Encoding;

namespace EdgeSensors.Protocol;

/// <summary>CBOR of <see cref="ReceiptMessage"/>; rule <c>receipt</c> of the CDDL.</summary>
public static class ReceiptCodec
{
    /// <summary>The message as deterministic CBOR.</summary>
    public static byte[] Encode(ReceiptMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var w = new MessageWriter();
        w.StartMap();
        w.Header(message.Id);
        w.Time(Keys.ObservationTimeMilliseconds, message.ObservedAt);
        w.UInt(Keys.TimestampVersion, message.TimestampVersion);
        w.UInt(Keys.RulesRevision, message.RulesRevision);
        w.Text(Keys.Witness, message.Witness);
        w.Text(Keys.Enforcer, message.Enforcer);
        w.Text(Keys.Refusal, message.Refusal);
        w.List(Keys.Rules, message.Rules, rule =>
        {
            w.StartMap();
            w.Count(Keys.OctetDeltaCount, rule.HitOctets);
            w.Count(Keys.PacketDeltaCount, rule.HitPackets);
            w.Text(Keys.RuleId, rule.RuleId);
            w.UInt(Keys.RuleState, (ulong)rule.State);
            w.Text(Keys.RuleReason, rule.Reason);
            w.EndMap();
        });
        w.EndMap();
        return w.Encode();
    }

    /// <summary>Reads a receipt; false with the reason when the octets are none.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, out ReceiptMessage? message, out ProtocolError error) =>
        MessageReader.TryRead(payload, Channel.Receipt, Read, out message, out error);

    private static ReceiptMessage Read(MessageReader r)
    {
        var header = default(HeaderFields);
        UnixMilliseconds? observedAt = null;
        ulong? timestamp = null, revision = null;
        string? witness = null, enforcer = null, refusal = null;
        IReadOnlyList<RuleOutcome> rules = [];
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.ObservationTimeMilliseconds: observedAt = r.Time(); return true;
                case Keys.TimestampVersion: timestamp = r.UInt(); return true;
                case Keys.RulesRevision: revision = r.UInt(); return true;
                case Keys.Witness: witness = r.Token(); return true;
                case Keys.Enforcer: enforcer = r.Token(32); return true;
                case Keys.Refusal: refusal = r.Token(); return true;
                case Keys.Rules: rules = r.List(ReceiptMessage.MaxRules, () => ReadRule(r)); return true;
                default: return header.TryField(r, key);
            }
        });
        return new ReceiptMessage
        {
            Id = header.ToId(),
            ObservedAt = FieldException.Required(observedAt, "observationTimeMilliseconds"),
            TimestampVersion = timestamp,
            RulesRevision = revision,
            Witness = FieldException.Required(witness, "witness"),
            Enforcer = FieldException.Required(enforcer, "enforcer"),
            Refusal = refusal,
            Rules = rules,
        };
    }

    private static RuleOutcome ReadRule(MessageReader r)
    {
        string? id = null, reason = null;
        RuleState? state = null;
        ulong packets = 0, octets = 0;
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.PacketDeltaCount: packets = r.UInt(); return true;
                case Keys.OctetDeltaCount: octets = r.UInt(); return true;
                case Keys.RuleId: id = r.Token(); return true;
                case Keys.RuleState: state = r.Enumeration(v => v is >= 1 and <= 5 ? (RuleState?)v : null); return true;
                case Keys.RuleReason: reason = r.Token(); return true;
                default: return false;
            }
        });
        return new RuleOutcome
        {
            RuleId = FieldException.Required(id, "rule id"),
            State = FieldException.Required(state, "rule state"),
            Reason = reason,
            HitPackets = packets,
            HitOctets = octets,
        };
    }
}
