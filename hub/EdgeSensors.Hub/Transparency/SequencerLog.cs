namespace EdgeSensors.Hub.Transparency;

/// <summary>What logging says.</summary>
internal static partial class SequencerLog
{
    [LoggerMessage(60, LogLevel.Information, "{File} is proved: entry {Index} of {Size}")]
    public static partial void Proved(ILogger logger, string file, long index, long size);

    [LoggerMessage(61, LogLevel.Error, "Row {Id} of the audit cannot be read, and the transparency log says so in its place: {Reason}")]
    public static partial void AuditUnreadable(ILogger logger, long id, string reason);
}
