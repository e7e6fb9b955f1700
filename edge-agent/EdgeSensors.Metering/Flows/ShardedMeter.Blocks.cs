using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <content>What is done with one block.</content>
public sealed partial class ShardedMeter
{
    /// <summary>
    /// Packets of which the records are asked for in one go, a group before they are used, and their places in the index a group earlier. In one go, because what waits for an
    /// address translation holds up the instructions behind it, but not another such wait.
    /// </summary>
    private const int Group = 16;

    private Action<MeterBlock>? _share;
    private Action<MeterBlock>? _export;

    /// <summary>Notes where the stream's clock ticks. In the order of the stream.</summary>
    private void Time(MeterBlock block)
    {
        for (var i = 0; i < block.Packets.Count; i++)
        {
            if (_clock.Advance(block.Packets.TimestampNs(i)))
                block.AddEvent(BlockEventKind.Tick, BlockEvent.Before(i)).TickNs = _clock.NowNs;
        }
    }

    /// <summary>Decodes a block's packets and gives each to the worker that has its shard. On any core.</summary>
    private void Decode(MeterBlock block, MeterTotals totals)
    {
        CapturedPacket packet = default;
        Unsafe.SkipInit(out KeyedPacket plain);
        var ticks = block.EventCount;
        for (var i = 0; i < block.Packets.Count; i++)
        {
            block.Packets.Get(i, ref packet);
            if (packet.LinkType == LinkType.Ethernet && PlainFrame.TryRead(packet.Data, ref plain))
            {
                plain.TimestampNs = packet.TimestampNs;
                plain.Position = i;
                var hash = _rule.Hash(in plain.Key);
                ref var added = ref block.Add(WorkerOf(hash));
                plain.Key.Tail.Hash = hash;
                plain.CopyTo(ref added);
                totals.AddPlain(in plain, packet.Data.Length, packet.OriginalLength);
                continue;
            }

            var status = FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
            totals.Add(status, in header, packet.Data.Length, packet.OriginalLength);
            if (header.IpVersion == 0)
                continue;
            if (header.Fragment != FragmentKind.Whole)
            {
                block.AddFragment(in header, i);
            }
            else
            {
                Unsafe.SkipInit(out FlowKey key);
                var fromA = FlowKey.Make(in header, ref key);
                key.Tail.Hash = _rule.Hash(in key);
                ref var keyed = ref block.Add(WorkerOf(key.Tail.Hash));
                keyed.Key = key;
                keyed.FromA = fromA;
                keyed.Position = i;
                keyed.Take(in header);
            }

            if (header.QuotedOffset != 0 && FrameDecoder.TryDecodeQuoted(packet.Data, in header, out var quoted))
            {
                ref var refusal = ref block.AddEvent(BlockEventKind.Refusal, BlockEvent.After(i));
                KeyedPacket.Make(in quoted, in _rule, ref refusal.Packet);
                refusal.Worker = WorkerOf(refusal.Packet.Key.Tail.Hash);
            }
        }

        // The ticks were noted first; a stable sort, and nearly always of nothing or of nothing else.
        if (ticks > 0 && block.EventCount > ticks)
            Interleave(block.Events, ticks);
    }

    /// <summary>Merges two runs that are each in order, in place: there are few ticks.</summary>
    private static void Interleave(Span<BlockEvent> events, int ticks)
    {
        for (var tick = ticks - 1; tick >= 0; tick--)
        {
            var moved = events[tick];
            var to = tick;
            while (to + 1 < events.Length && events[to + 1].Order < moved.Order)
            {
                events[to] = events[to + 1];
                to++;
            }

            events[to] = moved;
        }
    }

    /// <summary>Finds the flows of a block's fragments. In the order of the stream.</summary>
    private void Share(MeterBlock block)
    {
        if (block.FragmentCount > 0)
        {
            var index = 0;
            foreach (ref var fragment in block.Events)
            {
                if (fragment.Kind != BlockEventKind.Fragment)
                    continue;
                ref var header = ref block.Fragment(index++);
                if (header.Fragment == FragmentKind.First)
                    _fragments.Remember(in header);
                else
                    _fragments.TryComplete(ref header);
                KeyedPacket.Make(in header, in _rule, ref fragment.Packet);
                fragment.Worker = WorkerOf(fragment.Packet.Key.Tail.Hash);
            }
        }

        block.Reached = MeterBlock.Stage.Shared;
    }

    /// <summary>Meters what of a block belongs to a worker's shards.</summary>
    private void Meter(MeterBlock block, Worker worker)
    {
        if (_consumer is not null)
            (worker.Exports, worker.Details) = (block.Exports[worker.Number], block.Details[worker.Number]);
        var packets = block.PacketsOf(worker.Number);
        var at = 0;
        foreach (ref readonly var between in block.Events)
        {
            if (between.Kind != BlockEventKind.Tick && between.Worker != worker.Number)
                continue;
            var end = at;
            while (end < packets.Length && BlockEvent.After(packets[end].Position) <= between.Order)
                end++;
            Meter(packets[at..end], worker);
            at = end;
            worker.Order = between.Order;
            Meter(in between, worker);
        }

        Meter(packets[at..], worker);
    }

    private void Meter(in BlockEvent between, Worker worker)
    {
        switch (between.Kind)
        {
            case BlockEventKind.Tick:
                for (var shard = worker.Number; shard < _shards.Length; shard += _workers.Length)
                    _shards[shard].AdvanceTo(between.TickNs);
                break;
            case BlockEventKind.Fragment:
                Shard(between.Packet.Key.Tail.Hash).AddKeyed(in between.Packet);
                break;
            default:
                Shard(between.Packet.Key.Tail.Hash).MarkRefused(in between.Packet);
                break;
        }
    }

    private void Meter(ReadOnlySpan<KeyedPacket> packets, Worker worker)
    {
        for (var group = -2 * Group; group < packets.Length; group += Group)
        {
            foreach (ref readonly var packet in Slice(packets, group + (2 * Group)))
                Shard(packet.Key.Tail.Hash).PrefetchSlot(packet.Key.Tail.Hash);
            foreach (ref readonly var packet in Slice(packets, group + Group))
                Shard(packet.Key.Tail.Hash).PrefetchRecord(packet.Key.Tail.Hash);
            foreach (ref readonly var packet in Slice(packets, group))
            {
                worker.Order = BlockEvent.After(packet.Position);
                Shard(packet.Key.Tail.Hash).AddKeyed(in packet);
            }
        }
    }

    /// <summary>The group that begins at a place; empty where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ReadOnlySpan<KeyedPacket> Slice(ReadOnlySpan<KeyedPacket> packets, int start) =>
        (uint)start < (uint)packets.Length ? packets.Slice(start, Math.Min(Group, packets.Length - start)) : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private FlowTable Shard(uint hash) => _shards[ShardOf(hash)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ShardOf(uint hash) => (int)(((ulong)hash * (uint)_shards.Length) >> 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int WorkerOf(uint hash) => _workerOf[ShardOf(hash)];
}
