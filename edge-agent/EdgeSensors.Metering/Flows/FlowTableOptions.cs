namespace EdgeSensors.Metering.Flows;

/// <summary>How a <see cref="FlowTable"/> divides traffic into biflows.</summary>
public sealed record FlowTableOptions
{
    /// <summary>A flow without a packet for this long ends. Default 60 s.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A flow that goes on for this long is exported and continued in a new record. Default 300 s.</summary>
    public TimeSpan ActiveTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>A closed TCP connection (FIN from both sides, or RST) ends when it has been silent for this long; later packets begin a new flow. Default 5 s.</summary>
    public TimeSpan ClosedTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Most flows at a time; one more makes the longest-silent of a few candidates leave (<see cref="FlowEndReason.LackOfResources"/>). Default 1,048,576, about 200 MiB when full.</summary>
    public int MaxFlows { get; init; } = 1 << 20;

    /// <summary>Whether packets of different VLANs, or of different VXLAN, Geneve or NVGRE networks, belong to different flows. Default true: address plans overlap between them.</summary>
    public bool SeparateVlans { get; init; } = true;

    /// <summary>Keys the hash, so that nobody outside can choose addresses that collide. Default random.</summary>
    public ulong HashSeed { get; init; } = BitConverter.ToUInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));

    /// <summary>Whether to keep a <see cref="BiflowDetail"/> of each flow: some 230 octets more. Default false, which costs nothing.</summary>
    public bool Detail { get; init; }
}
