namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>Why exports cannot be listened for.</summary>
/// <param name="Message">One line: what happened and what to do.</param>
public sealed record ListenError(string Message);
