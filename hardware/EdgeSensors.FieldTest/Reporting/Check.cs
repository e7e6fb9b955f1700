namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Something that must hold for a run to pass.</summary>
/// <param name="Step">The step of the scenario it belongs to, or a short sentence.</param>
/// <param name="Expected">What should be seen.</param>
/// <param name="Seen">What was.</param>
/// <param name="Held">Whether that is as expected.</param>
/// <param name="LookAt">Where to look when it is not: a log beside the result, a series, a moment.</param>
internal sealed record Check(string Step, string Expected, string Seen, bool Held, string LookAt);
