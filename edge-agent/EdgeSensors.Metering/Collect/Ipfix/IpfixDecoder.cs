using System.Buffers.Binary;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Collect.Ipfix;

/// <summary>Reads IPFIX messages (RFC 7011 §3.1): a header of 16 octets, then sets.</summary>
internal sealed class IpfixDecoder(CollectorTotals totals, ExporterTable exporters, TemplateSetReader templates, DataSetReader data)
{
    public const int HeaderLength = 16;

    /// <summary>Reads a datagram; a relay may have put several messages in one.</summary>
    public CollectStatus Read(ExporterEndpoint from, long receivedNs, bool isStream, Span<byte> datagram)
    {
        var status = CollectStatus.Ok;
        while (true)
        {
            var length = FirstLength(datagram);
            var read = ReadMessage(from, receivedNs, isStream, datagram[..length]);
            if (status == CollectStatus.Ok)
                status = read;
            if (length == datagram.Length)
                return status;
            datagram = datagram[length..];
        }
    }

    /// <summary>Where the first message ends: at the datagram's end, unless its length field points at another message.</summary>
    private static int FirstLength(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < 2 * HeaderLength)
            return datagram.Length;
        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        if (length < HeaderLength || length > datagram.Length - HeaderLength)
            return datagram.Length;
        var next = datagram[length..];
        return BinaryPrimitives.ReadUInt16BigEndian(next) == 10 && BinaryPrimitives.ReadUInt16BigEndian(next[2..]) is var nextLength
            && nextLength >= HeaderLength && nextLength <= next.Length
            ? length
            : datagram.Length;
    }

    private CollectStatus ReadMessage(ExporterEndpoint from, long receivedNs, bool isStream, Span<byte> message)
    {
        if (message.Length < HeaderLength)
            return CollectStatus.HeaderTruncated;
        int length = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if (length < HeaderLength)
            return CollectStatus.Malformed;
        var exportNs = BinaryPrimitives.ReadUInt32BigEndian(message[4..]) * 1_000_000_000L;
        var sequence = BinaryPrimitives.ReadUInt32BigEndian(message[8..]);
        var domainId = BinaryPrimitives.ReadUInt32BigEndian(message[12..]);

        var domain = exporters.Get(new DomainKey(from, ExportFormat.Ipfix, domainId, from.Address), receivedNs);
        if (!domain.Begin(sequence, Fingerprint.Of(message), exportNs, receivedNs, uptimeMs: null))
            return CollectStatus.Duplicate;
        var context = new MessageContext
        {
            Domain = domain, Serial = domain.MessageCount, ReceivedNs = receivedNs, ExportNs = exportNs, IsStream = isStream,
        };
        var records = 0;
        // A datagram holds one message, so where its end and the length field differ, its end is what is true (there are exporters that count wrongly).
        var status = ReadSets(message[HeaderLength..], in context, ref records);
        domain.Sequence.End(records);
        if (status != CollectStatus.Ok || length == message.Length)
            return status;
        return length > message.Length ? CollectStatus.Truncated : message[length..].ContainsAnyExcept((byte)0) ? CollectStatus.Malformed : CollectStatus.Ok;
    }

    private CollectStatus ReadSets(Span<byte> sets, in MessageContext context, ref int records)
    {
        while (sets.Length >= 4)
        {
            var id = BinaryPrimitives.ReadUInt16BigEndian(sets);
            int length = BinaryPrimitives.ReadUInt16BigEndian(sets[2..]);
            if (length < 4)
                return sets.ContainsAnyExcept((byte)0) ? CollectStatus.Malformed : CollectStatus.Ok;
            if (length > sets.Length)
                return CollectStatus.Truncated;
            var set = sets[4..length];
            sets = sets[length..];
            switch (id)
            {
                case 2 or 3:
                    if (!templates.ReadIpfix(id == 3, set, in context, ref records))
                        return CollectStatus.Malformed;
                    break;
                case < 256:
                    totals.ReservedSetCount++;
                    break;
                default:
                    records += data.Read(id, set, in context);
                    break;
            }
        }

        return CollectStatus.Ok;
    }
}
