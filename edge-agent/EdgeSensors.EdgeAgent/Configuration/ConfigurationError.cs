namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>What is wrong with the configuration: one line with its file and line, and what to do.</summary>
/// <param name="Message">The line.</param>
internal sealed record ConfigurationError(string Message);
