using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.EdgeAgent.Input;

/// <summary>Packets of one ring, decoded, on their way from the ring's thread to the reporter's. Used over and over.</summary>
internal sealed class HeaderBatch
{
    /// <summary>Few enough to stay in a core's cache until they are taken.</summary>
    public const int Capacity = 128;

    private readonly DecodeStatus[] _statuses = new DecodeStatus[Capacity];
    private readonly PacketHeader[] _headers = new PacketHeader[Capacity];
    private readonly PacketHeader[] _quoted = new PacketHeader[Capacity];

    /// <summary>Packets in it.</summary>
    public int Count { get; private set; }

    /// <summary>Whether there is room for no more.</summary>
    public bool IsFull => Count == Capacity;

    /// <summary>Decodes one more packet into it.</summary>
    public void Add(ref readonly CapturedPacket packet)
    {
        ref var header = ref _headers[Count];
        _statuses[Count] = FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out header);
        if (header.QuotedOffset != 0 && !FrameDecoder.TryDecodeQuoted(packet.Data, in header, out _quoted[Count]))
        {
            header.QuotedOffset = 0;
        }

        Count++;
    }

    /// <summary>What became of a packet.</summary>
    public DecodeStatus Status(int index) => _statuses[index];

    /// <summary>A packet.</summary>
    public ref readonly PacketHeader Header(int index) => ref _headers[index];

    /// <summary>The packet that an ICMP error quotes; to be looked at only where its <see cref="PacketHeader.QuotedOffset"/> is not 0.</summary>
    public ref readonly PacketHeader Quoted(int index) => ref _quoted[index];

    /// <summary>Empties it.</summary>
    public void Clear() => Count = 0;
}
