namespace EdgeSensors.Protocol.Tests;

/// <summary>Every codec by the name of its rule, so that one property can be asked of all.</summary>
internal static class Codec
{
    public static readonly string[] Rules = ["status", "report", "alert", "receipt", "ack", "fetch", "chunk"];

    /// <summary>The message written again; null with the error where the octets are no such message.</summary>
    public static byte[]? DecodeAndEncode(string rule, ReadOnlyMemory<byte> cbor) => TryDecodeAndEncode(rule, cbor, out _);

    public static byte[]? TryDecodeAndEncode(string rule, ReadOnlyMemory<byte> cbor, out ProtocolError error)
    {
        switch (rule)
        {
            case "status": return StatusCodec.TryDecode(cbor, out var status, out error) ? StatusCodec.Encode(status!) : null;
            case "report": return ReportCodec.TryDecode(cbor, out var report, out error) ? ReportCodec.Encode(report!) : null;
            case "alert": return AlertCodec.TryDecode(cbor, out var alert, out error) ? AlertCodec.Encode(alert!) : null;
            case "receipt": return ReceiptCodec.TryDecode(cbor, out var receipt, out error) ? ReceiptCodec.Encode(receipt!) : null;
            case "ack": return AckCodec.TryDecode(cbor, out var ack, out error) ? AckCodec.Encode(ack!) : null;
            case "fetch": return FetchCodec.TryDecode(cbor, out FetchMessage? fetch, out error) ? FetchCodec.Encode(fetch!) : null;
            case "chunk": return FetchCodec.TryDecode(cbor, out ChunkMessage? chunk, out error) ? FetchCodec.Encode(chunk!) : null;
            default: throw new ArgumentOutOfRangeException(nameof(rule), rule, "no such rule");
        }
    }
}
