namespace EdgeSensors.Metering.Flows;

/// <summary>Details by their record's number, in chunks that never move.</summary>
internal sealed class DetailPool
{
    private const int ChunkBits = 10;

    private readonly List<BiflowDetail[]> _chunks = [];

    public ref BiflowDetail this[int index] => ref _chunks[index >> ChunkBits][index & ((1 << ChunkBits) - 1)];

    /// <summary>Makes room for a number.</summary>
    public void Reach(int index)
    {
        while (index >> ChunkBits >= _chunks.Count)
            _chunks.Add(new BiflowDetail[1 << ChunkBits]);
    }
}
