using System.Runtime.CompilerServices;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// Where each record is, by its key's hash: open addressing in 64 segments that grow one by one, so that growing, which copies a segment, never copies everything at once.
/// Each used slot holds a record's hash (upper half) and its number plus one (lower half). At most three quarters are used, so probes stay short.
/// </summary>
internal sealed class FlowIndex
{
    private const int Segments = 64;

    /// <summary>Bits 22 to 27 choose the segment: those above choose the shard, those below the slot.</summary>
    private const int SegmentShift = 22;

    private readonly ulong[][] _segments = new ulong[Segments][];
    private readonly int[] _used = new int[Segments];

    public FlowIndex()
    {
        for (var segment = 0; segment < Segments; segment++)
            _segments[segment] = new ulong[16];
    }

    /// <summary>Octets that the slots take.</summary>
    public long MemoryOctets => _segments.Sum(segment => segment.LongLength * sizeof(ulong));

    /// <summary>The slots among which a hash's record is, in a ring that begins at the hash masked by their number minus one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong[] Of(uint hash) => _segments[(int)(hash >> SegmentShift) & (Segments - 1)];

    /// <summary>The record's number in a used slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Number(ulong entry) => (int)(uint)entry - 1;

    public void Add(uint hash, int number)
    {
        var segment = (int)(hash >> SegmentShift) & (Segments - 1);
        if (++_used[segment] * 4L > _segments[segment].Length * 3L)
            Grow(segment);
        Put(_segments[segment], ((ulong)hash << 32) | (uint)(number + 1));
    }

    /// <summary>Takes a record out by moving later entries of its run back: no tombstones.</summary>
    public void Remove(uint hash, int number)
    {
        var slots = Of(hash);
        _used[(int)(hash >> SegmentShift) & (Segments - 1)]--;
        var mask = slots.Length - 1;
        var entry = ((ulong)hash << 32) | (uint)(number + 1);
        var hole = (int)hash & mask;
        while (slots[hole] != entry)
            hole = (hole + 1) & mask;
        for (var slot = (hole + 1) & mask; slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var home = (int)(slots[slot] >> 32) & mask;
            if (((slot - home) & mask) >= ((slot - hole) & mask))
            {
                slots[hole] = slots[slot];
                hole = slot;
            }
        }

        slots[hole] = 0;
    }

    public void Clear()
    {
        Array.Clear(_used);
        foreach (var slots in _segments)
            Array.Clear(slots);
    }

    private static void Put(ulong[] slots, ulong entry)
    {
        var mask = slots.Length - 1;
        var slot = (int)(entry >> 32) & mask;
        while (slots[slot] != 0)
            slot = (slot + 1) & mask;
        slots[slot] = entry;
    }

    private void Grow(int segment)
    {
        var old = _segments[segment];
        var slots = new ulong[old.Length * 2];
        foreach (var entry in old)
        {
            if (entry != 0)
                Put(slots, entry);
        }

        _segments[segment] = slots;
    }
}
