using EdgeSensors.Protocol.Encoding;

namespace EdgeSensors.Protocol;

/// <summary>CBOR of <see cref="FetchMessage"/> and <see cref="ChunkMessage"/>; rules <c>fetch</c> and <c>chunk</c> of the CDDL.</summary>
public static class FetchCodec
{
    /// <summary>A request as deterministic CBOR.</summary>
    public static byte[] Encode(FetchMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var w = new MessageWriter();
        w.StartMap();
        w.UInt(Keys.Version, (ulong)ProtocolVersion.Current);
        w.Bytes(Keys.Sha256, message.Sha256.Span);
        w.UInt(Keys.Offset, (ulong)message.Offset);
        w.UInt(Keys.Length, (ulong)message.Length);
        w.EndMap();
        return w.Encode();
    }

    /// <summary>An answer as deterministic CBOR.</summary>
    public static byte[] Encode(ChunkMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var w = new MessageWriter();
        w.StartMap();
        w.UInt(Keys.Version, (ulong)ProtocolVersion.Current);
        w.Bytes(Keys.Sha256, message.Sha256.Span);
        w.UInt(Keys.Offset, (ulong)message.Offset);
        w.UInt(Keys.TotalLength, (ulong)message.TotalLength);
        w.Bytes(Keys.Data, message.Data.Span);
        w.EndMap();
        return w.Encode();
    }

    /// <summary>Reads a request; false with the reason when the octets are none.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, out FetchMessage? message, out ProtocolError error) =>
        MessageReader.TryRead(payload, Channel.Fetch, r => Read(r).ToFetch(), out message, out error);

    /// <summary>Reads an answer; false with the reason when the octets are none.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, out ChunkMessage? message, out ProtocolError error) =>
        MessageReader.TryRead(payload, Channel.Chunk, r => Read(r).ToChunk(), out message, out error);

    private static Fields Read(MessageReader r)
    {
        var fields = new Fields();
        var header = default(HeaderFields);
        var versioned = false;
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.Version: versioned = header.TryField(r, key); return true;
                case Keys.Sha256: fields.Sha256 = r.Bytes(32, 32); return true;
                case Keys.Offset: fields.Offset = r.UInt(uint.MaxValue); return true;
                case Keys.Length: fields.Length = r.UInt(ChunkMessage.MaxDataOctets); return true;
                case Keys.TotalLength: fields.TotalLength = r.UInt(uint.MaxValue); return true;
                case Keys.Data: fields.Data = r.Bytes(0, ChunkMessage.MaxDataOctets); return true;
                default: return false;
            }
        });
        return versioned ? fields : throw new FieldException(ProtocolErrorKind.MissingField, "version is missing");
    }

    private sealed class Fields
    {
        public byte[]? Sha256 { get; set; }

        public ulong? Offset { get; set; }

        public ulong? Length { get; set; }

        public ulong? TotalLength { get; set; }

        public byte[]? Data { get; set; }

        public FetchMessage ToFetch() => FieldException.Required(Length, "length") > 0
            ? new(FieldException.Required(Sha256, "hash"), (uint)FieldException.Required(Offset, "offset"), (ushort)Length!.Value)
            : throw new FieldException(ProtocolErrorKind.InvalidField, "a request for nothing");

        public ChunkMessage ToChunk() => new(
            FieldException.Required(Sha256, "hash"),
            (uint)FieldException.Required(Offset, "offset"),
            (uint)FieldException.Required(TotalLength, "total length"),
            FieldException.Required(Data, "data"));
    }
}
