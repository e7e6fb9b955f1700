namespace EdgeSensors.Hub.Sign;

/// <summary>What publishing says.</summary>
internal static partial class SignLog
{
    [LoggerMessage(40, LogLevel.Error, "What is decided cannot be published: {Reason}. Tried again every second")]
    public static partial void PublishFailed(this ILogger logger, string reason);

    [LoggerMessage(41, LogLevel.Information, "Published rule set {Revision} with {Rules} rules as timestamp {Timestamp} in {Milliseconds:0} ms")]
    public static partial void Published(this ILogger logger, long revision, int rules, long timestamp, double milliseconds);

    [LoggerMessage(42, LogLevel.Warning, "A signed document is left out: {Fault}")]
    public static partial void DocumentLeftOut(this ILogger logger, string fault);

    [LoggerMessage(43, LogLevel.Error, "The repository cannot be read: {Reason}")]
    public static partial void RepositoryUnreadable(this ILogger logger, string reason);

    [LoggerMessage(44, LogLevel.Error, "Signatures cannot be renewed: {Reason}")]
    public static partial void RenewalFailed(this ILogger logger, string reason);

    [LoggerMessage(45, LogLevel.Warning, "{What} expires {When}, at {Expires:u}, and the hub cannot renew it by itself; see to it before: {How}")]
    public static partial void Expires(this ILogger logger, string what, DateTimeOffset expires, string when, string how);

    [LoggerMessage(47, LogLevel.Error, "The online keys stay as they were: {Reason}")]
    public static partial void KeysStay(this ILogger logger, string reason);

    [LoggerMessage(48, LogLevel.Error, "Mitigation {Id} is ended: {Reason}")]
    public static partial void RuleGivenUp(this ILogger logger, string id, string reason);

    [LoggerMessage(49, LogLevel.Error, "Mitigation {Id} cannot be read, so it is not in force: {Reason}")]
    public static partial void MitigationUnreadable(this ILogger logger, string id, string reason);

    [LoggerMessage(46, LogLevel.Information, "The repository was changed from outside")]
    public static partial void ChangedOutside(this ILogger logger);
}
