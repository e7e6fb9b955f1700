using EdgeSensors.Protocol.Encoding;

namespace EdgeSensors.Protocol;

/// <summary>CBOR of <see cref="StatusMessage"/>; rule <c>status</c> of the CDDL.</summary>
public static class StatusCodec
{
    /// <summary>The message as deterministic CBOR.</summary>
    public static byte[] Encode(StatusMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var w = new MessageWriter();
        w.StartMap();
        w.Header(message.Id);
        w.Time(Keys.ObservationTimeMilliseconds, message.ObservedAt);
        w.UInt(Keys.Kind, (ulong)message.Kind);
        w.Text(Keys.SoftwareVersion, message.SoftwareVersion);
        w.List(Keys.Capabilities, message.Capabilities, w.Item);
        if (message.Authorization is { } authorization)
        {
            w.StartMap(Keys.Authorization);
            w.Text(Keys.AuthorizationId, authorization.Id);
            w.UInt(Keys.Kind, (ulong)authorization.Level);
            w.Time(Keys.FlowEndMilliseconds, authorization.NotAfter);
            w.EndMap();
        }

        w.UInt(Keys.BlocklistVersion, message.BlocklistVersion);
        w.UInt(Keys.TimestampVersion, message.TimestampVersion);
        w.UInt(Keys.RulesRevision, message.RulesRevision);
        w.Text(Keys.Witness, message.Witness);
        w.Text(Keys.Enforcer, message.Enforcer);
        w.List(Keys.Outbox, OutboxRow(message.Outbox), w.Item);
        w.UInt(Keys.BlocklistCapacity, message.BlocklistCapacity);
        w.EndMap();
        return w.Encode();
    }

    /// <summary>Reads a status; false with the reason when the octets are none.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, out StatusMessage? message, out ProtocolError error) =>
        MessageReader.TryRead(payload, Channel.Status, Read, out message, out error);

    private static ulong[] OutboxRow(OutboxHealth o) => [o.Messages, o.Octets, o.DroppedReports, o.DroppedAlerts, o.DroppedReceipts];

    private static StatusMessage Read(MessageReader r)
    {
        var header = default(HeaderFields);
        UnixMilliseconds? observedAt = null;
        SensorKind? kind = null;
        string? version = null, witness = null, enforcer = null;
        IReadOnlyList<string> capabilities = [];
        AuthorizationInForce? authorization = null;
        ulong? blocklist = null, timestamp = null, rules = null, capacity = null;
        OutboxHealth? outbox = null;
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.ObservationTimeMilliseconds: observedAt = r.Time(); return true;
                case Keys.Kind: kind = r.Enumeration(v => v is 1 or 2 ? (SensorKind?)v : null); return true;
                case Keys.SoftwareVersion: version = r.Token(32); return true;
                case Keys.Capabilities: capabilities = r.List(32, () => r.Token(32)); return true;
                case Keys.Authorization: authorization = ReadAuthorization(r); return true;
                case Keys.BlocklistVersion: blocklist = r.UInt(); return true;
                case Keys.TimestampVersion: timestamp = r.UInt(); return true;
                case Keys.RulesRevision: rules = r.UInt(); return true;
                case Keys.Witness: witness = r.Token(); return true;
                case Keys.Enforcer: enforcer = r.Token(32); return true;
                case Keys.Outbox:
                    var row = r.Row(5);
                    outbox = new OutboxHealth(row[0], row[1], row[2], row[3], row[4]);
                    return true;
                case Keys.BlocklistCapacity: capacity = r.UInt(); return true;
                default: return header.TryField(r, key);
            }
        });
        return new StatusMessage
        {
            Id = header.ToId(),
            ObservedAt = FieldException.Required(observedAt, "observationTimeMilliseconds"),
            Kind = FieldException.Required(kind, "kind"),
            SoftwareVersion = FieldException.Required(version, "software version"),
            Capabilities = capabilities,
            Authorization = authorization,
            BlocklistVersion = blocklist,
            TimestampVersion = timestamp,
            RulesRevision = rules,
            Witness = FieldException.Required(witness, "witness"),
            Enforcer = FieldException.Required(enforcer, "enforcer"),
            Outbox = FieldException.Required(outbox, "outbox"),
            BlocklistCapacity = capacity,
        };
    }

    private static AuthorizationInForce ReadAuthorization(MessageReader r)
    {
        string? id = null;
        CollectionLevel? level = null;
        UnixMilliseconds? notAfter = null;
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.AuthorizationId: id = r.Token(); return true;
                case Keys.Kind: level = r.Enumeration(v => v <= 2 ? (CollectionLevel?)v : null); return true;
                case Keys.FlowEndMilliseconds: notAfter = r.Time(); return true;
                default: return false;
            }
        });
        return new AuthorizationInForce(
            FieldException.Required(id, "authorisation id"), FieldException.Required(level, "level"), FieldException.Required(notAfter, "end"));
    }
}
