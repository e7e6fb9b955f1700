using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// Where records' chunks come from: one arena for all shards of a meter. Its memory is in huge pages where the kernel gives them, because a look-up in half a million records
/// waits longer for the translation of an address than for the record: of 2 MiB pages there are so few that the processor remembers them all.
/// </summary>
internal sealed unsafe partial class RecordArena
{
    public const int ChunkBits = 11;

    /// <summary>Records in a chunk.</summary>
    public const int ChunkLength = 1 << ChunkBits;

    private const nuint HugePage = 2 << 20;
    private const nuint CacheLine = 64;
    private const int MostChunks = 32;
    private const int MadvHugePage = 14;

    private readonly Lock _lock = new();

    /// <summary>Keeps the memory of all chunks. Each block is twice the one before, so that a small table stays small.</summary>
    private readonly List<byte[]> _blocks = [];
    private byte* _next;
    private int _left;

    /// <summary>A chunk of records with any content, on a cache line's boundary; good as long as the arena. Pages that no record has touched yet take no memory.</summary>
    public BiflowRecord* Take()
    {
        lock (_lock)
        {
            if (_left == 0)
                AddBlock();
            _left--;
            var chunk = (BiflowRecord*)_next;
            _next += ChunkLength * sizeof(BiflowRecord);
            return chunk;
        }
    }

    private void AddBlock()
    {
        _left = Math.Min(MostChunks, 1 << Math.Min(_blocks.Count, 30));
        var octets = (nuint)(_left * ChunkLength * sizeof(BiflowRecord));
        var boundary = octets < HugePage ? CacheLine : HugePage;
        var block = GC.AllocateUninitializedArray<byte>((int)(octets + boundary), pinned: true);
        _blocks.Add(block);
        var start = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(block));
        _next = (byte*)((start + boundary - 1) & ~(boundary - 1));
        if (boundary == HugePage && OperatingSystem.IsLinux())
            _ = Advise(_next, octets & ~(HugePage - 1), MadvHugePage); // a kernel without huge pages refuses, and gives small ones
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
