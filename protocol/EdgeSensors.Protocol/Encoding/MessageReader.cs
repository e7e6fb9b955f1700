using System.Formats.Cbor;

namespace EdgeSensors.Protocol.Encoding;

/// <summary>Reads one message: any octets give it or a typed error. Keys that are not known are skipped, as messages of a newer version may carry them.</summary>
internal sealed class MessageReader
{
    private readonly ReadOnlyMemory<byte> _payload;
    private readonly CborReader _cbor;

    private MessageReader(ReadOnlyMemory<byte> payload)
    {
        _payload = payload;
        _cbor = new CborReader(payload, CborConformanceMode.Ctap2Canonical);
    }

    private int Offset => _payload.Length - _cbor.BytesRemaining;

    /// <summary>Runs a message's own reading and turns whatever it meets into a value or one typed error.</summary>
    public static bool TryRead<T>(ReadOnlyMemory<byte> payload, Channel channel, Func<MessageReader, T> read, out T? message, out ProtocolError error)
        where T : class => TryRead(payload, Topics.MaxPayloadOctets(channel), channel.ToString(), read, out message, out error);

    /// <summary>Likewise, for what goes over no topic.</summary>
    public static bool TryRead<T>(ReadOnlyMemory<byte> payload, int maxOctets, string what, Func<MessageReader, T> read, out T? message, out ProtocolError error)
        where T : class
    {
        message = null;
        if (payload.Length > maxOctets)
        {
            error = new(ProtocolErrorKind.TooLong, 0, $"{payload.Length} octets, more than a {what} may have");
            return false;
        }

        var reader = new MessageReader(payload);
        try
        {
            var value = read(reader);
            if (reader._cbor.BytesRemaining != 0)
            {
                error = new(ProtocolErrorKind.Malformed, reader.Offset, "octets follow the message");
                return false;
            }

            message = value;
            error = default;
            return true;
        }
        catch (FieldException e)
        {
            error = new(e.Kind, reader.Offset, e.Message);
        }
        catch (CborContentException)
        {
            error = new(ProtocolErrorKind.Malformed, reader.Offset, "not deterministic CBOR, or cut short");
        }
        catch (Exception e) when (e is InvalidOperationException or OverflowException or ArgumentException or FormatException)
        {
            // How the library reports a well-formed item of another type or range than was asked for.
            error = new(ProtocolErrorKind.InvalidField, reader.Offset, "a value of the wrong type or out of range");
        }

        return false;
    }

    /// <summary>Reads a map, handing each key to <paramref name="field"/>, which reads the value and says so, or leaves it to be skipped.</summary>
    public void Map(Func<int, bool> field)
    {
        var count = _cbor.ReadStartMap() ?? throw new FieldException(ProtocolErrorKind.Malformed, "a map of indefinite length");
        for (var i = 0; i < count; i++)
        {
            var key = _cbor.ReadInt64();
            if (key is < int.MinValue or > int.MaxValue || !field((int)key))
            {
                _cbor.SkipValue();
            }
        }

        _cbor.ReadEndMap();
    }

    public ulong UInt(ulong max = ulong.MaxValue)
    {
        var value = _cbor.ReadUInt64();
        return value <= max ? value : throw new FieldException(ProtocolErrorKind.InvalidField, $"{value} is more than {max}");
    }

    public long Int() => _cbor.ReadInt64();

    public bool Flag() => _cbor.ReadBoolean();

    public UnixMilliseconds Time() => new((long)UInt(UnixMilliseconds.MaxValue));

    public T Enumeration<T>(Func<ulong, T?> known)
        where T : struct, Enum
    {
        var value = UInt();
        return known(value) ?? throw new FieldException(ProtocolErrorKind.InvalidField, $"{value} is no {typeof(T).Name}");
    }

    /// <summary>A text of few characters that can name a thing but not carry a message.</summary>
    public string Token(int maxLength = 64)
    {
        var text = _cbor.ReadTextString();
        return Protocol.Token.IsValid(text, maxLength)
            ? text
            : throw new FieldException(ProtocolErrorKind.InvalidField, $"not a token of at most {maxLength} characters");
    }

    /// <summary>A text of any characters, for an enrolment: no message of a sensor has one.</summary>
    public string Text(int minOctets, int maxOctets)
    {
        var text = _cbor.ReadTextString();
        var octets = System.Text.Encoding.UTF8.GetByteCount(text);
        return octets >= minOctets && octets <= maxOctets
            ? text
            : throw new FieldException(ProtocolErrorKind.InvalidField, $"a text of {octets} octets where {minOctets} to {maxOctets} belong");
    }

    public byte[] Bytes(int min, int max)
    {
        var value = _cbor.ReadDefiniteLengthByteString();
        return value.Length >= min && value.Length <= max
            ? value.ToArray()
            : throw new FieldException(ProtocolErrorKind.InvalidField, $"{value.Length} octets where {min} to {max} belong");
    }

    public Prefix Address(int octets)
    {
        var value = Bytes(octets, octets);
        return Prefix.Of(value);
    }

    public Prefix AnyAddress()
    {
        var value = Bytes(4, 16);
        return value.Length is 4 or 16 ? Prefix.Of(value) : throw new FieldException(ProtocolErrorKind.InvalidField, "an address has 4 or 16 octets");
    }

    public IReadOnlyList<T> List<T>(int max, Func<T> item)
    {
        var count = _cbor.ReadStartArray() ?? throw new FieldException(ProtocolErrorKind.Malformed, "an array of indefinite length");
        if (count > max)
        {
            throw new FieldException(ProtocolErrorKind.InvalidField, $"{count} entries where at most {max} belong");
        }

        var items = new T[count];
        for (var i = 0; i < count; i++)
        {
            items[i] = item();
        }

        _cbor.ReadEndArray();
        return items;
    }

    public ulong[] Row(int length)
    {
        StartRow(length);
        var values = new ulong[length];
        for (var i = 0; i < length; i++)
        {
            values[i] = _cbor.ReadUInt64();
        }

        _cbor.ReadEndArray();
        return values;
    }

    public Prefix PrefixRow(Span<ulong> rest)
    {
        StartRow(rest.Length + 2);
        var address = Bytes(4, 16);
        var length = (int)UInt(128);
        if (!Prefix.TryCreate(address, length, out var prefix))
        {
            throw new FieldException(ProtocolErrorKind.InvalidField, "not a prefix with its host bits zero");
        }

        foreach (ref var value in rest)
        {
            value = _cbor.ReadUInt64();
        }

        _cbor.ReadEndArray();
        return prefix;
    }

    private void StartRow(int length)
    {
        if (_cbor.ReadStartArray() != length)
        {
            throw new FieldException(ProtocolErrorKind.InvalidField, $"a row that does not have {length} values");
        }
    }
}

/// <summary>A field that the schema does not allow; never leaves <see cref="MessageReader"/>.</summary>
internal sealed class FieldException(ProtocolErrorKind kind, string message) : Exception(message)
{
    public ProtocolErrorKind Kind { get; } = kind;

    /// <summary>Gives a field that must be there, or says that it is not.</summary>
    public static T Required<T>(T? value, string name)
        where T : struct => value ?? throw new FieldException(ProtocolErrorKind.MissingField, $"{name} is missing");

    public static T Required<T>(T? value, string name)
        where T : class => value ?? throw new FieldException(ProtocolErrorKind.MissingField, $"{name} is missing");
}
