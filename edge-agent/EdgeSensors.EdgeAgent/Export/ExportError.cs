namespace EdgeSensors.EdgeAgent.Export;

/// <summary>Why nothing can be exported.</summary>
/// <param name="Kind">For programs: <c>resolve</c>, <c>connect</c>, <c>tls</c> or <c>output</c>.</param>
/// <param name="Message">For people: what happened and what to do, one line.</param>
internal sealed record ExportError(string Kind, string Message);
