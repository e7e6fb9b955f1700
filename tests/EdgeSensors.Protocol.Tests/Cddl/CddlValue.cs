using System.Formats.Cbor;

namespace EdgeSensors.Protocol.Tests.Cddl;

/// <summary>A CBOR item as plain objects: <see cref="long"/>/<see cref="ulong"/>, bytes, text, bool, list, and pairs of a map.</summary>
internal static class CddlValue
{
    public static object Read(ReadOnlyMemory<byte> cbor)
    {
        var reader = new CborReader(cbor, CborConformanceMode.Ctap2Canonical);
        var value = Read(reader);
        Assert.Equal(0, reader.BytesRemaining);
        return value;
    }

    private static object Read(CborReader r)
    {
        switch (r.PeekState())
        {
            case CborReaderState.UnsignedInteger: return (Int128)r.ReadUInt64();
            case CborReaderState.NegativeInteger: return (Int128)r.ReadInt64();
            case CborReaderState.ByteString: return r.ReadByteString();
            case CborReaderState.TextString: return r.ReadTextString();
            case CborReaderState.Boolean: return r.ReadBoolean();
            case CborReaderState.StartArray:
                var items = new List<object>();
                r.ReadStartArray();
                while (r.PeekState() != CborReaderState.EndArray)
                {
                    items.Add(Read(r));
                }

                r.ReadEndArray();
                return items;
            case CborReaderState.StartMap:
                var pairs = new List<KeyValuePair<object, object>>();
                r.ReadStartMap();
                while (r.PeekState() != CborReaderState.EndMap)
                {
                    var key = Read(r);
                    pairs.Add(new(key, Read(r)));
                }

                r.ReadEndMap();
                return pairs;
            case var other: throw new InvalidOperationException($"No schema of ours has a {other}.");
        }
    }
}
