using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <content>
/// Several packets at once. A large table's index and records lie in main memory, where one look-up waits some hundred nanoseconds; asking for those of the next
/// packets before they are needed lets the waits overlap. The result is the same as adding one by one.
/// </content>
public sealed partial class FlowTable
{
    /// <summary>The number of packets that <see cref="AddRange"/> looks ahead.</summary>
    public const int BatchSize = 32;

    private readonly KeyedPacket[] _batch = new KeyedPacket[BatchSize];

    /// <summary>Meters packets in their order.</summary>
    /// <param name="headers">Decoded packets; those whose <see cref="PacketHeader.IpVersion"/> is 0 are a mistake of the caller.</param>
    public void AddRange(ReadOnlySpan<PacketHeader> headers)
    {
        while (headers.Length > BatchSize)
        {
            AddBatch(headers[..BatchSize]);
            headers = headers[BatchSize..];
        }

        AddBatch(headers);
    }

    private void AddBatch(ReadOnlySpan<PacketHeader> headers)
    {
        var batch = _batch.AsSpan(0, headers.Length);
        for (var i = 0; i < batch.Length; i++)
        {
            KeyedPacket.Make(in headers[i], in _rule, ref batch[i]);
            PrefetchSlot(batch[i].Key.Tail.Hash);
        }

        for (var i = 0; i < batch.Length; i++)
            PrefetchRecord(batch[i].Key.Tail.Hash);
        for (var i = 0; i < batch.Length; i++)
        {
            if (headers[i].Fragment != FragmentKind.Whole)
                AddFragment(headers[i]); // may have got its ports from a packet of this very batch
            else
                AddKeyed(in batch[i]);
        }
    }

    /// <summary>Asks for the place in the index where a hash's search begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void PrefetchSlot(uint hash)
    {
        var slots = _index.Of(hash);
        Prefetch(ref slots[(int)hash & (slots.Length - 1)], 0);
    }

    /// <summary>Asks for the record that a hash's search will look at; its place in the index should have come by now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void PrefetchRecord(uint hash)
    {
        var slots = _index.Of(hash);
        var mask = slots.Length - 1;
        for (var slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            // In a well filled index every third search does not end where it begins: what lies there is another's record.
            var entry = slots[slot];
            if (entry == 0)
                return;
            if ((uint)(entry >> 32) != hash)
                continue;
            ref var record = ref _pool[FlowIndex.Number(entry)];
            Prefetch(ref record, 0);
            Prefetch(ref record, 64);
            Prefetch(ref record, 128);
            return;
        }
    }

    /// <summary>Asks for a cache line. Where the processor has no such instruction, the plain loads of the loops above overlap as far as it can reorder them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch<T>(ref T location, int offset)
        where T : unmanaged
    {
        if (Sse.IsSupported)
            Sse.Prefetch0((byte*)Unsafe.AsPointer(ref location) + offset);
    }
}
