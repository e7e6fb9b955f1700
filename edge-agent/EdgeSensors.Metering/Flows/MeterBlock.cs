using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// A block of packets on its way through a <see cref="ShardedMeter"/>, and what becomes of it: keyed packets for each worker, and between them what is not a plain packet of
/// one flow, in the order of the stream. Used again and again.
/// </summary>
internal sealed class MeterBlock
{
    /// <summary>Where a block is on its way; only <see cref="ShardedMeter"/> moves it.</summary>
    public enum Stage
    {
        Free,
        Filled,
        Decoded,
        Shared,
        Metered,
    }

    private readonly KeyedPacket[][] _packets;
    private readonly int[] _counts;
    private BlockEvent[] _events = new BlockEvent[64];
    private PacketHeader[] _fragments = new PacketHeader[16];
    private int _stage;
    private int _workersLeft;

    public MeterBlock(int workers)
    {
        _packets = new KeyedPacket[workers][];
        for (var worker = 0; worker < workers; worker++)
            _packets[worker] = new KeyedPacket[256];
        _counts = new int[workers];
        Exports = new List<ExportedBiflow>[workers];
        Details = new List<BiflowDetail>[workers];
        for (var worker = 0; worker < workers; worker++)
            (Exports[worker], Details[worker]) = ([], []);
    }

    public PacketBlock Packets { get; } = new();

    /// <summary>By worker, the records that left while the block was metered; used only where somebody takes records.</summary>
    public List<ExportedBiflow>[] Exports { get; }

    /// <summary>With each of <see cref="Exports"/> its detail, where details are kept.</summary>
    public List<BiflowDetail>[] Details { get; }

    public Span<BlockEvent> Events => _events.AsSpan(0, EventCount);

    public int EventCount { get; private set; }

    public int FragmentCount { get; private set; }

    public Stage Reached
    {
        get => (Stage)Volatile.Read(ref _stage);
        set => Volatile.Write(ref _stage, (int)value);
    }

    public void Begin(int workers)
    {
        Array.Clear(_counts);
        (EventCount, FragmentCount) = (0, 0);
        _workersLeft = workers;
    }

    public ReadOnlySpan<KeyedPacket> PacketsOf(int worker) => _packets[worker].AsSpan(0, _counts[worker]);

    /// <summary>Room for one more packet of a worker.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref KeyedPacket Add(int worker)
    {
        ref var packets = ref _packets[worker];
        ref var count = ref _counts[worker];
        if (count == packets.Length)
            Array.Resize(ref packets, count * 2);
        return ref packets[count++];
    }

    public ref BlockEvent AddEvent(BlockEventKind kind, int order)
    {
        if (EventCount == _events.Length)
            Array.Resize(ref _events, _events.Length * 2);
        ref var added = ref _events[EventCount++];
        (added.Kind, added.Order) = (kind, order);
        return ref added;
    }

    /// <summary>Keeps a fragment until the fragments before it, in the blocks before, are known.</summary>
    public void AddFragment(in PacketHeader header, int position)
    {
        if (FragmentCount == _fragments.Length)
            Array.Resize(ref _fragments, _fragments.Length * 2);
        _fragments[FragmentCount++] = header;
        AddEvent(BlockEventKind.Fragment, BlockEvent.After(position));
    }

    public ref PacketHeader Fragment(int index) => ref _fragments[index];

    /// <summary>One worker has metered its part; true for the last of them.</summary>
    public bool LeaveLast() => Interlocked.Decrement(ref _workersLeft) == 0;
}

/// <summary>What stands between the packets of a block.</summary>
internal enum BlockEventKind : byte
{
    /// <summary>The stream's clock has come to another tick: every shard is told.</summary>
    Tick,

    /// <summary>A fragment; its flow is known once its first one is.</summary>
    Fragment,

    /// <summary>An ICMP error refused a packet of another flow, mostly of another shard.</summary>
    Refusal,
}

/// <summary>One such event.</summary>
internal struct BlockEvent
{
    public BlockEventKind Kind;

    /// <summary>Its place: <see cref="Before"/> or <see cref="After"/> that of a packet.</summary>
    public int Order;

    /// <summary>Whose shard it concerns; of a tick every worker.</summary>
    public int Worker;
    public long TickNs;
    public KeyedPacket Packet;

    /// <summary>The place of what comes before a packet.</summary>
    public static int Before(int position) => position * 2;

    /// <summary>The place of a packet, and of what comes with it or after it.</summary>
    public static int After(int position) => (position * 2) + 1;
}

/// <summary>A record that left a shard, and its place in the stream.</summary>
internal struct ExportedBiflow
{
    /// <summary>The place (<see cref="BlockEvent.Order"/>) of what made it leave.</summary>
    public int Order;
    public BiflowRecord Record;
}
