namespace EdgeSensors.Metering.Capture.Live;

/// <summary>How an interface is captured.</summary>
public sealed record LiveCaptureOptions
{
    /// <summary>Whether frames for other stations are taken too, as on a mirror port (IFF_PROMISC while the capture is open). Default true.</summary>
    public bool Promiscuous { get; init; } = true;

    /// <summary>How many rings the packets are divided over, each for a reader of its own; 1 to 64. Default 1.</summary>
    public int Rings { get; init; } = 1;

    /// <summary>Whether to follow headers no further than classic BPF can, as where eBPF is not allowed. Default false.</summary>
    public bool OutermostOnly { get; init; }

    /// <summary>The rings' size together in octets, each rounded up to whole blocks and 1 MiB; between 1 MiB and 1 GiB. Default 32 MiB, about 200,000 headers.</summary>
    public int RingOctets { get; init; } = 32 << 20;

    /// <summary>A block's size in octets: a power of two from 64 KiB to 4 MiB. A block is handed over when full or when it is <see cref="BlockTimeoutMs"/> old. Default 512 KiB.</summary>
    public int BlockOctets { get; init; } = 512 << 10;

    /// <summary>How long, in milliseconds (1 to 1,000), the kernel keeps a block that is not full: the most that a quiet line delays a packet. Default 50.</summary>
    public int BlockTimeoutMs { get; init; } = 50;

    /// <summary>How long, in milliseconds (0 to 60,000), a read waits on a quiet line before it says <see cref="PacketRead.Idle"/>. Default 100.</summary>
    public int WaitMs { get; init; } = 100;
}
