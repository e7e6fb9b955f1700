using System.Diagnostics;

namespace EdgeSensors.FieldTest.Reporting;

/// <summary>What a run cost this machine, apart from its result: <c>timing.json</c> differs from run to run, <c>result.json</c> of an emulated world does not.</summary>
/// <param name="Began">By the machine's clock.</param>
/// <param name="Took">On the machine.</param>
/// <param name="Processor">Processor time of this process, all threads, without the programs that it started.</param>
/// <param name="PeakMemory">Its largest resident set, octets.</param>
internal sealed record RunTiming(DateTimeOffset Began, TimeSpan Took, TimeSpan Processor, long PeakMemory)
{
    /// <summary>What it cost from a moment until now.</summary>
    /// <param name="began">By the machine's clock.</param>
    /// <param name="now">Likewise.</param>
    public static RunTiming Since(DateTimeOffset began, DateTimeOffset now)
    {
        using var process = Process.GetCurrentProcess();
        return new(began, now - began, process.TotalProcessorTime, process.PeakWorkingSet64);
    }
}
