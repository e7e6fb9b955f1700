using EdgeSensors.Metering.Detect;

namespace EdgeSensors.EdgeAgent.Report;

/// <summary>What a reporter is told once.</summary>
/// <param name="Window">One report's span.</param>
/// <param name="MaxFlows">Most flows held at a time.</param>
/// <param name="Detectors">Thresholds.</param>
/// <param name="Live">The input is an interface: windows go by the wall clock, even empty ones, and what cannot be stored is dropped and counted. Else it is a file, which waits.</param>
internal sealed record ReporterOptions(TimeSpan Window, int MaxFlows, DetectorOptions Detectors, bool Live);
