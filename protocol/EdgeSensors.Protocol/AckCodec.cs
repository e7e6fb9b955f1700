using EdgeSensors.Protocol.Encoding;

namespace EdgeSensors.Protocol;

/// <summary>CBOR of <see cref="AckMessage"/>; rule <c>ack</c> of the CDDL.</summary>
public static class AckCodec
{
    /// <summary>The message as deterministic CBOR.</summary>
    public static byte[] Encode(AckMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var w = new MessageWriter();
        w.StartMap();
        w.Header(message.UpTo);
        w.EndMap();
        return w.Encode();
    }

    /// <summary>Reads an acknowledgement; false with the reason when the octets are none.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, out AckMessage? message, out ProtocolError error) =>
        MessageReader.TryRead(payload, Channel.Ack, Read, out message, out error);

    private static AckMessage Read(MessageReader r)
    {
        var header = default(HeaderFields);
        r.Map(key => header.TryField(r, key));
        return new AckMessage(header.ToId());
    }
}
