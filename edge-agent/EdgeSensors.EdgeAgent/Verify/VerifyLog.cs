using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>What verification and enforcement say.</summary>
internal static partial class VerifyLog
{
    [LoggerMessage(30, LogLevel.Information, "verified updates: timestamp {Version}, rules revision {Revision}")]
    public static partial void Verified(ILogger logger, long version, long? revision);

    [LoggerMessage(31, LogLevel.Warning, "updates refused: {Reason}")]
    public static partial void Refused(ILogger logger, string reason);

    [LoggerMessage(32, LogLevel.Warning, "{Target} is not used: {Reason}")]
    public static partial void DocumentRefused(ILogger logger, string target, string reason);

    [LoggerMessage(33, LogLevel.Warning, "enforcement failed: {Reason}")]
    public static partial void EnforcementFailed(ILogger logger, string reason);

    [LoggerMessage(34, LogLevel.Information, "rule {Rule}: {State} {Reason}")]
    public static partial void Rule(ILogger logger, string rule, string state, string reason);

    [LoggerMessage(35, LogLevel.Warning, "what should be in force was changed from outside; putting it back")]
    public static partial void Tampered(ILogger logger);

    [LoggerMessage(36, LogLevel.Warning, "lists or the authorisation are as they were before, until the newest can be brought: {Reason}")]
    public static partial void NotBrought(ILogger logger, string reason);

    [LoggerMessage(37, LogLevel.Warning, "updates are followed but cannot be stored ({Reason}): they hold until this agent ends, and its next start enforces nothing new before the hub has answered. Make room in the state directory")]
    public static partial void NotStored(ILogger logger, string reason);

    [LoggerMessage(38, LogLevel.Information, "updates are stored again")]
    public static partial void StoredAgain(ILogger logger);
}
