using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Report;

/// <summary>What metering and reporting say. Never an address.</summary>
internal static partial class ReportLog
{
    [LoggerMessage(20, LogLevel.Information, "alert {Detector} {Technique}, confidence {Confidence}")]
    public static partial void Alert(ILogger logger, string detector, string technique, int confidence);

    [LoggerMessage(21, LogLevel.Warning, "the disk is full or failing: {What} until there is room; make some")]
    public static partial void DiskFailed(ILogger logger, string what);

    [LoggerMessage(22, LogLevel.Information, "the disk takes messages again")]
    public static partial void DiskWorks(ILogger logger);

    [LoggerMessage(23, LogLevel.Information, "authorisation {Id} in force: level {Level}")]
    public static partial void InForce(ILogger logger, string id, string level);

    [LoggerMessage(24, LogLevel.Warning, "no authorisation in force: only health is reported")]
    public static partial void NoneInForce(ILogger logger);

    [LoggerMessage(25, LogLevel.Information, "resuming the capture: {Windows} windows were committed before")]
    public static partial void Resuming(ILogger logger, long windows);

    [LoggerMessage(26, LogLevel.Warning, "input: {Message}")]
    public static partial void InputTrouble(ILogger logger, string message);

    [LoggerMessage(27, LogLevel.Information, "input: the interface is there again")]
    public static partial void InputWorks(ILogger logger);

    [LoggerMessage(28, LogLevel.Warning, "input: the ring was full {Times} times and frames were dropped; the report says how many. Lighten the load or use more workers")]
    public static partial void RingFull(ILogger logger, long times);
}
