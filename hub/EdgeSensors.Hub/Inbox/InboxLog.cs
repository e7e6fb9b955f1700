
namespace EdgeSensors.Hub.Inbox;

/// <summary>What broker and commit say. Names of sensors, never an address.</summary>
internal static partial class InboxLog
{
    [LoggerMessage(1, LogLevel.Error, "Commits stand still: {Reason}. Nothing is acknowledged until there is room; free space on the disk of the inbox")]
    public static partial void CommitStopped(this ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Commits go on after {Attempts} attempts")]
    public static partial void CommitGoesOn(this ILogger logger, int attempts);

    [LoggerMessage(3, LogLevel.Information, "{Sensor} connected")]
    public static partial void Connected(this ILogger logger, string sensor);

    [LoggerMessage(4, LogLevel.Information, "{Sensor} disconnected")]
    public static partial void Disconnected(this ILogger logger, string sensor);

    [LoggerMessage(5, LogLevel.Warning, "{Client} refused: {Reason}")]
    public static partial void Refused(this ILogger logger, string client, string reason);

    [LoggerMessage(6, LogLevel.Warning, "{Sensor} sent a {Channel} that is none ({Reason}); kept apart and acknowledged")]
    public static partial void Rejected(this ILogger logger, string sensor, string channel, string reason);

    [LoggerMessage(7, LogLevel.Warning, "{Sensor} dropped {Messages} messages: their numbers never came")]
    public static partial void GivenUp(this ILogger logger, string sensor, long messages);

    [LoggerMessage(8, LogLevel.Debug, "Broker: {Message}")]
    public static partial void Broker(this ILogger logger, Exception? exception, string message);

    [LoggerMessage(9, LogLevel.Error, "{Station} stands still: {Reason}; tried again every second")]
    public static partial void FollowerFailed(this ILogger logger, string station, string reason);

    [LoggerMessage(10, LogLevel.Warning, "{Station} goes on")]
    public static partial void FollowerGoesOn(this ILogger logger, string station);
}
