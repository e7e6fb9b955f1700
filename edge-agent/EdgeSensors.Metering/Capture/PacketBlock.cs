using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Capture;

/// <summary>
/// Packets of a capture file that lie in one buffer of their own, so that they can be decoded on another core while the file is read on. Kept and filled again and again:
/// <see cref="CaptureFile.ReadBlock"/> trades buffers and copies only what it has read of the next packet.
/// </summary>
public sealed class PacketBlock
{
    /// <summary>Most packets of a block.</summary>
    public const int MaxPackets = 2048;

    private readonly Entry[] _packets = new Entry[MaxPackets];

    /// <summary>Packets in the block.</summary>
    public int Count { get; private set; }

    internal byte[] Buffer { get; set; } = BlockBuffer.Allocate(CaptureFile.BufferLength);

    /// <summary>A packet's timestamp, nanoseconds since the Unix epoch.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    public long TimestampNs(int index) => _packets[index].TimestampNs;

    /// <summary>One packet.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    /// <param name="packet">Set; valid until the block is filled again.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Get(int index, ref CapturedPacket packet)
    {
        ref readonly var entry = ref _packets[index];
        packet.TimestampNs = entry.TimestampNs;
        packet.LinkType = entry.LinkType;
        packet.Data = Buffer.AsSpan(entry.Offset, entry.Length);
        packet.OriginalLength = entry.OriginalLength;
    }

    internal void Clear() => Count = 0;

    internal void Add(in CapturedPacket packet, int offset) => Add(packet.TimestampNs, packet.LinkType, offset, packet.Data.Length, packet.OriginalLength);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add(long timestampNs, LinkType linkType, int offset, int length, int originalLength)
    {
        ref var entry = ref _packets[Count++];
        entry.TimestampNs = timestampNs;
        entry.LinkType = linkType;
        entry.Offset = offset;
        entry.Length = length;
        entry.OriginalLength = originalLength;
    }

    private struct Entry
    {
        public long TimestampNs;
        public int Offset;
        public int Length;
        public int OriginalLength;
        public LinkType LinkType;
    }
}
