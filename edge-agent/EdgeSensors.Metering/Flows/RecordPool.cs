using System.Runtime.CompilerServices;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// Biflow records by number, in chunks that never move: growing copies nothing, a reference stays good, and the collector has nothing to trace in them.
/// </summary>
internal sealed unsafe class RecordPool
{
    private const int ChunkBits = 12;
    private const int ChunkLength = 1 << ChunkBits;
    private const int CacheLine = 64;

    /// <summary>Keeps the chunks' memory; <see cref="_chunks"/> points into it.</summary>
    private readonly List<byte[]> _memory = [];
    private BiflowRecord*[] _chunks = new BiflowRecord*[16];
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

        if (Length == _memory.Count << ChunkBits)
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

    /// <summary>Pages that no record has touched yet take no memory.</summary>
    private void AddChunk()
    {
        if (_memory.Count == _chunks.Length)
        {
            var more = new BiflowRecord*[_chunks.Length * 2];
            for (var i = 0; i < _chunks.Length; i++)
                more[i] = _chunks[i];
            _chunks = more;
        }

        var memory = GC.AllocateUninitializedArray<byte>((ChunkLength * sizeof(BiflowRecord)) + CacheLine, pinned: true);
        var start = (nuint)Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(memory));
        _chunks[_memory.Count] = (BiflowRecord*)((start + CacheLine - 1) & ~(nuint)(CacheLine - 1));
        _memory.Add(memory);
    }
}
