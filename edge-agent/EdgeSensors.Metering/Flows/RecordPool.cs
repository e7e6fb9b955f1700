using System.Runtime.CompilerServices;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// Biflow records by number, in chunks that never move: growing copies nothing, a reference stays good, and the collector has nothing to trace in them.
/// </summary>
internal sealed unsafe class RecordPool(RecordArena arena)
{
    private BiflowRecord*[] _chunks = new BiflowRecord*[16];
    private int _chunkCount;
    private int _freeHead = -1;

    /// <summary>Numbers below this have been rented at some time.</summary>
    public int Length { get; private set; }

    public ref BiflowRecord this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _chunks[index >> RecordArena.ChunkBits][index & (RecordArena.ChunkLength - 1)];
    }

    public int Rent()
    {
        if (_freeHead >= 0)
        {
            var index = _freeHead;
            _freeHead = this[index].NextInBucket;
            return index;
        }

        if (Length == _chunkCount << RecordArena.ChunkBits)
            AddChunk();
        return Length++;
    }

    public void Return(int index)
    {
        this[index].NextInBucket = _freeHead;
        _freeHead = index;
    }

    /// <summary>Makes every number free again and keeps the memory.</summary>
    public void Clear()
    {
        Length = 0;
        _freeHead = -1;
    }

    private void AddChunk()
    {
        if (_chunkCount == _chunks.Length)
        {
            var more = new BiflowRecord*[_chunks.Length * 2];
            for (var i = 0; i < _chunks.Length; i++)
                more[i] = _chunks[i];
            _chunks = more;
        }

        _chunks[_chunkCount++] = arena.Take();
    }
}
