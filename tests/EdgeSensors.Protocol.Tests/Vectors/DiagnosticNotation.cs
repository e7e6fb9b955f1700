using System.Formats.Cbor;
using System.Globalization;
using System.Text;

namespace EdgeSensors.Protocol.Tests.Vectors;

/// <summary>CBOR as diagnostic notation (RFC 8949 §8), one map entry a line.</summary>
internal static class DiagnosticNotation
{
    public static string Of(ReadOnlyMemory<byte> cbor)
    {
        var text = new StringBuilder();
        Write(new CborReader(cbor, CborConformanceMode.Ctap2Canonical), text, 0);
        return text.ToString();
    }

    private static void Write(CborReader r, StringBuilder text, int depth)
    {
        switch (r.PeekState())
        {
            case CborReaderState.UnsignedInteger: text.Append(r.ReadUInt64().ToString(CultureInfo.InvariantCulture)); break;
            case CborReaderState.NegativeInteger: text.Append(r.ReadInt64().ToString(CultureInfo.InvariantCulture)); break;
            case CborReaderState.ByteString: text.Append("h'").Append(Convert.ToHexStringLower(r.ReadByteString())).Append('\''); break;
            case CborReaderState.TextString: text.Append('"').Append(r.ReadTextString()).Append('"'); break;
            case CborReaderState.Boolean: text.Append(r.ReadBoolean() ? "true" : "false"); break;
            case CborReaderState.StartArray:
                var count = r.ReadStartArray()!.Value;
                text.Append('[');
                for (var i = 0; i < count; i++)
                {
                    text.Append(i == 0 ? "" : ", ");
                    Write(r, text, depth);
                }

                r.ReadEndArray();
                text.Append(']');
                break;
            case CborReaderState.StartMap:
                var pairs = r.ReadStartMap()!.Value;
                text.Append('{');
                for (var i = 0; i < pairs; i++)
                {
                    text.Append(i == 0 ? "\n" : ",\n").Append(' ', 2 * (depth + 1));
                    Write(r, text, depth + 1);
                    text.Append(": ");
                    Write(r, text, depth + 1);
                }

                r.ReadEndMap();
                text.Append('\n').Append(' ', 2 * depth).Append('}');
                break;
            case var other: throw new InvalidOperationException($"No message of ours has a {other}.");
        }
    }
}
