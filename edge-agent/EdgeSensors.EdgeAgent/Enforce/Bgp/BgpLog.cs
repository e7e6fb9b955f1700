using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>What is said of routes; never their addresses.</summary>
internal static partial class BgpLog
{
    [LoggerMessage(40, LogLevel.Information, "watching {Path}: routes are withdrawn when it stays unchanged for {Seconds} s")]
    public static partial void Watching(ILogger logger, string path, double seconds);

    [LoggerMessage(41, LogLevel.Warning, "withdrew {Count} routes: {Reason}")]
    public static partial void Withdrawn(ILogger logger, int count, string reason);

    [LoggerMessage(42, LogLevel.Error, "routes could not be withdrawn: {Reason}")]
    public static partial void NotWithdrawn(ILogger logger, string reason);

    [LoggerMessage(43, LogLevel.Error, "no heartbeat for the watchdog: {Reason}; correct bgp.heartbeat or its folder's permissions")]
    public static partial void NoHeartbeat(ILogger logger, string reason);
}
