using System.Runtime.CompilerServices;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// Biflow records by number, in chunks that never move: growing copies nothing, a reference stays good, and the collector has nothing to trace in them.
/// </summary>
internal sealed class RecordPool
{
    private const int ChunkBits = 12;
    private const int ChunkLength = 1 << ChunkBits;

    private BiflowRecord[][] _chunks = new BiflowRecord[16][];
    private int _chunkCount;
    private int _freeHead = -1;

    /// <summary>Numbers below this have been rented at some time.</summary>
    public int Length { get; private set; }

    public ref BiflowRecord this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _chunks[index >> ChunkBits][index & (ChunkLength - 1)];
    }

    public int Rent()
    {
        if (_freeHead >= 0)
        {
            var index = _freeHead;
            _freeHead = this[index].NextInBucket;
            return index;
        }

        if (Length == _chunkCount << ChunkBits)
        {
            if (_chunkCount == _chunks.Length)
                Array.Resize(ref _chunks, _chunks.Length * 2);
            _chunks[_chunkCount++] = new BiflowRecord[ChunkLength];
        }

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
}
