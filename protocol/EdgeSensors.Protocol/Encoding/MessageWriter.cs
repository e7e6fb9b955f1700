using System.Formats.Cbor;

namespace EdgeSensors.Protocol.Encoding;

/// <summary>
/// Writes one message as deterministic CBOR (RFC 8949 §4.2.1). The CTAP2 mode of the library orders integer keys just so (by major type,
/// then length, then octets), forbids tags and indefinite lengths, and shortens integers; its own "canonical" mode is RFC 7049's, which
/// puts -1 before 100.
/// </summary>
internal sealed class MessageWriter
{
    private readonly CborWriter _cbor = new(CborConformanceMode.Ctap2Canonical, convertIndefiniteLengthEncodings: true);

    public byte[] Encode() => _cbor.Encode();

    public void StartMap() => _cbor.WriteStartMap(null);

    public void StartMap(int key)
    {
        Key(key);
        StartMap();
    }

    public void EndMap() => _cbor.WriteEndMap();

    public void Header(MessageId id)
    {
        UInt(Keys.Version, ProtocolVersion.Current);
        UInt(Keys.Epoch, id.Epoch);
        UInt(Keys.Sequence, id.Sequence);
    }

    public void UInt(int key, ulong value)
    {
        Key(key);
        _cbor.WriteUInt64(value);
    }

    public void UInt(int key, ulong? value)
    {
        if (value is { } there)
        {
            UInt(key, there);
        }
    }

    /// <summary>A count that is left out when it is zero, which is also what a reader takes it for.</summary>
    public void Count(int key, ulong value)
    {
        if (value != 0)
        {
            UInt(key, value);
        }
    }

    public void Int(int key, long? value)
    {
        if (value is { } there)
        {
            Key(key);
            _cbor.WriteInt64(there);
        }
    }

    public void Time(int key, UnixMilliseconds value) => UInt(key, (ulong)value.Value);

    public void Flag(int key, bool value)
    {
        if (value)
        {
            Key(key);
            _cbor.WriteBoolean(true);
        }
    }

    public void Text(int key, string? value)
    {
        if (value is not null)
        {
            Key(key);
            _cbor.WriteTextString(value);
        }
    }

    public void Bytes(int key, ReadOnlySpan<byte> value)
    {
        Key(key);
        _cbor.WriteByteString(value);
    }

    public void Address(int key, Prefix single)
    {
        Span<byte> octets = stackalloc byte[16];
        Bytes(key, octets[..single.CopyAddress(octets)]);
    }

    public void Counters(Counters value)
    {
        Count(Keys.OctetDeltaCount, value.Octets);
        Count(Keys.PacketDeltaCount, value.Packets);
        Count(Keys.DeltaFlowCount, value.Flows);
    }

    /// <summary>An array under a key, left out when it is empty.</summary>
    public void List<T>(int key, IReadOnlyList<T> items, Action<T> write)
    {
        if (items.Count == 0)
        {
            return;
        }

        Key(key);
        _cbor.WriteStartArray(items.Count);
        foreach (var item in items)
        {
            write(item);
        }

        _cbor.WriteEndArray();
    }

    /// <summary>An array of values without keys, such as a row of a table.</summary>
    public void Row(params ReadOnlySpan<ulong> values)
    {
        _cbor.WriteStartArray(values.Length);
        foreach (var value in values)
        {
            _cbor.WriteUInt64(value);
        }

        _cbor.WriteEndArray();
    }

    /// <summary>Likewise, under a key.</summary>
    public void KeyedRow(int key, params ReadOnlySpan<ulong> values)
    {
        Key(key);
        Row(values);
    }

    public void Item(ulong value) => _cbor.WriteUInt64(value);

    public void Item(string value) => _cbor.WriteTextString(value);

    public void PrefixRow(Prefix prefix, params ReadOnlySpan<ulong> rest)
    {
        Span<byte> octets = stackalloc byte[16];
        _cbor.WriteStartArray(rest.Length + 2);
        _cbor.WriteByteString(octets[..prefix.CopyAddress(octets)]);
        _cbor.WriteInt32(prefix.Length);
        foreach (var value in rest)
        {
            _cbor.WriteUInt64(value);
        }

        _cbor.WriteEndArray();
    }

    private void Key(int key) => _cbor.WriteInt32(key);
}
