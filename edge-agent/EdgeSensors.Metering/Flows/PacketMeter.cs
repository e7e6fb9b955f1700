using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>The way of a packet through the meter: decode, count, flow table.</summary>
public sealed class PacketMeter
{
    /// <summary>Makes a meter.</summary>
    /// <param name="options">How the flow table divides.</param>
    /// <param name="consumer">Takes the biflows that end.</param>
    public PacketMeter(FlowTableOptions options, IBiflowConsumer consumer) => Flows = new FlowTable(options, consumer);

    /// <summary>The flows going on.</summary>
    public FlowTable Flows { get; }

    /// <summary>All that was seen.</summary>
    public MeterTotals Totals { get; } = new();

    /// <summary>Meters one packet.</summary>
    /// <param name="packet">As its source handed it over; not changed.</param>
    public DecodeStatus Add(ref readonly CapturedPacket packet)
    {
        var status = FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
        Totals.Add(status, in header, packet.Data.Length, packet.OriginalLength);
        if (header.IpVersion == 0)
        {
            Flows.AdvanceTo(packet.TimestampNs);
            return status;
        }

        Flows.Add(in header);
        if (header.QuotedOffset != 0 && FrameDecoder.TryDecodeQuoted(packet.Data, in header, out var quoted))
            Flows.MarkRefused(in quoted);
        return status;
    }

    /// <summary>Meters all that a source has, up to its end, and exports what is still open.</summary>
    /// <param name="source">A capture file, or anything that ends.</param>
    /// <param name="cancellationToken">Looked at every few thousand packets.</param>
    public void AddAll(IPacketSource source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        CapturedPacket packet = default;
        for (var count = 1L; source.Read(ref packet) != PacketRead.End; count++)
        {
            Add(ref packet);
            if ((count & 0xFFF) == 0)
                cancellationToken.ThrowIfCancellationRequested();
        }

        Flows.Flush();
    }
}
