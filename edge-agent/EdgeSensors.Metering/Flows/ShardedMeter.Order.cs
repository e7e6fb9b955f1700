using System.Runtime.InteropServices;

namespace EdgeSensors.Metering.Flows;

/// <content>
/// In which order records leave. What makes them leave (a packet, a tick, the end) has its place in the stream; those that leave together go by the time of their first packet, then by
/// their key. Neither shards nor the hash's seed, which is another in each run, have a say, so that two runs over one capture print the same.
/// </content>
public sealed partial class ShardedMeter
{
    // Records that leave together: the time of the first packet, and where the record is.
    private long[] _firstNs = [];
    private ulong[] _places = [];

    /// <summary>Where places are: in this block, or in the shards if there is none.</summary>
    private MeterBlock? _sorted;
    private Comparison<ulong>? _byKey;

    /// <summary>Hands a block's records over in their order. In the order of the stream.</summary>
    private void Export(MeterBlock block)
    {
        Span<int> next = stackalloc int[MaxWorkers];
        next.Clear();
        _sorted = block;
        while (TakeTogether(block, next) is > 0 and var count)
        {
            Sort(count);
            foreach (var place in _places.AsSpan(0, count))
                HandOver(block, place);
        }

        foreach (var exports in block.Exports)
            exports.Clear();
        foreach (var details in block.Details)
            details.Clear();
        block.Reached = MeterBlock.Stage.Free;
    }

    /// <summary>Exports what is in the table at the end.</summary>
    private void EndAll()
    {
        foreach (var shard in _shards)
            AdvanceToEnd(shard);
        var count = 0;
        Room(_shards.Sum(shard => shard.Extent));
        for (var number = 0; number < _shards.Length; number++)
        {
            var shard = _shards[number];
            for (var index = 0; index < shard.Extent; index++)
            {
                if (shard.InUse(index))
                    (_firstNs[count], _places[count++]) = (shard[index].FirstNs, Place(number, index));
            }
        }

        _sorted = null;
        Sort(count);
        foreach (var place in _places.AsSpan(0, count))
            _shards[(int)(place >> 32)].End((int)place, FlowEndReason.ForcedEnd);
        foreach (var shard in _shards)
            shard.Clear();
    }

    /// <summary>Collects the next records of a block that leave together, and says how many they are.</summary>
    private int TakeTogether(MeterBlock block, Span<int> next)
    {
        var order = int.MaxValue;
        for (var worker = 0; worker < block.Exports.Length; worker++)
        {
            if (next[worker] < block.Exports[worker].Count)
                order = Math.Min(order, block.Exports[worker][next[worker]].Order);
        }

        var count = 0;
        for (var worker = 0; worker < block.Exports.Length; worker++)
        {
            var exports = CollectionsMarshal.AsSpan(block.Exports[worker]);
            for (; next[worker] < exports.Length && exports[next[worker]].Order == order; next[worker]++)
            {
                Room(count + 1);
                (_firstNs[count], _places[count++]) = (exports[next[worker]].Record.FirstNs, Place(worker, next[worker]));
            }
        }

        return count;
    }

    private void HandOver(MeterBlock block, ulong place)
    {
        ref readonly var record = ref At(block, place).Record;
        var details = CollectionsMarshal.AsSpan(block.Details[(int)(place >> 32)]);
        if (details.Length == 0)
            _consumer!.OnBiflow(in record);
        else
            _consumer!.OnBiflow(in record, in details[(int)place]);
    }

    private static ref readonly ExportedBiflow At(MeterBlock block, ulong place) => ref CollectionsMarshal.AsSpan(block.Exports[(int)(place >> 32)])[(int)place];

    /// <summary>Sorts what was collected: by time, which is quick, and then the few of one time by key.</summary>
    private void Sort(int count)
    {
        if (count < 2)
            return;
        _byKey ??= (x, y) => RecordAt(x).Key.CompareTo(in RecordAt(y).Key);
        Array.Sort(_firstNs, _places, 0, count);
        for (var start = 0; start < count - 1;)
        {
            var end = start + 1;
            while (end < count && _firstNs[end] == _firstNs[start])
                end++;
            if (end > start + 1)
                _places.AsSpan(start, end - start).Sort(_byKey);
            start = end;
        }
    }

    private ref readonly BiflowRecord RecordAt(ulong place)
    {
        if (_sorted is null)
            return ref _shards[(int)(place >> 32)][(int)place];
        return ref At(_sorted, place).Record;
    }

    private void Room(int count)
    {
        if (count <= _places.Length)
            return;
        var length = Math.Max(count, _places.Length * 2);
        Array.Resize(ref _firstNs, length);
        Array.Resize(ref _places, length);
    }

    private static ulong Place(int holder, int index) => ((ulong)holder << 32) | (uint)index;
}
