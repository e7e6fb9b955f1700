using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>The way of a packet through the meter: decode, count, flow table.</summary>
public sealed class PacketMeter
{
    private readonly PacketHeader[] _queue = new PacketHeader[FlowTable.BatchSize];
    private int _queued;

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

    /// <summary>
    /// Meters one packet soon: the flow table learns of it when enough have come that their look-ups overlap, or at <see cref="Drain"/>. For sources faster than anyone watches.
    /// </summary>
    /// <param name="packet">As its source handed it over; not changed, and not needed afterwards.</param>
    public DecodeStatus Enqueue(ref readonly CapturedPacket packet)
    {
        ref var header = ref _queue[_queued];
        var status = FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out header);
        Totals.Add(status, in header, packet.Data.Length, packet.OriginalLength);
        if (header.IpVersion == 0)
        {
            Drain();
            Flows.AdvanceTo(packet.TimestampNs);
            return status;
        }

        var quotes = header.QuotedOffset != 0;
        if (++_queued < _queue.Length && !quotes)
            return status;
        var error = header;
        Drain();
        if (quotes && FrameDecoder.TryDecodeQuoted(packet.Data, in error, out var quoted))
            Flows.MarkRefused(in quoted);
        return status;
    }

    /// <summary>Brings the flow table up to date with all that was enqueued.</summary>
    public void Drain()
    {
        Flows.AddRange(_queue.AsSpan(0, _queued));
        _queued = 0;
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
            Enqueue(ref packet);
            if ((count & 0xFFF) == 0)
                cancellationToken.ThrowIfCancellationRequested();
        }

        Drain();
        Flows.Flush();
    }
}
