using System.Buffers.Binary;

namespace EdgeSensors.Metering.Export;

/// <summary>One IPFIX message (RFC 7011 §3.1) in the making: records of one set id in a row share a set.</summary>
internal sealed class IpfixMessage
{
    public const int HeaderLength = 16;

    private const int SetHeaderLength = 4;

    private readonly byte[] _octets = new byte[IpfixExporterOptions.LongestMessage];
    private int _limit = IpfixExporterOptions.LongestMessage;
    private int _length = HeaderLength;
    private int _setStart;
    private ushort _setId;

    /// <summary>Whether there is nothing to send.</summary>
    public bool IsEmpty => _length == HeaderLength;

    /// <summary>Empties the message.</summary>
    /// <param name="limit">Most octets of it.</param>
    public void Begin(int limit)
    {
        _limit = Math.Min(limit, IpfixExporterOptions.LongestMessage);
        _length = HeaderLength;
        _setId = 0;
    }

    /// <summary>Makes room for a record; false when the message is full.</summary>
    /// <param name="setId">2 a template, 3 an options template, else a template's id.</param>
    /// <param name="recordLength">Octets.</param>
    /// <param name="record">Where to write it.</param>
    public bool TryAdd(ushort setId, int recordLength, out Span<byte> record)
    {
        var opens = setId != _setId;
        if (_length + (opens ? SetHeaderLength : 0) + recordLength > _limit)
        {
            record = default;
            return false;
        }

        if (opens)
        {
            CloseSet();
            (_setStart, _setId) = (_length, setId);
            _length += SetHeaderLength;
        }

        record = _octets.AsSpan(_length, recordLength);
        _length += recordLength;
        return true;
    }

    /// <summary>Ends the set in hand, so that the next record begins another.</summary>
    public void CloseSet()
    {
        if (_setId == 0)
            return;
        BinaryPrimitives.WriteUInt16BigEndian(_octets.AsSpan(_setStart), _setId);
        BinaryPrimitives.WriteUInt16BigEndian(_octets.AsSpan(_setStart + 2), (ushort)(_length - _setStart));
        _setId = 0;
    }

    /// <summary>The message as it is to be sent.</summary>
    /// <param name="exportTime">When it is sent.</param>
    /// <param name="sequence">Data records sent before it.</param>
    /// <param name="observationDomainId">Whose records.</param>
    public ReadOnlySpan<byte> Finish(DateTimeOffset exportTime, uint sequence, uint observationDomainId)
    {
        CloseSet();
        var header = _octets.AsSpan(0, HeaderLength);
        BinaryPrimitives.WriteUInt16BigEndian(header, 10);
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)_length);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], (uint)exportTime.ToUnixTimeSeconds());
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(header[12..], observationDomainId);
        return _octets.AsSpan(0, _length);
    }
}
