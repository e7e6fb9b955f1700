namespace EdgeSensors.Hub.Correlate;

/// <summary>What correlation says.</summary>
internal static partial class CorrelateLog
{
    [LoggerMessage(20, LogLevel.Error, "Alerts and receipts wait: {Reason}; tried again every second")]
    public static partial void CorrelationFailed(this ILogger logger, Exception exception, string reason);
}
