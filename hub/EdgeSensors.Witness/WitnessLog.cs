namespace EdgeSensors.Witness;

/// <summary>What the witness says.</summary>
internal static partial class WitnessLog
{
    [LoggerMessage(1, LogLevel.Critical, "ALARM: log {Origin}: {What}; nothing was cosigned")]
    public static partial void Refused(ILogger logger, string origin, string what);

    [LoggerMessage(2, LogLevel.Critical, "ALARM: log {Origin}: {What}")]
    public static partial void Alarm(ILogger logger, string origin, string what);

    [LoggerMessage(3, LogLevel.Warning, "Log {Origin} cannot be read: {Reason}; tried again")]
    public static partial void CannotRead(ILogger logger, string origin, string reason);

    [LoggerMessage(4, LogLevel.Information, "Log {Origin}: cosigned {Size} entries")]
    public static partial void Cosigned(ILogger logger, string origin, long size);
}
