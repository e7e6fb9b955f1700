using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Run;

/// <summary>What a run says of itself.</summary>
internal static partial class RunLog
{
    [LoggerMessage(1, LogLevel.Information, "ready: {Sensor} meters {Input}, enforcement {Enforcer}")]
    public static partial void Ready(ILogger logger, string sensor, string input, string enforcer);

    [LoggerMessage(2, LogLevel.Warning, "rules are only observed: {Limitation}")]
    public static partial void ObserveOnly(ILogger logger, string limitation);

    [LoggerMessage(3, LogLevel.Information, "the capture is read: {Frames} frames; waiting for the hub to commit what they gave")]
    public static partial void CaptureRead(ILogger logger, long frames);

    [LoggerMessage(4, LogLevel.Information, "done: the hub has committed everything")]
    public static partial void Done(ILogger logger);

    [LoggerMessage(5, LogLevel.Information, "stopped; {Messages} messages wait for the hub")]
    public static partial void Stopped(ILogger logger, ulong messages);

    [LoggerMessage(6, LogLevel.Warning, "the capture waits: the hub has never been reached, so it is not known what may be reported")]
    public static partial void CaptureWaits(ILogger logger);

    [LoggerMessage(7, LogLevel.Warning, "tunnels are metered by their outer headers only: {Limitation}")]
    public static partial void OuterHeadersOnly(ILogger logger, string limitation);

    [LoggerMessage(8, LogLevel.Warning, "nothing is dropped at the interface (XDP), nftables enforces alone: {Limitation}")]
    public static partial void NoXdp(ILogger logger, string limitation);

    [LoggerMessage(9, LogLevel.Warning, "what a former run may have left in the nftables table {Table} cannot be taken away and ends by itself: {Error}")]
    public static partial void LeftBehind(ILogger logger, string table, string error);

    [LoggerMessage(10, LogLevel.Warning, "it cannot be noted whether this agent enforces by the nftables table {Table}: what is there may stay to its own end when the owner's limits change: {Error}")]
    public static partial void NotNoted(ILogger logger, string table, string error);

    [LoggerMessage(11, LogLevel.Warning, "another agent that enforces here would not be noticed: {Limitation}")]
    public static partial void AnotherUnnoticed(ILogger logger, string limitation);

    [LoggerMessage(12, LogLevel.Information, "another agent enforces here; waiting a few seconds for it to end")]
    public static partial void WaitsForAnother(ILogger logger);
}
