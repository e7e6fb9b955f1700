namespace EdgeSensors.FieldTest.Reporting;

/// <summary>What a run cost this machine, apart from its result: <c>timing.json</c> differs from run to run, <c>result.json</c> of an emulated world does not.</summary>
/// <param name="Began">By the machine's clock.</param>
/// <param name="Took">On the machine.</param>
/// <param name="Processor">Processor time of this process, all threads.</param>
/// <param name="PeakMemory">Its largest resident set, octets.</param>
internal sealed record RunTiming(DateTimeOffset Began, TimeSpan Took, TimeSpan Processor, long PeakMemory);
