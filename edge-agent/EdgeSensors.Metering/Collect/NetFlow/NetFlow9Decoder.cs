using System.Buffers.Binary;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Collect.NetFlow;

/// <summary>Reads NetFlow v9 export packets (RFC 3954 §5.1): a header of 20 octets, then flow sets. The sequence number counts packets.</summary>
internal sealed class NetFlow9Decoder(CollectorTotals totals, ExporterTable exporters, TemplateSetReader templates, DataSetReader data)
{
    public const int HeaderLength = 20;

    public CollectStatus Read(ExporterEndpoint from, long receivedNs, Span<byte> packet)
    {
        if (packet.Length < HeaderLength)
            return CollectStatus.HeaderTruncated;
        var uptimeMs = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        var exportNs = BinaryPrimitives.ReadUInt32BigEndian(packet[8..]) * 1_000_000_000L;
        var sequence = BinaryPrimitives.ReadUInt32BigEndian(packet[12..]);
        var sourceId = BinaryPrimitives.ReadUInt32BigEndian(packet[16..]);

        var domain = exporters.Get(new DomainKey(from, ExportFormat.NetFlow9, sourceId, from.Address), receivedNs);
        if (!domain.Begin(sequence, Fingerprint.Of(packet), exportNs, receivedNs, uptimeMs))
            return CollectStatus.Duplicate;
        var context = new MessageContext
        {
            Domain = domain, Serial = domain.MessageCount, ReceivedNs = receivedNs, ExportNs = exportNs, UptimeMs = uptimeMs,
        };
        var status = ReadSets(packet[HeaderLength..], in context);
        domain.Sequence.End(1);
        return status;
    }

    private CollectStatus ReadSets(Span<byte> sets, in MessageContext context)
    {
        while (sets.Length >= 4)
        {
            var id = BinaryPrimitives.ReadUInt16BigEndian(sets);
            int length = BinaryPrimitives.ReadUInt16BigEndian(sets[2..]);
            // Some exporters send packets of one size and leave the rest zero.
            if (length < 4)
                return sets.ContainsAnyExcept((byte)0) ? CollectStatus.Malformed : CollectStatus.Ok;
            if (length > sets.Length)
                return CollectStatus.Truncated;
            var set = sets[4..length];
            sets = sets[length..];
            var released = 0;
            var isWhole = true;
            if (id == 0)
                isWhole = templates.ReadNetFlow9(set, in context, ref released);
            else if (id == 1)
                isWhole = templates.ReadNetFlow9Options(set, in context, ref released);
            else if (id < 256)
                totals.ReservedSetCount++;
            else
                data.Read(id, set, in context);
            if (!isWhole)
                return CollectStatus.Malformed;
        }

        return CollectStatus.Ok;
    }
}
