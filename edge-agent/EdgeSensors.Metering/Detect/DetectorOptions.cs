namespace EdgeSensors.Metering.Detect;

/// <summary>When a detector speaks, and how much it may remember.</summary>
public sealed record DetectorOptions
{
    /// <summary>A source whose failed attempts reach this many distinct addresses within <see cref="FanOutSpan"/> scans. Default 20.</summary>
    public int FanOutAddresses { get; init; } = 20;

    /// <summary>A source whose failed attempts reach this many distinct ports (of one address or of several) within <see cref="FanOutSpan"/> scans. Default 20.</summary>
    public int FanOutPorts { get; init; } = 20;

    /// <summary>The span over which attempts are counted. Default 5 minutes.</summary>
    public TimeSpan FanOutSpan { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Packets a second to one address, beyond what is answered, that make a flood. Default 500.</summary>
    public int FloodPacketsPerSecond { get; init; } = 500;

    /// <summary>Sources, and destinations, watched at a time; one more makes the least active leave, which is counted. Default 4,096.</summary>
    public int MaxSubjects { get; init; } = 4096;
}
