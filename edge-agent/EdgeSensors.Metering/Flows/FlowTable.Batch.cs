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

    private readonly Prepared[] _batch = new Prepared[BatchSize];

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
            ref var prepared = ref batch[i];
            prepared.FromA = FlowKey.Make(in headers[i], _withVlan, out prepared.Key);
            prepared.Hash = FlowKey.Hash(in prepared.Key, _seed);
            Prefetch(ref _slots[(int)prepared.Hash & (_slots.Length - 1)]);
        }

        for (var i = 0; i < batch.Length; i++)
        {
            var entry = _slots[(int)batch[i].Hash & (_slots.Length - 1)];
            if (entry != 0)
            {
                ref var record = ref _pool[(int)(uint)entry - 1];
                Prefetch(ref record.Key);
                Prefetch(ref record.ForwardCounters);
                Prefetch(ref record.ReverseCounters);
            }
        }

        for (var i = 0; i < batch.Length; i++)
        {
            ref readonly var header = ref headers[i];
            if (header.Fragment != FragmentKind.Whole)
                AddFragment(header); // may have got its ports from a packet of this very batch
            else
                AddPacket(in header, in batch[i].Key, batch[i].Hash, batch[i].FromA);
        }
    }

    /// <summary>Asks for a cache line. Where the processor has no such instruction, the plain loads of the loop above overlap as far as it can reorder them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch<T>(ref T location)
        where T : unmanaged
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(Unsafe.AsPointer(ref location));
    }

    private struct Prepared
    {
        public FlowKey Key;
        public uint Hash;
        public bool FromA;
    }
}
