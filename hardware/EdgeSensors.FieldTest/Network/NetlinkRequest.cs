using System.Buffers.Binary;
using System.Text;

namespace EdgeSensors.FieldTest.Network;

/// <summary>Builds one rtnetlink request (rtnetlink(7), RFC 3549): a header, a fixed part and nested attributes, in the host's byte order.</summary>
internal sealed class NetlinkRequest
{
    private const int HeaderLength = 16;
    private const ushort NestedFlag = 0x8000;

    private readonly List<byte> _bytes = [.. new byte[HeaderLength]];
    private readonly ushort _type;
    private readonly ushort _flags;

    /// <param name="type">RTM_….</param>
    /// <param name="create">Whether something is made; it must not exist yet.</param>
    /// <param name="fixedPart">The structure that follows the header.</param>
    public NetlinkRequest(ushort type, bool create, ReadOnlySpan<byte> fixedPart)
    {
        const ushort Request = 1, Acknowledge = 4, Exclusive = 0x200, Create = 0x400;
        _type = type;
        _flags = (ushort)(Request | Acknowledge | (create ? Create | Exclusive : 0));
        Append(fixedPart);
    }

    public NetlinkRequest Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        Span<byte> header = stackalloc byte[4];
        BinaryPrimitives.WriteUInt16LittleEndian(header, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], type);
        Append(header);
        Append(value);
        return this;
    }

    public NetlinkRequest Attribute(ushort type, uint value)
    {
        Span<byte> octets = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(octets, value);
        return Attribute(type, octets);
    }

    public NetlinkRequest Attribute(ushort type, string value) => Attribute(type, Encoding.ASCII.GetBytes(value + "\0"));

    public NetlinkRequest Nested(ushort type, Action<NetlinkRequest> content, ReadOnlySpan<byte> fixedPart = default)
    {
        var start = _bytes.Count;
        Append([0, 0, 0, 0]);
        Append(fixedPart);
        content(this);
        var length = (ushort)(_bytes.Count - start);
        Span<byte> header = stackalloc byte[4];
        BinaryPrimitives.WriteUInt16LittleEndian(header, length);
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)(type | NestedFlag));
        for (var i = 0; i < 4; i++)
        {
            _bytes[start + i] = header[i];
        }

        return this;
    }

    public byte[] ToArray(uint sequence)
    {
        var message = _bytes.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), _type);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), _flags);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(8), sequence);
        return message;
    }

    private void Append(ReadOnlySpan<byte> octets)
    {
        _bytes.AddRange(octets);
        while (_bytes.Count % 4 != 0)
        {
            _bytes.Add(0);
        }
    }
}
