using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Link;

/// <summary>What the link says; each change of state once, not each try.</summary>
internal static partial class LinkLog
{
    [LoggerMessage(10, LogLevel.Information, "connected to the hub at {Host}:{Port}")]
    public static partial void Connected(ILogger logger, string host, int port);

    [LoggerMessage(11, LogLevel.Warning, "hub {Host}:{Port} not reached: {Reason}; reports wait on disk, trying again")]
    public static partial void Unreachable(ILogger logger, string host, int port, string reason);

    [LoggerMessage(12, LogLevel.Warning, "connection to the hub lost: {Reason}; trying again")]
    public static partial void Lost(ILogger logger, string reason);

    [LoggerMessage(13, LogLevel.Warning, "the hub acknowledges nothing; sending again from the oldest message that waits")]
    public static partial void Resending(ILogger logger);
}
