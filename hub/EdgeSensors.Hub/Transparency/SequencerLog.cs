namespace EdgeSensors.Hub.Transparency;

/// <summary>What logging says.</summary>
internal static partial class SequencerLog
{
    [LoggerMessage(60, LogLevel.Information, "{File} is proved: entry {Index} of {Size}")]
    public static partial void Proved(ILogger logger, string file, long index, long size);
}
